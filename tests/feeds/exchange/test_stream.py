"""The websocket side: whatever becomes of a watch, the stream is opened again, and who listens is told why."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from tests.loopback.clock import PatientClock

from papertape import Row
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.stream import Stream

BEGAN = 1_700_000_040_000
MINUTE = 60_000
Watch = Callable[[int], Awaitable[Any]]
"""What the exchange says when it is listened to for the n-th time; the far end of the wire."""


class Heard:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.closes: list[int] = []
        self.maybe = 0
        self.reasons: list[str] = []

    def closed(self, symbol: str, row: Row) -> None:
        self.closes.append(row[0])

    def maybe_closed(self, symbol: str, by: int) -> None:
        self.maybe += 1

    def built(self, symbol: str, row: Row) -> None:
        self.closes.append(row[0])

    def interrupted(self, reason: str) -> None:
        self.reasons.append(reason)


def listened(
    watch: Watch, has: Mapping[str, bool], until: Callable[[Heard], bool], speed: float = 1_000.0, jump: int = 0
) -> Heard:
    """What is heard of an exchange that says no candle is closed, until enough is. `jump`: ms by which its clock goes
    wrong once it is listened to."""
    heard = Heard()

    async def run() -> None:
        client = Client("kraken", {}, PatientClock(BEGAN, speed))
        asked = 0

        async def watching(*_: Any) -> Any:
            nonlocal asked
            asked += 1
            client.offset = jump
            return await watch(asked - 1)

        client.ccxt.has = has
        client.ccxt.watch_ohlcv = client.ccxt.watch_trades = watching
        stream = asyncio.create_task(Stream(client, ["BTC/USD"], "1m", heard).run())
        try:
            async with asyncio.timeout(120):
                while not until(heard) and not stream.done():
                    await asyncio.sleep(0.005)
            assert not stream.done(), "it never ends"
        finally:
            stream.cancel()
            await asyncio.gather(stream, return_exceptions=True)
            await client.close()

    asyncio.run(run())
    return heard


CANDLES = {"watchOHLCV": True}


async def for_ever() -> None:
    await asyncio.Event().wait()


def test_the_beginning_of_the_next_candle_is_a_sign_and_an_older_one_is_none() -> None:
    async def watch(asked: int) -> Any:
        if asked == 4:
            await for_ever()
        return [[BEGAN + minute * MINUTE, 1, 1, 1, 1, 1] for minute in ([0], [0], [0, 1], [0])[asked]]

    assert listened(watch, CANDLES, lambda heard: bool(heard.reasons)).maybe == 1


def test_a_watch_that_fails_is_begun_again() -> None:
    async def watch(asked: int) -> Any:
        raise ConnectionError(f"failure {asked}")

    heard = listened(watch, CANDLES, lambda heard: len(heard.reasons) >= 3)
    assert heard.reasons[:3] == ["failure 0", "failure 1", "failure 2"]


def test_a_watch_that_is_given_up_is_begun_again() -> None:
    async def watch(asked: int) -> Any:
        asyncio.current_task().cancel()  # type: ignore[union-attr]
        await for_ever()

    heard = listened(watch, CANDLES, lambda heard: len(heard.reasons) >= 2)
    assert heard.reasons[:2] == ["it was given up"] * 2


@pytest.mark.parametrize("jump", (0, -86_400_000))
def test_a_stream_without_a_word_is_dead_after_half_a_minute_whatever_the_exchange_says_the_time_is(jump: int) -> None:
    async def watch(asked: int) -> Any:
        await for_ever()

    heard = listened(watch, CANDLES, lambda heard: len(heard.reasons) >= 2, jump=jump)
    assert set(heard.reasons) == {"the stream has been silent for 30 s"}


def test_where_there_are_no_candles_they_are_made_of_trades() -> None:
    async def watch(asked: int) -> Any:
        if asked >= 40:
            await for_ever()
        await asyncio.sleep(0)
        return [{"timestamp": BEGAN + asked * MINUTE // 10, "price": 1.0, "amount": 1.0}]

    heard = listened(watch, {"watchTrades": True}, lambda heard: bool(heard.reasons))
    assert heard.closes == [BEGAN + MINUTE, BEGAN + 2 * MINUTE], "the first may have begun before"
