"""History out of an exchange: all that it has, each candle once, whatever happens on the way."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.loopback.clock import PatientClock, StoppableClock
from tests.loopback.faults import Fault, Kind
from tests.loopback.server import LoopbackThread, ProtocolName
from tests.loopback.sources import walk

from papertape.contract.errors import CandleFileError, FeedUnreachable, InvalidValue
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.clock import Clock
from papertape.feeds.exchange.history import GIVE_UP, SETTLED, Missing, Outcome, fetch
from papertape.store.candle_files import read_columns
from papertape.store.candle_names import CandleName
from papertape.store.incoming import Absent, absent, incoming
from papertape.store.local_store import sole_writer
from papertape.store.silence import silence_file

MINUTE = 60_000
BEGAN = 1_700_000_000_000 // 3_600_000 * 3_600_000
SYMBOLS = ("BTC/USDT", "ETH/USDT")
ASKED: dict[str, str] = {"binance": "/api/v3/klines", "kraken": "/0/public/OHLC"}
WHOLE: dict[str, int] = {"binance": 2_500, "kraken": 700}
"""Candles of history that an exchange gives in full: Kraken has the newest 720 alone."""
STRIKES = BEGAN + 60_000
"""When faults begin."""


@contextmanager
def exchange(
    protocol: ProtocolName = "binance", faults: Sequence[Fault] = (), now: int = 20_000,
    clock: StoppableClock | None = None,
) -> Iterator[LoopbackThread]:  # fmt: skip
    """An exchange whose clock stands still, `now` ms after `BEGAN`."""
    clock = clock or PatientClock(BEGAN, 600.0)
    clock.freeze()
    clock.set(BEGAN + now)
    truth = walk(SYMBOLS, BEGAN, 120, history=WHOLE[protocol], seed=3, quiet=0.1)
    with LoopbackThread(truth, clock, protocol, faults) as running:
        yield running


def fetched(
    market: LoopbackThread, folder: Path, symbols: Sequence[str] = SYMBOLS, start: int = 0, end: int | None = BEGAN,
    protocol: ProtocolName = "binance", timeframe: str = "1m", ask_again: bool = False,
) -> Outcome:  # fmt: skip
    """What a fetch of the market comes to; `start`: candles of history that are left out."""

    async def run() -> Outcome:
        client = Client(protocol, market.ccxt_options(), market.clock)
        began = market.truth.began + start * MINUTE
        try:
            return await fetch(
                client, folder, symbols, timeframe, began, end, lambda _: None, lambda *_: None, ask_again=ask_again
            )
        finally:
            await client.close()

    return asyncio.run(run())


def stored(folder: Path, exchange: str, symbol: str = "BTC/USDT", timeframe: str = "1m") -> list[list[float]]:
    """The rows of the store's file, as ccxt would give them."""
    found: list[list[float]] = []
    for piece in read_columns(folder / CandleName(exchange, symbol, timeframe).file_name()):
        found += [list(row) for row in zip(*(column.tolist() for column in piece), strict=True)]
    return found


def truth(
    market: LoopbackThread, symbol: str = "BTC/USDT", end: int = BEGAN, timeframe: str = "1m"
) -> list[list[float]]:
    """What the exchange truly had, closed by `end`."""
    closed = market.truth.closed(symbol, timeframe, market.truth.began, end)
    return [market.truth.markets[symbol].row(candle) for candle in closed]


@pytest.mark.parametrize("protocol", ["binance", "kraken"])
def test_every_closed_candle_comes_into_the_store_and_the_forming_one_does_not(
    protocol: ProtocolName, tmp_path: Path
) -> None:
    with exchange(protocol) as market:
        done = fetched(market, tmp_path, end=None, protocol=protocol)
        for symbol in SYMBOLS:
            assert stored(tmp_path, protocol, symbol) == truth(market, symbol)
    whole = WHOLE[protocol]
    assert [(each.added, each.rows, each.gaps, each.notes) for each in done.fetched] == [(whole, whole, (), ())] * 2
    assert (done.end, done.stopped, done.failed) == (BEGAN, False, None)
    assert done.fetched[0].last_ts == BEGAN - MINUTE


@pytest.mark.parametrize("protocol", ["binance", "kraken"])
def test_what_is_stored_is_not_asked_for_again(protocol: ProtocolName, tmp_path: Path) -> None:
    with exchange(protocol) as market:
        fetched(market, tmp_path, protocol=protocol)
        asked = market.requests[ASKED[protocol]]
        again = fetched(market, tmp_path, protocol=protocol)
        assert market.requests[ASKED[protocol]] == asked
        assert [each.added for each in again.fetched] == [0, 0]


def test_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    with exchange() as market:
        fetched(market, tmp_path, ["BTC/USDT"], start=1_200, end=BEGAN - 1_100 * MINUTE)
        asked = market.requests[ASKED["binance"]]
        done = fetched(market, tmp_path, ["BTC/USDT"])
        assert stored(tmp_path, "binance") == truth(market)
        # A page before, one that reaches over what is stored to what is missing behind it, and one from there.
        assert market.requests[ASKED["binance"]] == asked + 3
    assert done.fetched[0].added == 2_300


def test_it_goes_on_when_time_has_gone_on(tmp_path: Path) -> None:
    with exchange() as market:
        fetched(market, tmp_path, ["BTC/USDT"], end=None)
        assert isinstance(market.clock, StoppableClock)
        market.clock.set(BEGAN + 7 * MINUTE + 1)
        done = fetched(market, tmp_path, ["BTC/USDT"], end=None)
        assert stored(tmp_path, "binance") == truth(market, end=BEGAN + 7 * MINUTE)
    assert done.fetched[0].added == 7


def test_a_higher_timeframe_is_the_exchanges_own(tmp_path: Path) -> None:
    with exchange() as market:
        fetched(market, tmp_path, ["BTC/USDT"], timeframe="15m", end=None)
        assert stored(tmp_path, "binance", timeframe="15m") == truth(market, timeframe="15m")


def test_what_the_exchange_does_not_have_is_a_gap_and_is_asked_for_again_only_if_one_wants(tmp_path: Path) -> None:
    with exchange() as market:
        done = fetched(market, tmp_path, ["BTC/USDT"], start=-5_000)
        (gap,) = done.fetched[0].gaps
        assert gap == Absent(market.truth.began - 5_000 * MINUTE, market.truth.began - MINUTE, 5_000)
        asked = market.requests[ASKED["binance"]]
        again = fetched(market, tmp_path, ["BTC/USDT"], start=-5_000)
        assert market.requests[ASKED["binance"]] == asked
        assert again.fetched[0].gaps == (gap,)
        fetched(market, tmp_path, ["BTC/USDT"], start=-5_000, ask_again=True)
        assert market.requests[ASKED["binance"]] > asked


def test_what_an_exchange_has_no_more_is_said(tmp_path: Path) -> None:
    with exchange("kraken", now=90 * MINUTE) as market:
        done = fetched(market, tmp_path, ["BTC/USDT"], end=None, protocol="kraken")
        assert stored(tmp_path, "kraken") == truth(market, end=BEGAN + 90 * MINUTE)[-719:]
    assert [gap.candles for gap in done.fetched[0].gaps] == [WHOLE["kraken"] + 90 - 719]


FAULTS: tuple[tuple[Kind, int], ...] = (
    ("unavailable", 503), ("limited", 0), ("banned", 0), ("cut", 0), ("bad json", 0), ("bad utf-8", 0), ("slow", 0),
    ("reset", 0), ("refused", 0),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "amount"), FAULTS)
def test_a_fault_on_the_way_is_told_and_outlasted(kind: Kind, amount: int, tmp_path: Path) -> None:
    told: list[str] = []
    fault = Fault(kind, STRIKES, STRIKES + 120_000, where="rest", amount=amount)
    # What is waited for is waited by the machine's clock: with a patient one it would be asked for sooner.
    clock = StoppableClock(BEGAN, 80.0) if kind in ("limited", "banned") else PatientClock(BEGAN, 300.0)
    with exchange(faults=[fault], clock=clock) as market:
        done = struck(market, tmp_path, told)
        assert market.applied[kind] > 0
        assert stored(tmp_path, "binance") == truth(market)
    assert done.failed is None and done.fetched[0].gaps == ()
    assert told and told[0].startswith("BTC/USDT: no candles from 20")
    if kind in ("limited", "banned"):
        assert market.requests[ASKED["binance"]] <= 5, "Retry-After was heeded"


def test_an_exchange_that_does_not_come_back_is_given_up_and_what_came_is_kept(tmp_path: Path) -> None:
    told: list[str] = []
    with exchange() as market:
        fetched(market, tmp_path, ["BTC/USDT"], end=BEGAN - 1_000 * MINUTE)
    with exchange(faults=[Fault("unavailable", STRIKES, STRIKES + 3 * GIVE_UP, where="rest", amount=502)]) as market:
        done = struck(market, tmp_path, told)
        assert stored(tmp_path, "binance") == truth(market, end=BEGAN - 1_000 * MINUTE)
    assert isinstance(done.failed, FeedUnreachable)
    assert "does not answer any more" in str(done.failed) and "the same command goes on" in str(done.failed)
    assert [gap.candles for gap in done.fetched[0].gaps] == [1_000]
    assert len(told) >= 2


def test_an_exchange_that_wants_to_be_left_alone_for_long_is_left_alone_at_once(tmp_path: Path) -> None:
    with exchange(faults=[Fault("banned", STRIKES, STRIKES + 3 * GIVE_UP, where="rest")]) as market:
        done = struck(market, tmp_path, [])
        assert market.requests[ASKED["binance"]] == 1
    assert "wants to be left alone for 17" in str(done.failed)


def struck(market: LoopbackThread, folder: Path, told: list[str]) -> Outcome:
    """A fetch by a client that had no trouble to connect; then the clock goes on, and the faults strike."""

    class Connected(Client):
        async def connect(self, symbols: Sequence[str], timeframe: str) -> None:
            await super().connect(symbols, timeframe)
            assert isinstance(market.clock, StoppableClock)
            market.clock.set(STRIKES + 1_000)
            market.clock.thaw()
            await asyncio.sleep(0.05)

    async def run() -> Outcome:
        client = Connected("binance", market.ccxt_options(), market.clock)
        began = market.truth.began
        try:
            return await fetch(client, folder, ["BTC/USDT"], "1m", began, BEGAN, told.append, lambda *_: None)
        finally:
            await client.close()

    return asyncio.run(run())


QUIET = BEGAN // 86_400_000 * 86_400_000


class Quiet:
    """The far end of the wire: an exchange with a candle at each of some minutes, and nothing at a quiet one. It looks
    `window` minutes far at a time, and says something impossible at minute `bad`."""

    def __init__(self, minutes: Sequence[int], window: int = 300, bad: int | None = None) -> None:
        self.minutes, self.window, self.bad = minutes, window, bad
        self.asked: list[int] = []

    async def fetch_ohlcv(self, symbol: str, timeframe: str, since: int, limit: int) -> list[list[Any]]:
        first = (since - QUIET) // MINUTE
        self.asked.append(first)
        found = [minute for minute in self.minutes if first <= minute < first + self.window]
        return [[QUIET + minute * MINUTE, 1.0, 1.0, 1.0, -1.0 if minute == self.bad else 1.0, 1.0] for minute in found]


class Stopped(Clock):
    def __init__(self, time: int) -> None:
        self.time = time

    def now(self) -> int:
        return self.time


def from_quiet(quiet: Quiet, folder: Path, now: int, end: int | None = None) -> Outcome:
    """A fetch of minutes 0 to `end` at minute `now`, from an exchange of which only the questions count."""

    async def run() -> Outcome:
        client = Client("coinbase", {}, Stopped(QUIET + now * MINUTE + 45_000))
        client.ccxt.fetch_ohlcv = quiet.fetch_ohlcv
        client.ccxt.timeframes, client.ccxt.markets = {"1m": "1m"}, {"A/B": {}}

        async def nothing() -> None:
            pass

        client.ccxt.load_markets = client.ccxt.fetch_time = nothing
        client.ccxt.has["fetchTime"] = False
        last = None if end is None else QUIET + end * MINUTE
        try:
            return await fetch(client, folder, ["A/B"], "1m", QUIET, last, lambda _: None, lambda *_: None)
        finally:
            await client.close()

    return asyncio.run(run())


DAYS = 3 * SETTLED // MINUTE


def test_quiet_minutes_are_gaps_that_are_remembered_once_they_are_a_day_old(tmp_path: Path) -> None:
    there = [minute for minute in range(100, DAYS) if minute % 7 and not 1_000 <= minute < 2_500]
    quiet = Quiet(there)
    done = from_quiet(quiet, tmp_path, DAYS)
    (got,) = done.fetched
    assert (got.rows, got.first_ts, got.last_ts) == (len(there), QUIET + there[0] * MINUTE, QUIET + there[-1] * MINUTE)
    wanted = [minute for minute in range(DAYS) if minute not in set(there)]
    assert sum(gap.candles for gap in got.gaps) == len(wanted)
    asked = list(quiet.asked)
    assert len(asked) == len(set(asked)), "nothing is asked twice"

    again = from_quiet(quiet, tmp_path, DAYS)
    assert again.fetched[0].gaps == got.gaps and again.fetched[0].added == 0
    new = quiet.asked[len(asked) :]
    assert new and min(new) >= DAYS - SETTLED // MINUTE, "an exchange may be behind for a day, not for longer"
    assert silence_file(got.path).exists()


def test_a_time_without_candles_is_passed_in_steps_as_long_as_the_exchange_looks_far(tmp_path: Path) -> None:
    quiet = Quiet([*range(300), *range(4_000, 4_200)])
    done = from_quiet(quiet, tmp_path, 5_000, end=4_200)
    assert done.fetched[0].rows == 500
    steps = [later - earlier for earlier, later in zip(quiet.asked, quiet.asked[1:], strict=False)]
    assert max(steps) <= 300 and steps[0] == 300 and len(quiet.asked) < 20


def test_a_row_that_cannot_be_a_candle_is_left_out_told_and_asked_for_again(tmp_path: Path) -> None:
    quiet = Quiet(range(DAYS), bad=50)
    done = from_quiet(quiet, tmp_path, DAYS, end=200)
    assert [((gap.first_ts - QUIET) // MINUTE, gap.candles) for gap in done.fetched[0].gaps] == [(50, 1)]
    assert "close is -1.0, a price must be above 0" in done.fetched[0].notes[0].example
    quiet.bad = None
    assert from_quiet(quiet, tmp_path, DAYS, end=200).fetched[0].added == 1


def test_a_request_that_cannot_be_met_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with exchange() as market:
        with pytest.raises(InvalidValue, match="is not before the end"):
            fetched(market, tmp_path, end=market.truth.began)
        with pytest.raises(InvalidValue, match="has closed by the exchange's clock"):
            fetched(market, tmp_path, start=WHOLE["binance"], end=None)
        with pytest.raises(InvalidValue, match="no symbol 'BTC/USD'; did you mean BTC/USDT"):
            fetched(market, tmp_path, ["BTC/USD"])
        with pytest.raises(InvalidValue, match="exchange binance has no 10s candles; it has 1s, 1m"):
            fetched(market, tmp_path, timeframe="10s")
        name = CandleName("binance", "ETH/USDT", "1m").file_name()
        with sole_writer(tmp_path / name), pytest.raises(CandleFileError, match="another program"):
            fetched(market, tmp_path)
        assert market.requests[ASKED["binance"]] == 0
        assert [file for file in tmp_path.iterdir() if not file.name.endswith(".lock")] == []


def test_an_answered_time_is_missing_no_more() -> None:
    missing = Missing(absent(np.array([3, 4]) * MINUTE, 0, 10 * MINUTE, MINUTE), MINUTE)
    assert (missing.first, missing.candles) == (0, 8)
    missing.answered(2 * MINUTE)
    assert (missing.first, missing.candles) == (2 * MINUTE, 6)
    missing.answered(4 * MINUTE)
    assert (missing.first, missing.candles) == (5 * MINUTE, 5)
    missing.answered(9 * MINUTE)
    assert (missing.first, missing.candles) == (9 * MINUTE, 1)
    missing.answered(20 * MINUTE)
    assert (missing.first, missing.candles) == (None, 0)


def test_pages_that_a_killed_fetch_left_are_not_asked_for_again(tmp_path: Path) -> None:
    with exchange() as market:
        fetched(market, tmp_path / "other", ["BTC/USDT"], end=BEGAN - 500 * MINUTE)
        name = CandleName("binance", "BTC/USDT", "1m")
        with incoming(tmp_path, name) as pages:  # kept, and never merged
            for piece in read_columns(tmp_path / "other" / name.file_name()):
                pages.keep(piece)
        asked = market.requests[ASKED["binance"]]
        fetched(market, tmp_path, ["BTC/USDT"])
        assert market.requests[ASKED["binance"]] == asked + 1
        assert stored(tmp_path, "binance") == truth(market)
