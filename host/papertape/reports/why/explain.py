"""Explaining a candle: the session folded to it and watched, or where that cannot be, what its ledger holds of it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from papertape.contract.errors import PapertapeError
from papertape.contract.feed import Event
from papertape.contract.strategy import Strategy
from papertape.engine.agreement import first_difference
from papertape.engine.build import FEATURES
from papertape.engine.discovery import Plugins
from papertape.engine.journal import order_row
from papertape.engine.retelling import Retelling, retelling
from papertape.engine.seat import FusionSeat, Seat, StrategySeat
from papertape.engine.tape import codes
from papertape.ledger.finding import around, batch_entry, prediction_of
from papertape.ledger.records import Effects, OrderRow, TapeRow
from papertape.ledger.store import Ledger, SessionRow
from papertape.market.timeframe import iso
from papertape.reports.why.broker import decided, fates, meetings
from papertape.reports.why.chain import BookLink, BookState, Chain, ModelLink, VoteLink, WordLink
from papertape.reports.why.kept import from_ledger
from papertape.reports.why.market import candle_link, data_notes, feed_words, model_links, session_words
from papertape.reports.why.moment import last_close, outside
from papertape.reports.why.said import feature_values, stance_link, vote_link, wish_links
from papertape.reports.why.scope import books_of, symbol_of
from papertape.reports.why.sizing import attempt_link, standing_links


def explain(
    ledger: Ledger,
    session: SessionRow,
    plugins: Plugins,
    symbol: str,
    at: int,
    book: str | None = None,
    *,
    whole: bool = False,
) -> Chain:
    """The chain behind the candle of `symbol` that closes at `at` (ms UTC) or holds it, for all books or one.

    Where nothing closed then, the next batch is taken, and a warning says so. `whole`: folds from the session's start,
    also where that takes long, so that what keeps no state is there as it was. Raises `RequestError` for a symbol or
    book that the session does not have, and for a time outside it.
    """
    symbol = symbol_of(session, symbol)
    opening = list(islice(ledger.rows(session.id, TapeRow), 1))  # a live session's tape is long: it is read once
    names = books_of(session, opening, book)
    if at > last_close(session) or around(ledger, session.id, at).after is None:
        raise outside(session, at)
    try:
        with retelling(ledger, session.id, plugins, at, whole) as told:
            telling = _Telling(ledger, session, told, symbol, names, at)
            early = told.batch == 0 and at <= told.now - told.session.period
            chain = telling.chain()
    except PapertapeError as error:  # also one of a request: a strategy's file that is gone, say
        return from_ledger(ledger, session, opening, symbol, names, at, str(error))
    if early:
        raise outside(session, at)
    if telling.differs and told.begun.afresh:
        return explain(ledger, session, plugins, symbol, at, book, whole=True)
    changed = sorted(
        name for name, code in told.begun.built.code.items() if any(then.get(name) != code for then in codes(told.tape))
    )
    if changed:
        names_of = ["the features" if name == FEATURES else name for name in changed]
        warning = f"the code of {', '.join(names_of)} is not what it was all the time; this is what it does now"
        chain = replace(chain, warnings=(*chain.warnings, warning))
    return chain


class _Telling:
    """One candle of one symbol, told."""

    def __init__(
        self, ledger: Ledger, session: SessionRow, told: Retelling, symbol: str, books: Sequence[str], at: int
    ) -> None:
        self.ledger = ledger
        self.row = session
        self.told = told
        self.session = told.session
        self.symbol = symbol
        self.slot = self.session.market.index[symbol]
        self.books = books
        self.at = at
        self.differs: str | None = None

    def chain(self) -> Chain:
        told, session, slot = self.told, self.session, self.slot
        muted = self._muted()
        before = {seat.name: self._working(seat) for seat in session.seats}
        said = {seat.name: seat.said[slot] for seat in session.seats}
        status = {seat.name: seat.guard.status for seat in session.seats}
        seq = session.journal.seq
        effects = told.step()
        last = session.market.last[slot]
        stale = self.symbol in session.occasion[0] or any(self.symbol in seat.desk.stale for seat in session.seats)
        books = [
            self._book(seat, before[seat.name], said[seat.name], status[seat.name], effects, muted)
            for seat in session.seats
            if seat.name in self.books
        ]
        models = self._models(effects)
        books, events, later = self._afterwards(books)
        self.differs = told.differs or first_difference(
            self.ledger, self.row.id, (effects, *later), seq, told.batch, told.same
        )
        candle = candle_link(
            told.rows[slot], last, told.now, session.period, self._arrived(), stale,
            data_notes(self.ledger, self.row.id, self.symbol, told.now - session.period),
            feed_words([*told.events, *events], self.symbol),
        )  # fmt: skip
        return Chain(
            self.row.id, self.symbol, session.market.timeframe, self.at, told.batch, told.now - session.period,
            told.now, "fold", self._warnings(), candle, session_words(told.commands, told.events), models,
            tuple(books), session_words(told.followed, events),
        )  # fmt: skip

    def _afterwards(self, books: list[BookLink]) -> tuple[list[BookLink], list[Event], list[Effects]]:
        """The books with what came before the next batch; the feed's events of then, and all that came of it."""
        events: list[Event] = []
        done: list[Effects] = []
        working = {seat.name: self._working(seat) for seat in self.session.seats}
        for event, effects in self.told.go_on():
            done.append(effects)
            events += [event] if event is not None else []
            books = [self._followed(link, event, effects, working[link.book]) for link in books]
            working = {seat.name: self._working(seat) for seat in self.session.seats}
        return books, events, done

    def _models(self, effects: Effects) -> tuple[ModelLink, ...]:
        if self.session.serving is None:
            return ()
        made = [row for row in effects.predictions if row.batch == self.told.batch and row.symbol == self.symbol]
        kept = [prediction_of(self.ledger, self.row.id, row.number) for row in made]
        return model_links(
            self.told.begun.built.asked, self._asking(), self.told.batch, self.slot, self.symbol, filter(None, kept)
        )

    def _asking(self) -> set[str]:
        """The components behind the books that are told: their own, and a fusion's members."""
        found: set[str] = set()
        for seat in self.session.seats:
            if seat.name in self.books:
                found |= {seat.name, seat.desk.sizer_guard.name}
                found |= {member.name for member in seat.members} if isinstance(seat, FusionSeat) else set()
        return found

    def _warnings(self) -> tuple[str, ...]:
        told, found = self.told, []
        if self.at <= told.now - self.session.period:
            found.append(f"no batch holds {iso(self.at)}; this is the next one, which closed at {iso(told.now)}")
        if told.begun.afresh:
            found.append(
                f"{', '.join(told.begun.afresh)}: keeps no state, so it was called afresh from batch "
                f"{told.begun.batch + 1} on, and did what the ledger holds; --from-start calls it from the very first"
            )
        if self.differs is not None:
            found.append(f"folded again, the session is not what its ledger holds: {self.differs}")
        return tuple(found)

    def _muted(self) -> str | None:
        session = self.session
        if self.told.batch < session.warmed:
            return "the session only warms up"
        if session.paused:
            return "an operator has paused it"
        return "its feed has muted it" if session.feed_muted else None

    def _working(self, seat: Seat) -> dict[int, OrderRow]:
        book = seat.desk.book
        return {order.id: order_row(book.name, order) for order in book.orders if order.slot == self.slot}

    def _arrived(self) -> int | None:
        if not self.told.begun.header.live:
            return None
        payload = batch_entry(self.ledger, self.row.id, self.told.batch)
        return None if payload is None else json.loads(payload)["arrived"]

    def _book(
        self,
        seat: Seat,
        before: dict[int, OrderRow],
        said: object,
        status: str,
        effects: Effects,
        muted: str | None,
    ) -> BookLink:
        told, slot, desk, book = self.told, self.slot, seat.desk, seat.desk.book
        watch = told.watches[seat.name]
        wishes = told.wishes.get(seat.name, [])
        links = wish_links(seat, slot, wishes, said, effects.signals, effects.orders, watch, muted is not None)  # type: ignore[arg-type]
        errors = [row for row in effects.plugin_events if row.plugin == seat.name and row.kind == "error"]
        error = errors[-1].message if errors else None
        word: WordLink | None = None
        vote: VoteLink | None = None
        if isinstance(seat, FusionSeat):
            wish = links[-1] if links else None
            stale = self.session.occasion[0]
            vote = vote_link(seat, slot, told.councils.get(seat.name), stale, wish, error)
        else:
            assert isinstance(seat, StrategySeat)
            word = WordLink(
                status, error, links, stance_link(seat, slot), feature_values(seat.features(slot)),
                _models(seat.strategy),
            )  # fmt: skip
        attempts = [one for one in watch.attempts if one.wish.symbol == self.symbol]
        made = decided(effects.orders, seat.name, self.symbol, told.batch)
        candle = told.rows[slot]
        return BookLink(
            seat.name,
            "fusion" if vote is not None else "strategy",
            BookState(book.cash, book.equity, book.exposure, book.quantity(slot)),
            meetings(before, effects, seat.name, self.symbol, candle, desk.exchange.touch),
            standing_links(desk),
            word,
            vote,
            muted,
            tuple(attempt_link(desk, slot, one) for one in attempts),
            fates(self.ledger, self.row.id, made, {}),
            (),
            funding=tuple(row.amount for row in effects.funding if row.book == seat.name and row.symbol == self.symbol),
        )

    def _followed(
        self, link: BookLink, event: Event | None, effects: Effects, working: dict[int, OrderRow]
    ) -> BookLink:
        """With what an operator, or an event of the feed, did to the book after the batch."""
        if event is not None and event.get("feed") == "late" and event["symbol"] == self.symbol:
            row, touch = tuple(event["row"]), self.session.exchange.touch
            return replace(link, late=(*link.late, *meetings(working, effects, link.book, self.symbol, row, touch)))
        known = {fate.order.number for fate in (*link.orders, *link.later)}
        made = decided(effects.orders, link.book, self.symbol, self.told.batch)
        fresh = [row for row in made if row.seq not in known]
        return replace(link, later=(*link.later, *fates(self.ledger, self.row.id, fresh, {}))) if fresh else link


def _models(strategy: Strategy) -> tuple[str, ...]:
    return tuple(strategy.models())
