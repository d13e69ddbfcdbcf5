"""What a live session warms up on: no candle cut in two, each timeframe as the exchange has it, whatever fails."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loopback.clock import PatientClock
from tests.loopback.faults import Fault, Kind
from tests.loopback.server import Loopback
from tests.loopback.sources import walk

from papertape.contract.feed import Block, Standpoint
from papertape.feeds.exchange.assembly import Assembly
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.warming import beginning, warm_up
from papertape.market.timeframe import TIMEFRAMES, align, period

BEGAN = 1_700_000_000_000 // 3_600_000 * 3_600_000
MINUTE = 60_000


@given(
    st.integers(min_value=0, max_value=2**41),
    st.dictionaries(st.sampled_from(TIMEFRAMES[5:]), st.integers(1, 500), min_size=1).map(
        lambda each: {"1m": 9} | each
    ),
)
def test_no_candle_of_any_timeframe_is_cut_in_two(now: int, lookbacks: dict[str, int]) -> None:
    closed = align(now, "1m")
    began = beginning(closed, "1m", lookbacks)
    assert all(align(began, timeframe) == began for timeframe in lookbacks)
    assert (closed - began) // period("1m") >= lookbacks["1m"]


def warmed(lookbacks: Mapping[str, int], kind: Kind | None = None) -> Block:
    """What a session that begins at BEGAN warms up on; a fault strikes the first answers."""

    async def fetch() -> Block:
        clock = PatientClock(BEGAN, 120)
        async with Loopback(walk(["BTC/USDT"], BEGAN, count=30, history=600, seed=3), clock, "binance") as exchange:
            client = Client("binance", exchange.ccxt_options(), clock)
            await client.connect(["BTC/USDT"], "1m")
            now = clock.now()
            if kind is not None:
                exchange.faults = (Fault(kind, now, now + 4_000, where="rest", amount=503),)
            closed = align(now, "1m")
            began = beginning(closed, "1m", lookbacks)
            assembly = Assembly("binance", ["BTC/USDT"], "1m", 5_000, MINUTE, began, closed, Standpoint())
            try:
                return await warm_up(client, assembly, ["BTC/USDT"], lookbacks)
            finally:
                await client.close()

    return asyncio.run(asyncio.wait_for(fetch(), 120))


@pytest.mark.parametrize("kind", [None, "unavailable", "bad json", "cut"])
def test_answers_that_fail_at_first_are_asked_for_again(kind: Kind | None) -> None:
    block = warmed({"1m": 30, "15m": 8}, kind)
    assert block.times[-1] >= BEGAN and len(block.times) >= 30
    ((_, history),) = block.events
    assert [row[0] for row in history["rows"]] == [
        block.times[0] - MINUTE - 15 * MINUTE * before for before in range(8, 0, -1)
    ]
