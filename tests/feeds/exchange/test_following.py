"""Asking an exchange for candles: what its answers say, and what they do not."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from papertape import Row
from papertape.contract.feed import Standpoint
from papertape.feeds.exchange.assembly import Assembly
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.clock import Clock
from papertape.feeds.exchange.following import PATIENCE, ask

MINUTE = 60_000
NOW = 3_000 * MINUTE + 20_000


class Stopped(Clock):
    """A clock that shows what it is set to."""

    def __init__(self, time: int) -> None:
        self.time = time

    def now(self) -> int:
        return self.time


class Answering:
    """The far end of the wire: an exchange with candles of these minutes, that gives `page` of them at most, and with
    `window` looks no further than so many minutes. The last one is forming."""

    def __init__(self, minutes: Sequence[int], page: int, window: int | None = None) -> None:
        self.minutes, self.page, self.window = minutes, page, window
        self.asked = 0

    async def fetch_ohlcv(self, symbol: str, timeframe: str, since: int, limit: int) -> list[list[Any]]:
        self.asked += 1
        end = self.minutes[-1] + 1 if self.window is None else since // MINUTE + self.window
        found = [minute for minute in self.minutes if since <= minute * MINUTE and minute < end]
        return [[minute * MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0] for minute in found[: self.page]]


def caught_up(exchange: str, answering: Answering, done: int, offset: int = 0) -> tuple[list[int], int, set[str]]:
    """Asks until nothing more comes, for what opened from minute `done` on; gives the minutes of the candles, from when
    on nothing is known, and what was noted."""
    assembly = Assembly(exchange, ("A",), "1m", 0, 10**12, 0, 0, Standpoint(done * MINUTE))

    async def run() -> None:
        client = Client(exchange, {}, Stopped(NOW))
        client.offset = offset
        client.ccxt.fetch_ohlcv = answering.fetch_ohlcv
        try:
            known = -1
            while assembly.known("A") > known:
                known = assembly.known("A")
                await ask(client, assembly, "A", known)
        finally:
            await client.close()

    asyncio.run(run())
    block = assembly.batches(NOW)
    assert block is not None
    rows: list[Row | None] = [row for (row,) in block.rows]
    minutes = [row[0] // MINUTE for row in rows if row is not None]
    return minutes, assembly.known("A"), {note.kind for note in block.notes}


@pytest.mark.parametrize("exchange", ["binance", "coinbase"])
def test_after_a_long_time_away_all_pages_are_had(exchange: str) -> None:
    found, known, _ = caught_up(exchange, Answering(range(3_001), 300), done=10)
    assert found == list(range(10, 3_000))
    assert known == 3_000 * MINUTE, "the last one is forming"


def test_candles_behind_a_long_quiet_time_are_found_where_an_exchange_looks_no_further_than_a_page() -> None:
    found, _, _ = caught_up("coinbase", Answering([*range(20), *range(2_900, 3_001)], 300, window=300), done=10)
    assert found == [*range(10, 20), *range(2_900, 3_000)]


def test_silence_counts_once_it_has_lasted_and_not_before() -> None:
    found, known, _ = caught_up("coinbase", Answering(range(2_990), 300), done=2_980)
    assert found == list(range(2_980, 2_990))
    assert known == (NOW - PATIENCE) // MINUTE * MINUTE == 2_999 * MINUTE


@pytest.mark.parametrize("offset", [3_600_000, -3_600_000])
def test_a_wrong_clock_alone_makes_no_silence(offset: int) -> None:
    _, known, _ = caught_up("coinbase", Answering(range(2_990), 300), done=2_980, offset=offset)
    assert known <= 2_999 * MINUTE


def test_where_rest_always_ends_with_the_candle_that_is_forming_silence_is_never_taken_for_quiet() -> None:
    found, known, _ = caught_up("binance", Answering(range(2_990), 300), done=2_980)
    assert found == list(range(2_980, 2_989))
    assert known == 2_989 * MINUTE


def test_what_the_exchange_has_no_more_is_lost_and_said() -> None:
    found, _, noted = caught_up("kraken", Answering(range(2_281, 3_001), 720), done=10)
    assert found == list(range(2_281, 3_000))
    assert "lost" in noted
