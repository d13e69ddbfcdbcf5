"""What a live feed puts between two batches, and what a session makes of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from tests.engine.scripted import MINUTE, Market, Played, Rows, Script, flat, scripted, started

from papertape import Candle, CandleFlag, Event, Fill, OrderRequest, Row, Signal, Snapshot, Strategy
from papertape.contract.errors import ConfigError
from papertape.engine.events import apply, carry_out
from papertape.engine.fold import fold, stretches
from papertape.ledger.records import SignalRow

MUTED: Event = {"feed": "muted", "reason": "its candles came 90 s after their close"}
UNMUTED: Event = {"feed": "unmuted"}
B_STALE: Event = {"feed": "stale", "symbol": "B", "reason": "its candle did not come within 5 s"}
B_WHOLE: Event = {"feed": "whole", "symbol": "B"}
Events = Mapping[int, Sequence[Event]]
"""By number of the batch before which they come."""


def late(minute: int, *prices: float, symbol: str = "B") -> Event:
    """The candle of a minute that comes late: open, high, low and close, or one price for all four."""
    return {"feed": "late", "symbol": symbol, "row": list(row(minute, *prices))}


def row(minute: int, *prices: float) -> Row:
    opened, high, low, closed = prices if len(prices) == 4 else prices * 4
    return (minute * MINUTE, opened, high, low, closed, 1_000.0, int(CandleFlag.REST))


def live(
    market: Market,
    events: Events,
    strategy: type[Strategy],
    before: Callable[[int, Played], None] = lambda batch, played: None,
    **options: Any,
) -> Played:
    """A whole session of one strategy, with a feed's events; `before` sees it before each batch."""
    feed = Rows(market, warmed=options.pop("warmed", 0))
    built = started(feed, {"scripted": strategy}, **options)
    played = Played(built, feed, built.session.journal.drain())
    for batch, rows in enumerate(feed.batches):
        before(batch, played)
        for event in events.get(batch, ()):
            apply(built.session, built.session.journal.now, event)
        built.session.step((batch + 1) * MINUTE, rows)
    played.effects = built.session.journal.drain()
    return played


def play(market: Market, script: Script, events: Events, **options: Any) -> Played:
    return live(market, events, scripted(script), **options)


def said(played: Played) -> list[tuple[int, str, bool]]:
    """(batch, action, muted) of the strategy's signals."""
    signals: list[SignalRow] = played.effects.signals
    return [(signal.batch, signal.action, signal.muted) for signal in signals if signal.source == "scripted"]


# Muted


def test_a_muted_session_records_signals_and_trades_nothing() -> None:
    played = play({"A": flat(*[100] * 6)}, {1: [Signal.buy("A")]}, {1: [MUTED], 3: [UNMUTED]})
    assert said(played) == [(1, "buy", True)]
    assert played.orders == []


def test_what_is_asked_for_again_when_it_is_not_muted_any_more_is_traded() -> None:
    script: Script = {1: [Signal.buy("A")], 3: [Signal.buy("A")]}
    played = play({"A": flat(*[100] * 6)}, script, {1: [MUTED], 3: [UNMUTED]})
    assert played.traded == [(4, "entry", "buy", 10.0, 100.0)]


def test_an_exit_waits_too_while_muted_and_a_stop_does_not() -> None:
    bought = Signal.buy("A", stop_loss=90.0)
    market: Market = {"A": [*flat(100, 100, 100, 100), (100, 100, 80, 85), *flat(85)]}
    played = play(market, {0: [bought], 2: [Signal.close("A")]}, {2: [MUTED]})
    assert said(played)[-1] == (2, "close", True)
    assert played.traded == [(1, "entry", "buy", 10.0, 100.0), (4, "stop-loss", "sell", 10.0, 90.0)]


# Stale


def test_a_stale_symbol_is_not_entered_and_the_reason_is_said() -> None:
    script: Script = {1: [Signal.buy("A"), Signal.buy("B")], 3: [Signal.buy("B")]}
    played = play({"A": flat(*[10] * 6), "B": flat(*[10] * 6)}, script, {1: [B_STALE], 3: [B_WHOLE]})
    assert played.refusals == [(1, "its data are stale")]
    assert [(fill.batch, fill.symbol) for fill in played.fills] == [(2, "A"), (4, "B")]


def test_a_stale_symbol_is_left_all_the_same() -> None:
    script: Script = {0: [Signal.buy("B")], 2: [Signal.close("B")]}
    played = play({"A": flat(*[10] * 5), "B": flat(*[10] * 5)}, script, {2: [B_STALE]})
    assert [(batch, role) for batch, role, *_ in played.traded] == [(1, "entry"), (3, "exit")]


# Late


def absent_b(*present: int) -> Market:
    """A at 100 throughout; B at 10, in these batches only, of six."""
    return {"A": flat(*[100] * 6), "B": [(10.0,) * 4 if batch in present else None for batch in range(6)]}


def test_a_resting_order_fills_in_a_late_candle_at_its_own_time() -> None:
    limit = OrderRequest("B", "buy", 3, type="limit", price=9)
    played = play(absent_b(0, 4, 5), {0: [limit]}, {4: [late(1, 10, 10, 8, 9.5), late(2, 9.5), late(3, 9.5)]})
    (fill,) = played.fills
    assert (fill.symbol, fill.at, float(fill.price)) == ("B", 2 * MINUTE, 9.0)
    assert fill.batch == 3, "before batch 4"


def test_an_order_does_not_fill_in_a_late_candle_that_opened_before_it() -> None:
    limit = OrderRequest("B", "buy", 3, type="limit", price=9)
    played = play(absent_b(0, 4, 5), {2: [limit]}, {4: [late(1, 8), late(2, 8), late(3, 8)]})
    (fill,) = played.fills
    assert fill.at == 3 * MINUTE, "the order was effective when the candle of minute 3 opened"


class Watching(Strategy):
    """Notes when it is called, and what it sees then."""

    timeframes = ("5m",)

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self.seen: list[tuple[str, int]] = []
        self.windows: list[list[Candle]] = []
        self.higher: list[list[Candle]] = []

    def lookback(self) -> int:
        return 3

    def on_snapshot(self, snapshot: Snapshot) -> Any:
        self.seen.append(("snapshot", snapshot.batch))
        self.windows.append(list(snapshot.candles("B")) if snapshot.batch else [])
        self.higher.append(list(snapshot.candles("B", "5m")))
        if snapshot.batch == 0:
            yield OrderRequest("B", "buy", 1, type="limit", price=9)

    def on_fill(self, fill: Fill) -> None:
        self.seen.append(("fill", len(self.windows)))


def watched(played: Played) -> Any:
    """The `Watching` of a session, whose class is one afresh."""
    return next(part.component for part in played.built.parts if part.name == "scripted")


def test_nobody_is_called_for_a_late_candle_and_its_fill_is_told_with_the_next_batch() -> None:
    calls: list[int] = []

    def count(batch: int, played: Played) -> None:
        calls.append(len(watched(played).seen))

    played = live(absent_b(0, 4, 5), {4: [late(1, 8), late(2, 8), late(3, 8)]}, Watching, count)
    seen = watched(played).seen
    assert calls[:5] == [0, 1, 2, 3, 4]
    assert seen[3:6] == [("snapshot", 3), ("fill", 4), ("snapshot", 4)]


def test_late_candles_stand_in_the_windows_of_the_next_batch() -> None:
    windows = watched(live(absent_b(0, 4, 5), {4: [late(2, 8), late(3, 7)]}, Watching)).windows
    assert [candle.close for candle in windows[3]] == [10.0]
    assert [candle.close for candle in windows[4]] == [8.0, 7.0, 10.0]


def test_late_candles_are_counted() -> None:
    assert play(absent_b(0, 4, 5), {}, {}).built.session.candles == 9
    played = play(absent_b(0, 4, 5), {}, {4: [late(1, 8), late(2, 8), late(3, 8)]})
    assert played.built.session.candles == 12


def test_a_late_candle_marks_the_book_with_the_next_batch() -> None:
    script: Script = {0: [Signal.buy("B")]}
    played = play(absent_b(0, 1, 2), script, {5: [late(3, 20)]})
    assert played.book().equity == 10_000 + 10 * (20 - 10)


# History, amended, unknown


def test_history_fills_the_windows_of_a_higher_timeframe() -> None:
    rows = [list(row(minute, price)) for minute, price in ((-10, 5.0), (-5, 6.0))]
    history: Event = {"feed": "history", "symbol": "B", "timeframe": "5m", "rows": rows}
    higher = watched(live(absent_b(*range(6)), {0: [history]}, Watching)).higher
    assert [candle.close for candle in higher[0]] == [5.0, 6.0]
    assert [candle.close for candle in higher[5]] == [5.0, 6.0, 10.0]


def test_history_of_a_timeframe_that_nobody_looks_at_is_no_concern() -> None:
    history: Event = {"feed": "history", "symbol": "B", "timeframe": "1h", "rows": [list(row(-60, 5.0))]}
    plain, with_history = (play(absent_b(0, 1), {}, events) for events in ({}, {0: [history]}))
    assert plain.built.session.market.state == with_history.built.session.market.state


def test_an_amendment_changes_nothing() -> None:
    amended: Event = {"feed": "amended", "symbol": "B", "row": list(row(0, 5.0)), "was": list(row(0, 10.0))}
    script: Script = {0: [Signal.buy("B")], 3: [Signal.close("B")]}
    plain, told = (play(absent_b(*range(6)), script, events) for events in ({}, {1: [amended], 4: [amended]}))
    assert plain.built.session.digest == told.built.session.digest
    assert plain.built.session.market.state == told.built.session.market.state


def test_an_unknown_event_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no event 'holiday' of a feed is known"):
        play(absent_b(0), {}, {0: [{"feed": "holiday"}]})


# Folded


def test_a_fold_of_the_same_batches_and_events_is_the_same_session() -> None:
    script: Script = {0: [Signal.buy("A"), OrderRequest("B", "buy", 3, type="limit", price=9)], 5: [Signal.buy("B")]}
    events: Events = {1: [B_STALE], 2: [MUTED], 3: [UNMUTED], 4: [late(1, 8), late(2, 8), late(3, 8), B_WHOLE]}
    market = absent_b(0, 4, 5)
    played = play(market, script, events)

    class Told(Rows):
        def blocks(self, start: int = 0) -> Any:
            for block in super().blocks(start):
                placed = [(batch - start, event) for batch in sorted(events) for event in events[batch]]
                yield type(block)(block.times, block.rows, (), tuple(each for each in placed if each[0] >= 0))

    again = started(Told(market), {"scripted": scripted(script)})
    assert list(fold(again.session, Told(market), [], [2, 5])) == [2, 5]
    assert again.session.digest == played.built.session.digest
    assert [fill.seq for fill in again.session.journal.drain().fills] == [fill.seq for fill in played.fills]
    for size in (1, 2, 100):
        cut = started(Told(market), {"scripted": scripted(script)}).session
        for before, times, rows in stretches(next(Told(market).blocks()), size):
            carry_out(cut, before)
            cut.run(times, rows)
        assert cut.digest == played.built.session.digest
