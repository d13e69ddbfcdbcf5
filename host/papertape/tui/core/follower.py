"""Follows one session through its ledger: each look reads what is new, and gives the whole as a frozen view."""

import json
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

from sqlalchemy import Connection

from papertape.contract.candle import Candles
from papertape.contract.errors import NoLedger
from papertape.engine import codec
from papertape.engine.config import SessionConfig, read_config
from papertape.engine.tape import BATCH, PACE
from papertape.ledger.records import CheckpointRow, FillRow, NoteRow, PluginEventRow, SignalRow, TapeRow
from papertape.ledger.store import CommandRow, Ledger, SessionRow
from papertape.market.timeframe import period
from papertape.reports.figures import Curve
from papertape.tui.core import commands, reading, standing
from papertape.tui.core.candles import CandleHistory, past_candles
from papertape.tui.core.happenings import TOLD, happenings
from papertape.tui.core.history import BookHistory
from papertape.tui.core.reading import Newest
from papertape.tui.core.views import BookView, PluginView, SessionView, Status

PATIENCE = 2.0
"""Seconds to wait for somebody else's lock, or for a server: a screen says soon that nobody answers."""
NEWEST = 500
"""Signals, fills and events of each kind that are kept to be shown."""
FILLS_AT_ONCE, BLOCKS_AT_ONCE = 4_000, 2_000
"""Fills, and blocks of each book's equity, that one look takes in: a long past comes over several looks."""
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Follower:
    """One reader's place in a session. Use it from one thread; `recall` may run in another.

    Whatever a look raises, the next one may succeed: it opens the ledger anew.
    """

    def __init__(self, url: str, session: str) -> None:
        self.url = url
        self.session = session
        self._ledger: Ledger | None = None
        self._config: SessionConfig | None = None
        self._state: dict[str, Any] | None = None
        self._batch = -2
        self._books: dict[str, BookHistory] = {}
        self._signals = Newest(SignalRow, NEWEST)
        self._fills = Newest(FillRow, 4 * NEWEST)
        self._folded = 0
        self._behind = False
        self._events = Newest(PluginEventRow, NEWEST)
        self._tape = Newest(TapeRow, NEWEST, TOLD)
        self._paces = Newest(TapeRow, NEWEST, (PACE,))
        self._arrivals = Newest(TapeRow, 1, (BATCH,))
        self._pace, self._moving = "max", "max"
        self._notes: tuple[NoteRow, ...] = ()
        self._commands: list[CommandRow] = []
        self._stamp: tuple[object, ...] = ()
        self._candles = CandleHistory()
        self._lock = Lock()
        self._seen: tuple[object, ...] = ()
        self._shown: SessionView | None = None

    @property
    def behind(self) -> bool:
        """Whether the past is not all taken in yet, so that another look should follow at once."""
        return self._behind

    @property
    def wants_past(self) -> bool:
        """Whether there are candles to be had from before those that it holds."""
        return self._batch > 0 and not self._candles.whole

    def look(self) -> SessionView:
        """The session now; the same object as before where nothing has changed.

        Raises LedgerError kinds where the database fails, UnknownSession where it has none such.
        """
        try:
            ledger = self._opened()
            with ledger.database.read() as connection:
                row, kept = self._read(connection)
            if kept is not None and kept.state:
                self._stand(kept, json.loads(row.symbols))  # after the reading, which has the ledger's log wait
            return self._viewed(ledger, row)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Lets go of the database; another look opens it again."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def recall(self, given_up: Callable[[], bool] = lambda: False) -> None:
        """Reads the candles from before those that the session keeps; takes a while. Raises as `past_candles`."""
        batch = self._batch
        with Ledger.open(self.url, patience=PATIENCE) as ledger:
            past = past_candles(ledger, self.session, batch, given_up)
        if not given_up():
            with self._lock:
                self._candles.recall(batch, past)

    def _opened(self) -> Ledger:
        if self._ledger is None:
            self._ledger = Ledger.open(self.url, patience=PATIENCE)
            self.session = self._ledger.find(self.session).id
        file = self._ledger.database.file
        if file is not None and not file.is_file():  # an open file outlives its name, and would never change again
            raise NoLedger(f"the ledger {self._ledger.database.name} is gone: its file is not there any more")
        return self._ledger

    # Reading

    def _read(self, connection: Connection) -> tuple[SessionRow, CheckpointRow | None]:
        """Takes in what is new, and gives where the session stands if it has moved; all of it is of one moment."""
        row = reading.session_row(connection, self.session)
        if row is None:
            raise NoLedger(f"session {self.session} is not in the ledger any more")
        if self._config is None:
            period(row.timeframe)  # charts count by it: whatever else a ledger may hold is said, and not drawn
            self._begin(read_config(json.loads(row.config)))
        asked = reading.last_commands(connection, self.session, 50)
        stamp = (row, asked, reading.last_entry(connection, self.session))
        if stamp == self._stamp and not self._behind:
            return row, None  # every commit of the host moves one of these
        # Obeying makes the checkpoint of the same batch anew.
        known = self._batch if asked == self._commands else self._batch - 1
        kept = reading.checkpoint_after(connection, self.session, known)
        self._read_records(connection)
        self._commands, self._stamp = asked, stamp
        return row, kept

    def _stand(self, kept: CheckpointRow, symbols: Sequence[str]) -> None:
        self._state, self._batch = codec.decode(kept.state), kept.batch
        with self._lock:
            self._candles.see(kept.batch, standing.windows(self._state, symbols))

    def _begin(self, config: SessionConfig) -> None:
        strategies, fusions = standing.book_names(config)
        self._config = config
        self._books = {name: BookHistory(Curve(float(config.cash))) for name in (*strategies, *fusions)}

    def _read_records(self, connection: Connection) -> None:
        session = self.session
        for kept in (self._signals, self._fills, self._events, self._tape):
            kept.read(connection, session)
        self._pace, self._moving = commands.paces(self._paces.read(connection, session), self._pace, self._moving)
        if self._config is not None and self._config.feed.kind == "exchange":
            self._arrivals.read(connection, session)
        self._notes = reading.notes(connection, session)
        fills = reading.fills_after(connection, session, self._folded, FILLS_AT_ONCE)
        for fill in fills:
            self._books[fill.book].fill(fill)
            self._folded = fill.seq
        self._behind = len(fills) == FILLS_AT_ONCE
        after = {name: book.batch for name, book in self._books.items()}
        most = BLOCKS_AT_ONCE * len(after)
        came = reading.equity_after(connection, session, after, most)
        for name, blocks in came.items():
            self._books[name].take(blocks)
        self._behind |= sum(map(len, came.values())) == most

    # Viewing

    def _viewed(self, ledger: Ledger, row: SessionRow) -> SessionView:
        status = reading.status_of(ledger, row)
        with self._lock:
            candles = self._candles.by_symbol
        newest = [kept.last for kept in (self._signals, self._fills, self._events, self._tape, self._paces)]
        past = [book.batch for book in self._books.values()]
        seen = (row, status, self._batch, newest, past, self._folded, self._commands, self._notes, id(candles))
        if self._shown is None or seen != self._seen:
            self._seen, self._shown = seen, self._view(ledger, row, status, candles)
        return self._shown

    def _view(self, ledger: Ledger, row: SessionRow, status: Status, candles: Mapping[str, Candles]) -> SessionView:
        config, state = self._config, self._state
        assert config is not None, "read just now"
        symbols = tuple(json.loads(row.symbols))
        seen = min((book.seen for book in self._books.values()), default=0)
        kind = config.feed.kind
        return SessionView(
            id=row.id,
            status=status,
            error=row.error,
            ledger=ledger.database.name,
            created_at=row.created_at,
            feed=str(config.feed.params.get("exchange", kind)) if kind == "exchange" else kind,
            live=kind == "exchange",
            symbols=symbols,
            timeframe=row.timeframe,
            batch=self._batch,
            now=state["now"] if state else 0,
            batches=row.snapshots,
            candles=row.bars,
            limit=config.bars,
            seconds=row.seconds,
            digest=row.digest,
            start_cash=float(config.cash),
            read=min(1.0, seen / row.snapshots) if row.snapshots else 1.0,
            paused=bool(state and state["paused"]),
            muted=bool(state and state["feed_muted"]),
            delay=_delay(self._arrivals.rows),
            pace="" if kind == "exchange" else self._pace,
            moving=self._moving or commands.watchable(row.timeframe),
            books=self._book_views(config),
            positions=tuple(standing.positions(state, symbols)) if state else (),
            orders=tuple(standing.orders(state)) if state else (),
            signals=self._signals.rows,
            fills=self._fills.rows,
            verdicts=tuple(standing.verdicts(state, config, symbols)) if state else (),
            plugins=self._plugin_views(config, row),
            data=tuple(standing.symbols_now(state, symbols)) if state else (),
            notes=self._notes,
            commands=commands.command_views(self._commands, (*self._tape.rows, *self._paces.rows), status == "running"),
            happenings=happenings(self._fills.rows[-NEWEST:], self._events.rows, self._tape.rows, NEWEST),
            candles_by_symbol=candles,
        )

    def _book_views(self, config: SessionConfig) -> tuple[BookView, ...]:
        strategies, fusions = standing.book_names(config)
        statuses = self._statuses(config)
        views = []
        for place, name in enumerate((*strategies, *fusions)):
            past, seat = self._books[name], self._state["seats"][name] if self._state else None
            equity = float(seat["equity"]) if seat else past.curve.start
            views.append(
                BookView(
                    name=name,
                    letter=LETTERS[place % len(LETTERS)],
                    fusion=name in fusions,
                    status=statuses.get(name, ("ok", 0, 0))[0],
                    cash=seat["cash"] if seat else config.cash,
                    equity=equity,
                    change=equity / past.curve.start - 1.0,
                    max_drawdown=past.curve.max_drawdown,
                    sharpe=past.curve.sharpe,
                    exposure=abs(float(seat["exposure"])) / equity if seat and equity > 0 else 0.0,
                    trades=past.trades,
                    fees=past.fees,
                    positions=len(seat["holdings"]) if seat else 0,
                    standing=standing.standing_rules(seat) if seat else (),
                    line=past.thinned.line(),
                )
            )
        return tuple(views)

    def _plugin_views(self, config: SessionConfig, row: SessionRow) -> tuple[PluginView, ...]:
        strategies, fusions = standing.book_names(config)
        measured = {one["name"]: one for one in json.loads(row.summary).get("plugins", [])} if row.summary else {}
        kept = self._state.get("spent", ()) if self._state else ()
        spent = dict(zip(standing.guard_names(config), map(tuple, kept), strict=False))
        said = {event.plugin: f"{event.kind}: {event.message}" for event in self._events.rows}
        views = []
        for name, (status, errors, streak) in self._statuses(config).items():
            part = "strategy" if name in strategies else "fusion" if name in fusions else "other"
            if part == "other" and status == "ok" and not errors and name not in said:
                continue
            times = measured.get(name, {})
            figures = (times.get("calls"), times.get("p50_us"), times.get("p99_us")) if times else spent.get(name, ())
            views.append(PluginView(name, part, status, errors, streak, said.get(name, ""), *figures))  # type: ignore[arg-type]
        return tuple(views)

    def _statuses(self, config: SessionConfig) -> dict[str, tuple[str, int, int]]:
        """Status, errors and errors in a row of every guarded component."""
        kept = self._state["guards"] if self._state else []
        return {name: tuple(one) for name, one in zip(standing.guard_names(config), kept, strict=False)}


def _delay(newest: Sequence[TapeRow]) -> int | None:
    """How long after its close the newest batch of a live session came, ms."""
    arrived = json.loads(newest[0].payload)["arrived"] if newest else None
    return None if arrived is None else max(0, arrived - newest[0].at)
