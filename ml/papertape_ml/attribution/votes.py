"""Every council of a fusion in a session, heard again: the tape folded anew, with a scribe in the fusion's seat."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np

from papertape.contract.candle import CLOSE, Floats
from papertape.contract.errors import LedgerError, RequestError, SessionDiffers
from papertape.contract.feed import Block, Feed
from papertape.contract.fusion import Council, Fusion
from papertape.contract.signal import Signal
from papertape.engine.build import build
from papertape.engine.config import SessionConfig, Spec, unique_names
from papertape.engine.discovery import Plugins
from papertape.engine.feeding import taped_feed
from papertape.engine.fold import fold
from papertape.engine.models import Pinned, models_of
from papertape.engine.recorded import entries_of_models
from papertape.engine.session import Session
from papertape.engine.tape import overlay, read_header
from papertape.ledger.records import SignalRow
from papertape.ledger.store import Ledger, SessionRow

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Vote:
    """A council at the close of batch `batch`. `traded`: whether what is decided there is carried out."""

    batch: int
    council: Council
    traded: bool


@dataclass(frozen=True, slots=True)
class Votes:
    """All that a fusion was asked in a session.

    `closes` (batches, symbols): of each symbol's newest candle, quote currency, NaN before its first. `warmed`: batches
    at the beginning that do not count. `fee`: of a taker by symbol, one way, as a fraction of notional. `models`: what
    references meant at the start; `changes`: of that, as the tape has them, each with the batch that it came before.
    """

    fusion: str
    config: SessionConfig
    members: tuple[str, ...]
    symbols: tuple[str, ...]
    votes: tuple[Vote, ...]
    closes: Floats
    warmed: int
    fee: Floats
    models: Mapping[str, Pinned]
    changes: tuple[tuple[int, Mapping[str, Any]], ...]


def heard_again(
    ledger: Ledger,
    session: SessionRow,
    plugins: Plugins,
    fusion: str | None,
    store: Spec | None = None,
    progress: Progress = lambda done: None,
) -> Votes:
    """The councils of a fusion, by its name or the only one that there is. `store`: where the session's models are, if
    not where it had them from. Raises `RequestError` for a fusion that is not there, `LedgerError` for one without
    records, and `SessionDiffers` where the fold does not decide as it did."""
    tape = overlay(ledger, session.id)
    if not tape or not session.snapshots:
        raise LedgerError(f"session {session.id} has no batches that could be folded again")
    header = read_header(tape)
    config = header.config if store is None else replace(header.config, models=store)
    name = _chosen(config, session.id, fusion)
    with models_of(config, plugins, ledger, header.models) as models:
        feed = _Noted(taped_feed(header, plugins, ledger, session.id, models))
        built = build(config, plugins, feed.feed, models)
        seat = next(seat for seat in built.session.fusions if seat.name == name)
        scribe = _Scribe(built.session, seat.fusion)
        seat.fusion = scribe
        built.session.start(built.contexts)
        last = session.snapshots + header.warmed - 1
        decided: list[SignalRow] = []
        for stop in fold(built.session, cast(Feed, feed), tape, [*range(999, last, 1000), last]):
            progress(stop + 1)
            decided += [row for row in built.session.journal.drain().signals if row.source == name]
            for curve in built.session.curves:
                for series in curve:
                    del series[:]
        _check(ledger, session, name, decided)
        fees = [float(each.taker) for each in built.session.exchange.instruments]
    symbols = built.session.market.symbols
    return Votes(
        name,
        config,
        tuple(each.name for each in seat.members),
        symbols,
        tuple(scribe.votes),
        feed.closes(last + 1, len(symbols)),
        header.warmed,
        np.array(fees),
        header.models,
        tuple((row.batch, json.loads(row.payload)) for row in entries_of_models(ledger, session.id)[1:]),
    )


class _Scribe(Fusion):
    """Sits in a fusion's seat, writes down what it is asked, and lets it answer."""

    keeps = ()

    def __init__(self, session: Session, fusion: Fusion) -> None:
        super().__init__()
        self._session = session
        self._fusion = fusion
        self.votes: list[Vote] = []

    def on_start(self, members: tuple[str, ...]) -> None:
        self._fusion.on_start(members)

    def fuse(self, council: Council) -> Iterable[Signal]:
        _, muted = self._session.occasion
        self.votes.append(Vote(self._session.journal.batch, council, not muted))
        return self._fusion.fuse(council)


@dataclass
class _Noted:
    """A feed whose candles are noted as they go by."""

    feed: Feed
    rows: list[tuple[float, ...]] = field(default_factory=list)

    def blocks(self, start: int = 0) -> Iterator[Block]:
        last = [float("nan")] * len(self.feed.symbols)
        for block in self.feed.blocks(start):
            for rows in block.rows:
                last = [close if row is None else row[CLOSE] for close, row in zip(last, rows, strict=True)]
                self.rows.append(tuple(last))
            yield block

    def closes(self, batches: int, symbols: int) -> Floats:
        return np.array(self.rows[:batches], np.float64).reshape(batches, symbols)


def _chosen(config: SessionConfig, session: str, fusion: str | None) -> str:
    names = unique_names(config.fusion, unique_names(config.strategies))
    if not names:
        raise RequestError(f"session {session} has no fusion: nothing was decided together")
    if fusion is None and len(names) > 1:
        raise RequestError(f"session {session} has several fusions: --fusion {' or '.join(names)} would do")
    if fusion is not None and fusion not in names:
        raise RequestError(f"session {session} has no fusion {fusion!r}; it has {', '.join(names)}")
    return names[0] if fusion is None else fusion


def _check(ledger: Ledger, session: SessionRow, name: str, decided: list[SignalRow]) -> None:
    kept = [row for row in ledger.rows(session.id, SignalRow) if row.source == name]
    for old, new in zip(kept, decided, strict=False):
        if (old.seq, old.batch, old.symbol, old.action) != (new.seq, new.batch, new.symbol, new.action):
            raise _other(session.id, old, new)
    if len(kept) > len(decided):
        raise _other(session.id, kept[len(decided)], None)
    if len(kept) < len(decided):
        raise _other(session.id, None, decided[len(kept)])


def _other(session: str, old: SignalRow | None, new: SignalRow | None) -> SessionDiffers:
    said = [f"{row.action} {row.symbol} in batch {row.batch}" if row is not None else "nothing" for row in (old, new)]
    return SessionDiffers(
        f"the fold decides {said[1]} where the ledger has {said[0]}: `papertape sessions verify {session}` says why"
    )
