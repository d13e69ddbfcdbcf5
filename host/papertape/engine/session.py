"""A session: the pure step. No I/O, no clock, no chance; state = fold(step, tape)."""

import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from papertape.broker.book import Book
from papertape.broker.exchange import Exchange
from papertape.broker.meeting import liquidate_at_close, meet
from papertape.contract.candle import CLOSE, TS, Row
from papertape.contract.errors import ConfigError, PapertapeError
from papertape.contract.snapshot import Snapshot
from papertape.contract.strategy import Context, Wish
from papertape.engine import digest
from papertape.engine.delays import Delays
from papertape.engine.funding import Funding
from papertape.engine.guard import GUEST_ERRORS
from papertape.engine.journal import Journal, seen_fill
from papertape.engine.seat import FusionSeat, Seat, StrategySeat, listed
from papertape.market.market import Market

if TYPE_CHECKING:
    from papertape.engine.serving import Serving
    from papertape.features.engine import FeatureEngine


class Session:
    """Folds batches into books, orders, fills and signals; `events` has what stands on the tape between them.

    `step` follows the order of the explanation page on sessions: broker, market, books and standing rules, snapshot,
    signals, fusions, sizers and risk rules, orders. `curves` holds every book's marks since they were last taken.
    `desk_of`: the desks by book; `renew`: seats a new component in the place of the one that sits there.
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
        self.desk_of = {seat.desk.book.name: seat.desk for seat in self.seats}
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
                    meet(exchange, book, rows, market.last)
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
                        wishes = listed(wishes)
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
        liquidate_at_close(self.exchange, book, last)
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
                self.desk_of[book.name].round_trip(settled.closed)

    def _stale(self, now: int) -> frozenset[str]:
        assert self.stale_ms is not None
        oldest = now - self.period - self.stale_ms
        last = self.market.last
        old = [symbol for symbol, row in zip(self.market.symbols, last, strict=True) if row is None or row[TS] < oldest]
        stale = self.feed_stale.union(old)
        for seat in self.seats:
            seat.desk.stale = stale
        return stale

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


_NONE: Final[frozenset[str]] = frozenset()
