"""A market in which hardly anybody trades, on an exchange whose stream then says nothing but heartbeats."""

import asyncio

import pytest
from ccxt.base.exchange import Exchange
from tests.loopback.clock import PatientClock
from tests.loopback.server import Loopback
from tests.loopback.sources import walk

from papertape.contract.feed import Block, Standpoint
from papertape.feeds.exchange.assembly import Assembly
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.following import Following

BEGAN = 1_700_000_000_000 // 3_600_000 * 3_600_000
MINUTE = 60_000


def test_heartbeats_keep_a_quiet_stream_alive_and_no_candle_is_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    blocks: list[Block] = []

    async def follow() -> None:
        clock = PatientClock(BEGAN, 300)
        async with Loopback(walk(["BTC/USD"], BEGAN, count=60, seed=3, quiet=0.9), clock, "kraken") as exchange:
            client = Client("kraken", exchange.ccxt_options(), clock)
            # By this ccxt says how long ago a frame came: on a machine that stalls it is as patient as the clock.
            for one in (Exchange, client.ccxt):
                monkeypatch.setattr(one, "milliseconds", lambda: int(clock.machine() * 1000))
            await client.connect(["BTC/USD"], "1m")
            assembly = Assembly("kraken", ["BTC/USD"], "1m", 20_000, 10 * MINUTE, BEGAN, 0, Standpoint(BEGAN))
            following = Following(client, assembly, ["BTC/USD"], {}, blocks.append, told.append)
            running = asyncio.create_task(following.run())
            while assembly.done < BEGAN + 20 * MINUTE:
                await asyncio.sleep(0.05)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await client.close()
            opened.append(exchange.sockets_opened)

    opened: list[int] = []
    asyncio.run(asyncio.wait_for(follow(), 120))
    assert (told, opened) == ([], [1])
    assert blocks, "some minutes had trades"
