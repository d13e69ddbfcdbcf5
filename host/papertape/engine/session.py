"""A session: the pure step. No I/O, no clock, no chance; state = fold(step, tape)."""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from papertape.broker.book import Book
from papertape.broker.exchange import Exchange
from papertape.contract.candle import CLOSE, TS, Row
from papertape.contract.errors import ConfigError, PapertapeError, PluginError
from papertape.contract.feed import Event
from papertape.contract.series import SeriesRecord
from papertape.contract.snapshot import Snapshot
from papertape.contract.strategy import Context, Wish
from papertape.engine import digest
from papertape.engine.delays import Delays
from papertape.engine.funding import Funding
from papertape.engine.guard import GUEST_ERRORS
from papertape.engine.journal import Journal, seen_fill
from papertape.engine.mark_candles import take_mark
from papertape.engine.seat import FusionSeat, Seat, StrategySeat
from papertape.market.instruments import read_instrument
from papertape.market.market import Market

if TYPE_CHECKING:
    from papertape.engine.serving import Serving
    from papertape.features.engine import FeatureEngine


class Session:
    """Folds batches, and the tape's events between them, into books, orders, fills and signals.

    `step` follows the order of the explanation page on sessions: broker, market, books and standing rules, snapshot,
    signals, fusions, sizers and risk rules, orders. `curves` holds every book's marks since they were last taken.
    `absent`: how often a symbol had no candle in a batch that counts; `first_ts`: open of the first such batch, ms UTC.
    """

    def __init__(
        self,
        market: Market,
        exchange: Exchange,
        journal: Journal,
        strategies: Sequence[StrategySeat],
        fusions: Sequence[FusionSeat],
        period: int,
        warmed: int = 0,
        stale_after: int | None = None,
    ) -> None:
        self.market = market
        self.exchange = exchange
        self.journal = journal
        self.strategies = list(strategies)
        self.fusions = list(fusions)
        self.seats: list[Seat] = [*self.strategies, *self.fusions]
        self.books = [seat.desk.book for seat in self.seats]
        self.period = period
        self.warmed = warmed
        self.stale_ms = None if stale_after is None else stale_after * period
        self.paused = False
        self.feed_muted = False
        self.feed_stale: frozenset[str] = _NONE
        self.interrupted = False
        self.absent = 0
        self.first_ts: int | None = None
        self.opening: list[float | None] = [None] * len(market.symbols)
        self.unopened = len(market.symbols)
        self.curves = [(book.equities, book.exposures) for book in self.books]
        self._desks = [seat.desk for seat in self.seats]
        self.funding = Funding(self.books, exchange.instruments, market, journal)
        self.delays: Delays | None = None
        self.features: FeatureEngine | None = None
        self.serving: Serving | None = None
        self.renew: Callable[[Seat], None] = _no_renewal
        self._desk_of = {seat.desk.book.name: seat.desk for seat in self.seats}
        self._strategy_of = {seat.desk.book.name: seat for seat in self.strategies}
        self._clock = time.perf_counter_ns
        self.occasion: tuple[frozenset[str], bool] = (_NONE, False)

    @property
    def candles(self) -> int:
        """How many candles of all symbols have been taken in, warm-up left out."""
        return max(0, self.journal.batch + 1 - self.warmed) * len(self.market.symbols) - self.absent

    @property
    def last_ts(self) -> int | None:
        """Open of the newest candle, ms UTC; None as long as no batch counts."""
        return None if self.first_ts is None else max(row[TS] for row in self.market.last if row is not None)

    @property
    def digest(self) -> str:
        """The chain as it stands, closed with the balances of all books."""
        balances: list[object] = ["closing"]
        for book in self.books:
            balances += [book.name, book.cash]
            for slot in sorted(book.holdings):
                balances += [self.market.symbols[slot], book.holdings[slot].quantity]
        return digest.shown(digest.link(self.journal.chain, digest.record(*balances)))

    def step(self, now: int, rows: tuple[Row | None, ...]) -> None:
        """Takes in the batch that closes at `now` (ms UTC): one slot per symbol, None where it has no candle."""
        self.run((now,), (rows,))

    def run(self, times: Sequence[int], batches: Sequence[tuple[Row | None, ...]]) -> None:
        """Steps through batches, one after the other; once `interrupted` is set, no further than the one under way.

        Funding that waits is booked between the last batch that closes by its time and the next.
        """
        while self.funding.waiting:
            before = bisect_right(times, self.funding.waiting[0].ts)
            self._run(times[:before], batches[:before])
            times, batches = times[before:], batches[before:]
            if not times or (before and self.interrupted):
                return
            self.funding.book_next()
        self._run(times, batches)

    def _run(self, times: Sequence[int], batches: Sequence[tuple[Row | None, ...]]) -> None:
        """Steps through any number of batches.

        One frame for many steps: what the loop needs of the session is looked up once.
        """
        journal, market, exchange = self.journal, self.market, self.exchange
        symbols, index, clock, warmed = market.symbols, market.index, self._clock, self.warmed
        desks, strategies, fusing = self._desks, self.strategies, bool(self.fusions)
        stale, paused = self.feed_stale, self.paused or self.feed_muted
        features, serving = self.features, self.serving
        for now, rows in zip(times, batches, strict=True):
            journal.batch = batch = journal.batch + 1
            journal.now = now
            counted = batch >= warmed
            muted = paused or not counted

            for desk in desks:
                book = desk.book
                if book.orders or (book.margin and book.holdings):
                    exchange.meet(book, rows, market.last)
            if journal.fills:
                self._tell_fills()

            fresh = market.take(now, rows)
            last = market.last
            if counted:
                if self.unopened:
                    self._open(now, rows)
                if fresh is not symbols:
                    self.absent += len(symbols) - len(fresh)

            for desk in desks:
                book = desk.book
                if book.holdings:
                    book.mark(last, rows)
                    if book.margin:
                        self._liquidate(book, rows)
                    if book.equity > desk.peak:
                        desk.peak = book.equity
                if desk.marking:
                    desk.stand(now, muted)
                if counted:
                    book.equities.append(book.equity)
                    book.exposures.append(book.exposure)

            if features is not None:
                features.take(now, rows, market.closed)
            if serving is not None:
                serving.take(now, rows)
            if self.stale_ms is not None:
                stale = self._stale(now)
            for seat in strategies:
                guard = seat.guard
                if guard.status != "ok":
                    continue
                snapshot = Snapshot(now, batch, symbols, fresh, last, index, seat)
                started = clock()
                try:
                    wishes = seat.on_snapshot(snapshot)
                    if wishes.__class__ is not list:
                        wishes = _listed(wishes)
                except GUEST_ERRORS as error:
                    guard.spent.append(clock() - started)
                    self._failed(seat, error)
                    continue
                guard.spent.append(clock() - started)
                if wishes and (seat.touched or wishes != seat.quiet):
                    self._hear(seat, wishes, muted)
                if guard.streak:
                    guard.streak = 0
                if seat.desk.after_flat and not muted:
                    seat.desk.settle_reversals()
                if seat.timed:
                    seat.lapse(now)
            if fusing:
                self._fuse(stale, muted)
            if self.interrupted:
                return

    def _hear(self, seat: Seat, wishes: Sequence[Wish], muted: bool) -> None:
        if self.delays is not None:
            self.delays.set(seat)
        try:
            seat.take(wishes, muted)
        except GUEST_ERRORS as error:  # a wish is a guest's object: to hash, compare or print it may raise anything
            self._failed(seat, error)

    def _failed(self, seat: Seat, error: BaseException) -> None:
        seat.guard.failed(error)
        self._left(seat)

    def _open(self, now: int, rows: tuple[Row | None, ...]) -> None:
        """Notes the first close of each symbol, for what holding the market would have come to."""
        if self.first_ts is None:
            self.first_ts = now - self.period
        self.opening = [
            row[CLOSE] if first is None and row is not None else first
            for first, row in zip(self.opening, rows, strict=True)
        ]
        self.unopened = self.opening.count(None)

    def _liquidate(self, book: Book, rows: tuple[Row | None, ...]) -> None:
        last = self.market.last
        self.exchange.liquidate_at_close(book, last)
        if self.journal.fills:
            self._tell_fills()
            book.mark(last, rows)

    def _fuse(self, stale: frozenset[str], muted: bool) -> None:
        """Fusions vote when a stance, who is alive, what is stale or whether anything is traded has changed."""
        occasion = (stale, muted)
        if occasion != self.occasion or any(seat.moved for seat in self.strategies):
            self.occasion = occasion
            for fusion in self.fusions:
                if fusion.guard.status == "ok":
                    if signals := fusion.vote(stale):
                        self._hear(fusion, signals, muted)
                    self._left(fusion)
            for seat in self.strategies:
                seat.moved = False
        for fusion in self.fusions:
            if fusion.desk.after_flat and not muted:
                fusion.desk.settle_reversals()

    def _left(self, seat: Seat) -> None:
        """A quarantined member leaves the fusions; its book cancels entries and keeps protective orders."""
        if seat.guard.status == "quarantined":
            seat.moved = True
            seat.desk.after_flat.clear()
            seat.desk.cancel_openings(f"{seat.name} is quarantined")

    def _tell_fills(self) -> None:
        fills, self.journal.fills = self.journal.fills, []
        if self.funding.slots:
            self.funding.follow(fills)
        for book, row, tag, settled in fills:
            seat = self._strategy_of.get(book.name)
            if seat is not None and seat.hears_fills:
                seat.guard.call(seat.strategy.on_fill, seen_fill(row, tag))
                self._left(seat)
            if settled.closed is not None:
                self._desk_of[book.name].round_trip(settled.closed)

    def _stale(self, now: int) -> frozenset[str]:
        assert self.stale_ms is not None
        oldest = now - self.period - self.stale_ms
        last = self.market.last
        old = [symbol for symbol, row in zip(self.market.symbols, last, strict=True) if row is None or row[TS] < oldest]
        stale = self.feed_stale.union(old)
        for seat in self.seats:
            seat.desk.stale = stale
        return stale

    # Events of the tape

    def apply(self, at: int, event: Event) -> None:
        """Takes in what stands on the tape between two batches; `at`: its time, ms UTC.

        An operator's command, `{"command": "pause" | "resume" | "flatten" | "disable" | "enable" | "restart", "book":
        ..., "plugin": ...}`, or what a feed brings: `{"funding": SYMBOL, "ts": ms, "rate": "decimal", "mark":
        "decimal"}`, a mark candle before the batch that closes with it, `{"mark": SYMBOL, "ts": its open, "open": ...,
        "high": ..., "low": ..., "close": ...}`, a record of a series, `{"external": NAME, "valid": ms, "available": ms,
        "value": ...}`, and the events of `LiveFeed`; or `{"instrument": {...}}`, whose rules have changed; or
        `{"reference": MODEL, "name": ..., "version": ..., "checksum": ...}`, whose version answers from the next batch
        on.
        Raises `ConfigError` for what this session cannot carry out.
        """
        if "funding" in event:
            self.funding.hear(event)
        elif "external" in event:
            if self.features is not None:
                record = SeriesRecord(event["valid"], event["available"], event["value"])
                self.features.heard.hear(event["external"], record)
        elif "reference" in event:
            if self.serving is not None:
                self.serving.change(event)
        elif "mark" in event:
            take_mark(self.exchange.marks, self.funding.slots, self.market, event)
        elif "feed" in event:
            self._hear_feed(event)
        elif "instrument" in event:
            changed = read_instrument(event["instrument"])
            known = self.exchange.instruments
            self.exchange.instruments = tuple(changed if one.symbol == changed.symbol else one for one in known)
        else:
            self._obey(at, event)

    def _hear_feed(self, event: Event) -> None:
        kind = event["feed"]
        if kind in ("muted", "unmuted"):
            self.feed_muted = kind == "muted"
        elif kind in ("stale", "whole"):
            change = frozenset((event["symbol"],))
            self.feed_stale = self.feed_stale | change if kind == "stale" else self.feed_stale - change
            for seat in self.seats:
                seat.desk.stale = self.feed_stale
        elif kind == "late":
            self._take_late(self.market.index[event["symbol"]], tuple(event["row"]))
        elif kind == "history":
            self._remember(event["symbol"], event["timeframe"], [tuple(row) for row in event["rows"]])
        elif kind != "amended":
            raise ConfigError(f"no event {kind!r} of a feed is known")

    def _take_late(self, slot: int, row: Row) -> None:
        """Takes in a candle of a batch that has gone: broker and market see it, at its own close; no plugin is called,
        and `on_fill` hears of its fills with the next batch."""
        journal, last = self.journal, self.market.last
        rows = tuple(row if place == slot else None for place in range(len(last)))
        now, journal.now = journal.now, row[TS] + self.period
        for book in self.books:
            if book.orders or (book.margin and book.holdings):
                self.exchange.meet(book, rows, last)
        journal.now = now
        self.market.take_late(slot, row)
        if self.features is not None:
            self.features.take(row[TS] + self.period, rows, self.market.closed)
        if self.serving is not None:
            self.serving.take_late(rows)
        if self.first_ts is not None and row[TS] >= self.first_ts:
            self.absent -= 1

    def _remember(self, symbol: str, timeframe: str, rows: list[Row]) -> None:
        self.market.remember(symbol, timeframe, rows)
        if self.features is not None:
            self.features.remember(self.market.index[symbol], timeframe, rows)

    def _obey(self, at: int, command: Event) -> None:
        kind = str(command.get("command"))
        if kind in ("pause", "resume"):
            self.paused = kind == "pause"
        elif kind == "flatten":
            book = command.get("book")
            if book is not None and book not in self._desk_of:
                raise ConfigError(f"no book {book!r} in this session; it has {', '.join(self._desk_of)}")
            for name, desk in self._desk_of.items():
                if book in (None, name):
                    desk.flatten("the operator flattened it", at)
        elif kind in _SWITCHED:
            done = _SWITCHED[kind]
            self._switch(str(command.get("plugin")), kind, str(command.get("reason", f"the operator {done} it")))
        else:
            raise ConfigError(f"no command {kind!r}; there is pause, resume, flatten, disable, enable and restart")

    def _switch(self, plugin: str, kind: str, reason: str) -> None:
        seat = next((seat for seat in self.seats if seat.name == plugin), None)
        if seat is None:
            raise ConfigError(
                f"no plugin {plugin!r} in this session; it has {', '.join(seat.name for seat in self.seats)}"
            )
        if kind == "restart":
            self.renew(seat)
            seat.forget()
            if isinstance(seat, FusionSeat):
                self.strategies[0].moved = True  # it votes anew with the next batch, whether or not a stance moves
        seat.guard.streak = 0
        seat.guard.status = "disabled" if kind == "disable" else "ok"
        seat.guard.report(plugin, _SWITCHED[kind], reason, "")
        seat.moved = True
        if kind != "enable":
            seat.desk.after_flat.clear()
            seat.desk.cancel_openings(reason)

    def start(self, contexts: Mapping[str, Context]) -> None:
        """Calls `on_start` of every strategy with its context, by name, and of every fusion with its members. An error
        of papertape's own goes through: the component cannot trade this session at all."""
        calls: list[tuple[Seat, Callable[[], None]]] = [
            *((seat, partial(seat.strategy.on_start, contexts[seat.name])) for seat in self.strategies),
            *((seat, partial(seat.fusion.on_start, tuple(one.name for one in seat.members))) for seat in self.fusions),
        ]
        for seat, call in calls:
            try:
                call()
            except PapertapeError:
                raise
            except GUEST_ERRORS as error:
                seat.guard.failed(error)

    def stop(self) -> list[str]:
        """Calls `on_stop` of every strategy, when all is kept already; gives what went wrong, a line each."""
        failures = []
        for seat in self.strategies:
            try:
                seat.strategy.on_stop()
            except GUEST_ERRORS as error:
                failures.append(f"{seat.name}: on_stop failed: {type(error).__name__}: {error}")
        return failures


def _no_renewal(seat: Seat) -> None:
    raise ConfigError(f"{seat.name} cannot be restarted: this session does not know what it was made from")


def _listed(wishes: Iterable[Wish] | None) -> list[Wish]:
    """What a strategy yielded. Raises `PluginError` for more than anybody can mean, before memory runs out."""
    found = [] if wishes is None else list(islice(wishes, MOST_WISHES + 1))
    if len(found) > MOST_WISHES:
        raise PluginError(f"it yielded more than {MOST_WISHES:,} wishes in one batch")
    return found


_NONE: Final[frozenset[str]] = frozenset()
_SWITCHED: Final[Mapping[str, str]] = {"disable": "disabled", "enable": "enabled", "restart": "restarted"}
"""Commands about one plugin, and what each comes to."""
MOST_WISHES: Final = 10_000
