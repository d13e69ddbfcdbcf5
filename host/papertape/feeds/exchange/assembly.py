"""Candles of several symbols, as they come in, put together into batches: a state machine on times it is told.

What is known of a symbol reaches up to a time: each of its candles that closed by then has been seen, or the exchange
has said that there was none. A batch closes when all symbols are known up to it, or when a grace period has passed
since the first was; a symbol that is not known by then is stale until it is known again, and its candles come late.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from papertape.contract.candle import FLAGS, HIGH, LOW, TS, Row
from papertape.contract.feed import Block, Event, Note, Standpoint
from papertape.feeds.marks import Last, combine, mark
from papertape.feeds.rows import Rows, Scope
from papertape.market.timeframe import align, grid_origin, iso, period

CATCHING_UP = 60_000
"""Ms that a batch waits at least whose candles are old already: those of all symbols are being fetched."""
REMEMBERED = 1_000
"""Candles of each symbol that are compared with what the exchange says of them later."""


def possible(row: Row) -> bool:
    """Whether it can be a candle: finite prices above 0, high not below low, a volume that is not negative."""
    _, *prices, volume, _ = row
    fine = all(isfinite(price) and price > 0 for price in prices) and row[HIGH] >= row[LOW]
    return fine and not volume < 0 and volume != float("inf")


@dataclass(slots=True)
class _Symbol:
    """`known`: open time from which nothing is known yet. `closed`: candles not in a batch yet, by open time; those at
    or after `known` lie behind a hole. `used`: what has been given, lately. `expected`: a candle as its trades
    made it."""

    name: str
    slot: int
    known: int
    last: Last | None = None
    stale: bool = False
    closed: dict[int, Row] = field(default_factory=dict)
    used: OrderedDict[int, Row] = field(default_factory=OrderedDict)
    expected: Row | None = None


class Assembly:
    """`grace`: ms that a batch waits for symbols, from its close or from when the first of them is known, whichever is
    later. `decide_within`: ms after its close in which a batch is traded; later it is muted. `began`: open time of the
    first candle that is wanted of a new session, which only warms up to `warm_until`. All times are the exchange's, ms
    UTC.
    """

    def __init__(
        self,
        source: str,
        symbols: Sequence[str],
        timeframe: str,
        grace: int,
        decide_within: int,
        began: int,
        warm_until: int,
        since: Standpoint,
    ) -> None:
        self.source = source
        self.timeframe = timeframe
        self.period = period(timeframe)
        self.grace = grace
        self.decide_within = decide_within
        self.done = began if since.time is None else since.time
        self.began = min([self.done, *(row[TS] for rows in since.recent.values() for row in rows)])
        self.warm_until = warm_until
        self.muted = since.muted
        self._symbols = {name: self._resumed(name, slot, since) for slot, name in enumerate(symbols)}
        self._ready_since: int | None = None
        self._funding: list[Event] = []
        self._events: list[Event] = []
        self._notes: list[Note] = []

    def _resumed(self, name: str, slot: int, since: Standpoint) -> _Symbol:
        stale = name in since.stale
        known = since.newest.get(name, self.done - self.period) + self.period if stale else self.done
        used = OrderedDict((row[TS], row) for row in since.recent.get(name, ()))
        return _Symbol(name, slot, known, stale=stale, used=used)

    # What comes in

    def known(self, symbol: str) -> int:
        """Open time from which nothing is known of a symbol yet."""
        return self._symbols[symbol].known

    def has_hole(self, symbol: str) -> bool:
        """Whether a candle of it has come that others are missing before."""
        held = self._symbols[symbol]
        return max(held.closed, default=held.known - 1) >= held.known

    def stream(self, symbol: str, row: Row) -> None:
        """Takes a candle of the stream that is closed."""
        held = self._symbols[symbol]
        if not self._possible(held, row):
            return
        if row[TS] < held.known:
            before = held.closed.get(row[TS]) or held.used.get(row[TS])
            if row[TS] >= self.began and (before is None or before[:FLAGS] != row[:FLAGS]):
                was = "there was none" if before is None else f"used was {before[1:FLAGS]}"
                self._note(held, "disagreement", row[TS], f"the stream says {row[1:FLAGS]}, {was}")
            return
        held.closed.setdefault(row[TS], row)
        self._advance(held)

    def expect(self, symbol: str, row: Row) -> None:
        """Takes what a candle should be, for comparison: REST says what it is."""
        self._symbols[symbol].expected = row

    def rest(self, symbol: str, rows: Sequence[Row], until: int) -> None:
        """Takes what the exchange has answered: all candles of a symbol there are, from where they begin, among those
        that open before `until`. It is right where the stream said something else."""
        held = self._symbols[symbol]
        for row in rows:
            if not self._possible(held, row):
                continue
            expected = held.expected
            if expected is not None and expected[TS] == row[TS]:
                held.expected = None
                if expected[:FLAGS] != row[:FLAGS]:
                    self._note(held, "disagreement", row[TS], f"trades made {expected[1:FLAGS]}, REST {row[1:FLAGS]}")
            before = held.closed.get(row[TS]) or held.used.get(row[TS])
            if row[TS] >= held.known or row[TS] in held.closed:
                if before is not None and before[:FLAGS] != row[:FLAGS]:
                    self._note(held, "disagreement", row[TS], f"the stream said {before[1:FLAGS]}, REST {row[1:FLAGS]}")
                if before is None or before[:FLAGS] != row[:FLAGS]:
                    held.closed[row[TS]] = row
            elif before is None or before[:FLAGS] != row[:FLAGS]:
                self._amend(held, row, before)
        for ts in held.closed.keys() - {row[TS] for row in rows}:
            if held.known <= ts < until:
                self._note(held, "disagreement", ts, "the stream has it, REST does not; it is used")
        self._reach(held, until)

    def pay(self, event: Event) -> None:
        """Takes a funding; it goes before the next batch, one after the other by time and symbol, however they came."""
        self._funding.append(event)
        self._funding.sort(key=lambda event: (event["ts"], self._symbols[event["funding"]].slot))

    def lose(self, symbol: str, until: int) -> None:
        """Gives up on a symbol's candles before `until`: the exchange does not have them any more."""
        held = self._symbols[symbol]
        count = (until - held.known) // self.period
        words = f"{count} candles after {iso(held.known)} could not be had any more"
        self._notes.append(Note(self.source, symbol, "lost", count, held.known, until - self.period, words))
        self._reach(held, until)

    def _reach(self, held: _Symbol, until: int) -> None:
        held.known = max(held.known, align(until, self.timeframe))  # an open time off the grid says no more
        self._advance(held)

    def _advance(self, held: _Symbol) -> None:
        while held.known in held.closed:
            held.known += self.period

    def _possible(self, held: _Symbol, row: Row) -> bool:
        """Whether it can be a candle here; what cannot is noted, and as good as not there."""
        if possible(row) and (row[TS] - grid_origin(self.timeframe)) % self.period == 0:
            return True
        self._note(held, "skipped", row[TS], f"{row[1:FLAGS]} cannot be a candle of {self.timeframe}")
        return False

    def _amend(self, held: _Symbol, row: Row, before: Row | None) -> None:
        """A candle that has been given is another now: told, and used nowhere."""
        if row[TS] < self.began or (before is None and held.used and row[TS] < next(iter(held.used))):
            return
        was = None if before is None else list(before)
        self._events.append({"feed": "amended", "symbol": held.name, "row": list(row), "was": was})
        held.used[row[TS]] = row

    def _note(self, held: _Symbol, kind: str, ts: int, words: str) -> None:
        self._notes.append(Note(self.source, held.name, kind, 1, ts, ts, f"{iso(ts)}: {words}"))

    # What goes out

    @property
    def stale(self) -> frozenset[str]:
        """Symbols whose candles are not whole."""
        return frozenset(held.name for held in self._symbols.values() if held.stale)

    def due(self) -> int | None:
        """When the next batch stops waiting, if one does."""
        if self._ready_since is None:
            return None
        time = self.done + self.period
        return max(time, self._ready_since) + self._patience(time, self._ready_since)

    def batches(self, now: int) -> Block | None:
        """The batches that are closed, at the time `now`, with what came before them."""
        times: list[int] = []
        rows: list[tuple[Row | None, ...]] = []
        events: list[tuple[int, Event]] = []
        while self._closes(self.done + self.period, now):
            time = self.done + self.period
            self._catch_up(time)
            batch = tuple(self._candle(held, time) for held in self._symbols.values())
            self.done = time
            self._ready_since = None
            if all(row is None for row in batch):
                continue  # a quiet time: no candle, no batch; events wait for the next
            if time > self.warm_until:
                self._mute(now - time)
            events += [(len(times), event) for event in (*self._funding, *self._events)]
            self._funding, self._events = [], []
            times.append(time)
            rows.append(batch)
        if not times:
            return None
        notes, self._notes = combine(self._notes), []
        return Block(times, rows, notes, tuple(events), now)

    def _closes(self, time: int, now: int) -> bool:
        known = [held for held in self._symbols.values() if held.known >= time]
        # One that is stale is waited for again as soon as it lacks nothing but this candle: else, always a moment
        # behind the others, it would never be whole.
        awaited = [held for held in self._symbols.values() if not held.stale or held.known >= self.done]
        awaited = awaited or list(self._symbols.values())
        missing = [held for held in awaited if held.known < time]
        if not missing:
            return True
        if not known:
            return False
        if self._ready_since is None or now < self._ready_since:  # a clock may have been set back
            self._ready_since = now
        if now < max(time, self._ready_since) + self._patience(time, now):
            return False
        for held in missing:
            if not held.stale:
                held.stale = True
                waited = self._patience(time, now) / 1000
                reason = f"its candle of {iso(time - self.period)} did not come within {waited:g} s"
                self._events.append({"feed": "stale", "symbol": held.name, "reason": reason})
        return True

    def _patience(self, time: int, now: int) -> int:
        """Ms that the batch of `time` waits: longer while what was missed is fetched, one symbol after the other."""
        return self.grace if now < time + 2 * self.period else max(self.grace, CATCHING_UP)

    def _catch_up(self, time: int) -> None:
        """Tells of candles of batches that have gone, in the order of their times, and of symbols that are whole."""
        late = []
        for held in (held for held in self._symbols.values() if held.stale):
            late += [(ts, held.slot, held) for ts in held.closed if ts < self.done and ts < held.known]
        for ts, _, held in sorted(late, key=lambda entry: entry[:2]):
            row = self._marked(held, held.closed.pop(ts))
            self._events.append({"feed": "late", "symbol": held.name, "row": list(row)})
        for held in self._symbols.values():
            if held.stale and held.known >= time:
                held.stale = False
                self._events.append({"feed": "whole", "symbol": held.name})

    def _candle(self, held: _Symbol, time: int) -> Row | None:
        ts = time - self.period
        return self._marked(held, held.closed.pop(ts)) if held.known >= time and ts in held.closed else None

    def _marked(self, held: _Symbol, row: Row) -> Row:
        """As rows of files are treated: widened where need be, flagged, its defects noted."""
        columns = Rows(*(np.array([value]) for value in row))
        scope = Scope(self.source, held.name)
        found, notes, held.last = mark(scope, columns, held.last, self.period, grid_origin(self.timeframe))
        self._notes += notes
        marked: Row = tuple(column[0].item() for column in found)
        held.used[row[TS]] = row
        while len(held.used) > REMEMBERED:
            held.used.popitem(last=False)
        return marked

    def _mute(self, age: int) -> None:
        if (age > self.decide_within) == self.muted:
            return
        self.muted = not self.muted
        if self.muted:
            reason = f"candles came {age / 1000:g} s after their close"
            self._events.append({"feed": "muted", "reason": reason})
        else:
            self._events.append({"feed": "unmuted"})
