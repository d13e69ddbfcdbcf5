"""What a model said in sessions, read from the ledger, and which version answered where."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from papertape.contract.candle import Floats, Ints
from papertape.engine.recorded import entries_of_models
from papertape.engine.tape import HEADER
from papertape.ledger.series import unpack_series
from papertape.ledger.store import Ledger
from papertape.ledger.tables import predictions
from papertape.market.timeframe import period


class Answering(NamedTuple):
    """A version that answered to a reference in a session, from batch `first` on. `by`: names of the components that
    asked for the reference; `claims`: what its predictions say, by name, as the tape has it."""

    reference: str
    name: str
    version: int
    checksum: str
    first: int
    by: tuple[str, ...]
    claims: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a version said under one claim, in order of time, every decision once whichever session made it.

    `at`: the close, `until`: when what happened is known, ms UTC. `said` `(n, outputs)`; `happened` `(n, outcomes)`,
    NaN where that is not known (yet); `settled`: the market has told, or never will. `steps`: candles of the horizon.
    """

    version: int
    claim: str
    outputs: tuple[str, ...]
    outcomes: tuple[str, ...]
    sessions: tuple[str, ...]
    at: Ints
    until: Ints
    symbol: tuple[str, ...]
    said: Floats
    happened: Floats
    settled: npt.NDArray[np.bool_]
    steps: int

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which are completed with what happened."""
        return np.asarray(~np.isnan(self.happened).any(axis=1))

    def since(self, at: int) -> "Told":
        """What was said from a time on, ms UTC."""
        rows = np.flatnonzero(self.at >= at)
        symbols = tuple(self.symbol[row] for row in rows.tolist())
        arrays = (self.at[rows], self.until[rows], symbols, self.said[rows], self.happened[rows], self.settled[rows])
        return Told(self.version, self.claim, self.outputs, self.outcomes, self.sessions, *arrays, self.steps)


def answering(ledger: Ledger, session: str) -> list[Answering]:
    """Which versions answered in a session, in the order in which they came."""
    found, by = [], dict[str, tuple[str, ...]]()
    for row in entries_of_models(ledger, session):
        document = json.loads(row.payload)
        if row.kind == HEADER:
            for reference, model in document.get("models", {}).items():
                by[reference] = tuple(model.get("by", ()))
                found.append(_answering(reference, model, row.batch, by))
                if model.get("previous") is not None:
                    found.append(_answering(f"{reference}~previous", model["previous"], row.batch, by))
        elif "failed" not in document:
            found.append(_answering(document["reference"], document, row.batch, by))
            if document.get("previous") is not None:
                found.append(_answering(f"{document['reference']}~previous", document["previous"], row.batch, by))
    return found


def sessions_of(ledger: Ledger, name: str) -> list[str]:
    """The sessions in which a model answered, the newest first."""
    query = select(predictions.c.session).where(predictions.c.name == name).distinct()
    with ledger.database.read() as connection:
        wanted = set(connection.execute(query).scalars())
    return [row.id for row in ledger.sessions() if row.id in wanted]


def told(ledger: Ledger, name: str, sessions: Sequence[str], version: int | None = None) -> list[Told]:
    """What a model said in some sessions, by version (one alone, if given) and claim."""
    rows: dict[tuple[int, str], dict[tuple[str, int], tuple[Any, ...]]] = {}
    where: dict[tuple[int, str], dict[str, None]] = {}
    documents: dict[tuple[int, str], Mapping[str, Any]] = {}
    lengths = {row.id: period(row.timeframe) for row in ledger.sessions() if row.id in sessions}
    for session in sessions:
        for each in answering(ledger, session):
            if each.name == name:
                documents |= {(each.version, claim): about for claim, about in each.claims.items()}
        for row in _rows(ledger, session, name, version):
            key = (row.version, row.claim)
            # The same version says the same of the same candles: a session that replays another adds nothing.
            rows.setdefault(key, {}).setdefault((row.symbol, row.at), row)
            where.setdefault(key, {})[session] = None
    found = []
    for key in sorted(rows):
        about = documents.get(key)
        if about is None:
            continue  # the tape does not say what its numbers are
        length = min(lengths[session] for session in where[key])
        found.append(_told(key, about, tuple(where[key]), list(rows[key].values()), length))
    return found


def _rows(ledger: Ledger, session: str, name: str, version: int | None) -> Iterator[Any]:
    columns = [predictions.c[each] for each in ("version", "claim", "symbol", "at", "until", "said", "happened",
                                                "completed")]  # fmt: skip
    query = select(*columns).where(predictions.c.session == session, predictions.c.name == name)
    if version is not None:
        query = query.where(predictions.c.version == version)
    with ledger.database.read() as connection:
        yield from connection.execute(query.order_by(predictions.c.at))


def _told(
    key: tuple[int, str], about: Mapping[str, Any], sessions: tuple[str, ...], rows: list[tuple[Any, ...]], length: int
) -> Told:
    rows.sort(key=lambda row: (row[3], row[2]))
    outcomes = tuple(map(str, about["outcomes"]))
    at, until = (np.array([row[place] for row in rows], np.int64) for place in (3, 4))
    return Told(
        *key,
        outputs=tuple(map(str, about["outputs"])),
        outcomes=outcomes,
        sessions=sessions,
        at=at,
        until=until,
        symbol=tuple(row[2] for row in rows),
        said=_unpacked((row[5] for row in rows), len(about["outputs"])),
        happened=_unpacked((row[6] for row in rows), len(outcomes)),
        settled=np.array([row[7] is not None for row in rows], np.bool_),
        steps=max(1, -(-int(about["horizon"]) // length)),
    )


def _unpacked(packed: Iterable[bytes | None], width: int) -> Floats:
    nothing = np.full(width, np.nan)
    return np.stack([nothing if each is None else unpack_series(each) for each in packed])


def _answering(reference: str, model: Mapping[str, Any], batch: int, by: Mapping[str, tuple[str, ...]]) -> Answering:
    return Answering(
        reference, str(model["name"]), int(model["version"]), str(model["checksum"]), batch,
        by.get(reference.removesuffix("~previous"), ()), model.get("claims", {}),
    )  # fmt: skip
