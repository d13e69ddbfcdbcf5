"""Nobody sees the future: what comes after a close changes nothing that a session did up to it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.scripted import (
    MINUTE,
    Market,
    Rows,
    flat,
    installed,
    play_all,
    scripted,
    started,
    step_on,
    walk,
    without_models,
)
from tests.strategies import Case, cases, markets

from papertape import Candle, Candles, Snapshot, StaleSnapshot, Strategy
from papertape.engine import checkpoint
from papertape.engine.build import Built, build
from papertape.engine.config import SessionConfig, Spec

LENGTH, CLOSE = 240, 170
STRATEGIES = without_models()
FASTER: dict[str, dict[str, Any]] = {  # so that each trades within the length
    "donchian-breakout": {"enter": 15, "leave": 5},
    "momentum": {"window": 20},
    "pairs-spread": {"window": 30, "enter": 1.0, "leave": 0.3},
    "rsi-reversion": {"low": 40, "high": 60},
}


def with_strategy(name: str, feed: Rows) -> Built:
    config = SessionConfig(
        strategies=(Spec(name, FASTER.get(name, {})),),
        fusion=(Spec("weighted-vote"),),
        sizer=Spec("volatility-target", {"window": 20}),
        risk=(Spec("max-drawdown", {"limit": 0.5}),),
    )
    built = build(config, installed(), feed)
    built.session.start(built.contexts)
    return built


def done(built: Built, feed: Rows, last: int) -> list[Any]:
    """Everything that a session has done before batch `last`, and the state that it is then in."""
    step_on(built, feed, last)
    effects = built.session.journal.collected
    curves = [list(curve) for both in built.session.curves for curve in both]
    return [effects.signals, effects.fills, curves, built.session.digest, checkpoint.save(built)]


def markets_of(name: str, seed: int) -> Market:
    symbols = ("A/USD", "B/USD") if name == "pairs-spread" or seed % 2 else ("A/USD",)
    return {symbol: walk(seed + 10 * k, LENGTH, holes=0.05 * k) for k, symbol in enumerate(symbols)}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", STRATEGIES)
def test_no_candle_after_a_close_changes_what_was_done_up_to_it(name: str, seed: int) -> None:
    market = markets_of(name, seed)
    whole = Rows(market)
    cut = Rows({symbol: bars[:CLOSE] for symbol, bars in market.items()})
    other = Rows({symbol: [*bars[:CLOSE], *walk(99, LENGTH - CLOSE)] for symbol, bars in market.items()})
    before = [done(with_strategy(name, feed), feed, CLOSE) for feed in (whole, cut, other)]
    assert before[0] == before[1] == before[2]
    assert before[0][1], "it traded"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), markets(), st.data())
def test_nor_in_any_session(case: Case, other: Market, data: st.DataObject) -> None:
    length = min(len(case.market["A"]), len(other["A"]))
    close = data.draw(st.integers(1, length))
    changed = {symbol: [*bars[:close], *other[symbol][close:length]] for symbol, bars in case.market.items()}

    def upto(market: Market) -> list[Any]:
        feed = Rows(market, warmed=case.warmed)
        return done(started(feed, {k: scripted(v) for k, v in case.scripts.items()}, **case.config), feed, close)

    assert upto(case.market) == upto(changed)


class Seen(NamedTuple):
    """A window as it was shown, and a copy of what it held then."""

    now: int
    symbol: str
    timeframe: str | None
    window: Candles
    held: list[Candle]


def rows_of(window: Candles) -> list[Candle]:
    return [window[k] for k in range(len(window))]


def watched(market: Market) -> tuple[list[Seen], list[Snapshot]]:
    """Every window and snapshot that a session showed to a strategy with a look-back of 4."""
    windows: list[Seen] = []
    snapshots: list[Snapshot] = []

    class Watching(Strategy):
        """Keeps what it is shown."""

        timeframes = ("5m",)
        keeps = ()

        def lookback(self) -> int:
            return 4

        def on_snapshot(self, snapshot: Snapshot) -> None:
            snapshots.append(snapshot)
            for symbol in snapshot.symbols:
                for timeframe in (None, "5m"):
                    window = snapshot.candles(symbol, timeframe)
                    windows.append(Seen(snapshot.now, symbol, timeframe, window, rows_of(window)))

    assert play_all(market, {"watching": Watching}).effects.plugin_events == []
    return windows, snapshots


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets())
def test_a_window_is_exactly_the_last_closed_candles_there_were(market: Market) -> None:
    feed = Rows(market)
    for seen in watched(market)[0]:
        if seen.timeframe is None:
            slot = feed.symbols.index(seen.symbol)
            closed = [row for batch in feed.batches if (row := batch[slot]) is not None and row[0] + MINUTE <= seen.now]
            assert seen.held == closed[-4:]
        else:
            assert all(candle.ts % (5 * MINUTE) == 0 and candle.ts + 5 * MINUTE <= seen.now for candle in seen.held)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets())
def test_what_a_guest_kept_of_a_window_never_changes(market: Market) -> None:
    for seen in watched(market)[0]:
        assert rows_of(seen.window) == seen.held


def bases(array: Any) -> Iterable[Any]:
    while array is not None:
        yield array
        array = getattr(array, "base", None)


def test_a_guest_can_neither_write_to_a_window_nor_make_it_writable() -> None:
    for seen in watched({"A": walk(1, 6)})[0]:
        for column in (seen.window.ts, seen.window.open, seen.window.close, seen.window.volume):
            for array in bases(column):
                if isinstance(array, np.ndarray):
                    with pytest.raises(ValueError):
                        array.setflags(write=True)
                else:
                    assert isinstance(array, bytes)


def test_an_old_snapshot_answers_nothing_about_what_came_later() -> None:
    first = watched({"A": flat(100, 101, 102)})[1][0]
    assert (first.now, first.close("A")) == (MINUTE, 100.0)
    with pytest.raises(StaleSnapshot):
        first.candles("A")
    for name in ("book", "rng"):
        with pytest.raises(StaleSnapshot):
            getattr(first, name)
    with pytest.raises(StaleSnapshot):
        first.position("A")
