"""The stances of a session's strategies at each close, as a fusion of that session would have seen them.

The session's tape is folded again with a fusion beside its own that writes down every council and wishes for nothing:
what has lapsed, what is stale and who is quarantined is then what the engine says, and not a guess from the ledger.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape.contract.component import Param
from papertape.contract.errors import LedgerError
from papertape.contract.fusion import Council, Fusion
from papertape.contract.model import ModelPin
from papertape.contract.signal import Signal
from papertape.engine.build import Built, build
from papertape.engine.config import Spec
from papertape.engine.discovery import Plugins
from papertape.engine.feeding import taped_feed
from papertape.engine.fold import fold
from papertape.engine.models import REGISTRY, models_of
from papertape.engine.recorded import entries_of_models
from papertape.engine.registered import Registered
from papertape.engine.tape import Header, overlay, read_header
from papertape.engine.versions import read_pin
from papertape.ledger.records import TapeRow
from papertape.ledger.store import Ledger, SessionRow
from papertape_ml.models.stacking import row_of

SCRIBE: Final = "scribe of stances"
_STRIDE: Final = 1000


@dataclass(slots=True)
class Notes:
    """What a fusion was shown: the time of each council, ms UTC, and by symbol the inputs of the members' stances
    `(2 x members,)`."""

    times: list[int] = field(default_factory=list)
    rows: list[Floats] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Stances:
    """All councils of a session. `times` (n,): their closes, ms UTC, rising; `rows` (n, symbols, 2 x members): inputs
    of stacking as they stood from then on. `first`, `last`: the closes between which candles count, ms UTC. `pins`: the
    versions whose answers the members followed. `store`: where these came from."""

    session: str
    timeframe: str
    symbols: tuple[str, ...]
    members: tuple[str, ...]
    times: Ints
    rows: Floats
    first: int
    last: int
    pins: tuple[ModelPin, ...]
    store: Spec = Spec(REGISTRY)

    def at(self, symbol: str, closes: Ints) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        """What stood at these closes of a symbol (n, 2 x members), and where any member had spoken of it before."""
        rows = self.rows[:, self.symbols.index(symbol)]
        spoken = np.logical_or.accumulate((rows[:, 1::2] == 0.0).any(axis=1)) if len(rows) else np.empty(0, np.bool_)
        found = np.searchsorted(self.times, closes, side="right") - 1
        there = found >= 0
        there[there] = spoken[found[there]]
        return rows[np.maximum(found, 0)] if len(rows) else np.empty((len(closes), 2 * len(self.members))), there


class Scribe(Fusion):
    """Writes down what it is shown, and wishes for nothing. `notes`: where."""

    notes = Param[Notes | None](None)
    keeps = ()

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self._members: tuple[str, ...] = ()

    def on_start(self, members: tuple[str, ...]) -> None:
        self._members = members

    def fuse(self, council: Council) -> Iterable[Signal]:
        assert self.notes is not None
        given = [council.stances.get(symbol, {}) for symbol in council.symbols]
        self.notes.times.append(council.now)
        self.notes.rows.append(np.stack([row_of([each.get(name) for name in self._members]) for each in given]))
        return ()


def stances_of(
    ledger: Ledger, session: SessionRow, plugins: Plugins, progress: Callable[[int], None] = lambda done: None
) -> Stances:
    """The stances of a session's strategies, all of them. `progress` is told the batches that are folded again.

    Raises `LedgerError` for a session without batches, and what building and folding it raise.
    """
    tape = overlay(ledger, session.id)
    if not tape or not session.snapshots or session.first_ts is None:
        raise LedgerError(f"session {session.id} has no batches whose signals could be learned from")
    header, notes = read_header(tape), Notes()
    scribe = Spec(SCRIBE, {"notes": notes})
    config = replace(header.config, fusion=(*header.config.fusion, scribe))
    own = Registered("fusion", SCRIBE, Scribe, "papertape", "papertape", "0")
    known = Plugins((*plugins.components, own), plugins.failures, plugins.disabled)
    with models_of(config, known, ledger, header.models) as models:
        feed = taped_feed(header, known, ledger, session.id, models)
        built = build(config, known, feed, models)
        built.session.start(built.contexts)
        last = session.snapshots + header.warmed - 1
        for stop in fold(built.session, feed, tape, [*range(_STRIDE - 1, last, _STRIDE), last]):
            progress(stop + 1)
            built.session.journal.drain()
            for curve in built.session.curves:
                for series in curve:
                    del series[:]
    members = tuple(seat.name for seat in built.session.strategies)
    symbols = built.session.market.symbols
    return Stances(
        session.id,
        header.timeframe,
        symbols,
        members,
        np.array(notes.times, np.int64),
        np.array(notes.rows, np.float64).reshape(len(notes.times), len(symbols), 2 * len(members)),
        session.first_ts + built.session.period,
        built.session.journal.now,
        _followed(built, header, entries_of_models(ledger, session.id)[1:]),
        header.config.models,
    )


def _followed(built: Built, header: Header, told: Iterable[TapeRow]) -> tuple[ModelPin, ...]:
    """Every version that a strategy of the session has asked; `told`: what its tape says of models that moved."""
    asked = {reference for part in built.parts if part.kind == "strategy" for reference in part.component.models()}
    pins = [pinned.now for reference, pinned in header.models.items() if reference in asked]
    for row in told:
        event = json.loads(row.payload)
        if event["reference"] in asked and "failed" not in event:
            pins.append(read_pin(event))
    return tuple(dict.fromkeys(pins))
