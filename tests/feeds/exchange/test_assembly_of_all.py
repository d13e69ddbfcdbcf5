"""Whatever stream and REST do, every candle comes once and in order."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds.exchange.assembled import (
    MINUTE,
    asked,
    close,
    made,
    streamed,
)

from papertape import Block, Event, Row
from papertape.contract.feed import Standpoint


@dataclass
class Market:
    """What a session has been given so far, by the contract of a live feed; anything against it fails at once."""

    symbols: tuple[str, ...]
    truth: dict[str, dict[int, float]]
    time: int | None = None
    muted: bool = False
    stale: set[str] = field(default_factory=set)
    given: dict[str, list[int]] = field(default_factory=dict)

    def take(self, block: Block) -> None:
        events = list(block.events)
        assert [place for place, _ in events] == sorted(place for place, _ in events)
        for batch, (time, rows) in enumerate(zip(block.times, block.rows, strict=True)):
            while events and events[0][0] == batch:
                self._hear(events.pop(0)[1])
            assert self.time is None or time > self.time
            assert block.arrived is not None and time <= block.arrived, "no batch before its close"
            assert any(row is not None for row in rows)
            self.time = time
            for symbol, row in zip(self.symbols, rows, strict=True):
                if row is not None:
                    assert row[0] == time - MINUTE and symbol not in self.stale
                    self._seen(symbol, row)
        assert not events

    def _hear(self, event: Event) -> None:
        symbol = event.get("symbol", "")
        match event["feed"]:
            case "stale":
                assert symbol not in self.stale
                self.stale.add(symbol)
            case "whole":
                self.stale.remove(symbol)
            case "late":
                assert symbol in self.stale
                self._seen(symbol, tuple(event["row"]))
            case "muted":
                assert not self.muted
                self.muted = True
            case "unmuted":
                assert self.muted
                self.muted = False
            case other:
                raise AssertionError(other)

    def _seen(self, symbol: str, row: Row) -> None:
        given = self.given.setdefault(symbol, [])
        minute = row[0] // MINUTE
        assert row[4] == self.truth[symbol][minute], "no candle is invented"
        assert not given or minute > given[-1], "each candle once, in order"
        given.append(minute)

    @property
    def standpoint(self) -> Standpoint:
        newest = {symbol: minutes[-1] * MINUTE for symbol, minutes in self.given.items()}
        newest |= {symbol: -MINUTE for symbol in self.stale if symbol not in self.given}
        return Standpoint(self.time, newest, frozenset(self.stale), self.muted)


SYMBOLS = ("A", "B", "C")
MINUTES = 14
does = st.sampled_from(["stream", "stream", "stream", "rest", "rest", "wait", "wait", "stop"])
steps = st.lists(
    st.tuples(does, st.integers(0, 2), st.integers(0, 5), st.sampled_from([900, 6_000, 59_000, 60_000])), max_size=120
)
"""(what, which symbol, how many candles back or forth, how many ms pass)."""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(*[st.booleans()] * 3), min_size=MINUTES, max_size=MINUTES), steps)
def test_every_candle_comes_once_and_in_order_whatever_is_lost_doubled_late_or_stopped(
    traded: list[tuple[bool, ...]], does: list[tuple[str, int, int, int]]
) -> None:
    """The stream says what it likes of the closed candles, in any order, or nothing; REST answers pages of any length;
    the session is stopped at any time and goes on from what it was given. In the end REST has said all."""
    truth = {
        symbol: {minute: 100.0 + minute + slot / 8 for minute in range(MINUTES) if traded[minute][slot]}
        for slot, symbol in enumerate(SYMBOLS)
    }
    market = Market(SYMBOLS, truth)
    feed = made(*SYMBOLS, within=2 * MINUTE)
    now = 0

    def deliver() -> None:
        block = feed.batches(now)
        if block is not None:
            market.take(block)

    def answer(symbol: str, since: int, count: int) -> None:
        """REST's page: candles of minutes that are over, `count` minutes of them."""
        until = min(since + count * MINUTE, now // MINUTE * MINUTE)
        rows = [asked(minute, price=price)[0] for minute, price in truth[symbol].items()]
        feed.rest(symbol, [row for row in rows if since <= row[0] < until], max(since, until))

    for what, slot, count, ms in does:
        symbol = SYMBOLS[slot]
        if what == "stream":
            minute = now // MINUTE - 1 - count
            if minute in truth[symbol]:
                feed.stream(symbol, streamed(minute, truth[symbol][minute]))
        elif what == "rest":
            answer(symbol, feed.known(symbol), count + 1)
        elif what == "wait":
            now += ms
        elif market.time is not None:
            feed = made(*SYMBOLS, within=2 * MINUTE, since=market.standpoint)
        deliver()
    now = max(now, MINUTES * MINUTE)
    for symbol in SYMBOLS:
        answer(symbol, feed.known(symbol), 10**6)
    deliver()
    for symbol in SYMBOLS:  # a last candle of all, since what is late waits for a batch
        truth[symbol][now // MINUTE] = 100.0
        feed.stream(symbol, streamed(now // MINUTE))
    minute = now // MINUTE
    now = close(minute)
    for symbol in SYMBOLS:
        answer(symbol, feed.known(symbol), 10**6)
    deliver()
    assert market.given == {symbol: list(minutes) for symbol, minutes in truth.items()}
    assert not market.stale
