"""Which sessions a version answers in, and since when: read from their tapes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from papertape.contract.errors import ConfigError, SessionDiffers
from papertape.engine.recorded import entries_of_models
from papertape.engine.tape import HEADER
from papertape.ledger.store import Ledger, SessionRow
from papertape.ledger.tables import sessions

MOST = 50
"""Sessions that are looked at, the newest ones."""


class Sighting(NamedTuple):
    """A version that came to answer to a reference in a session, before batch `batch`; `at`: market time, ms UTC, None
    where it answers from the start. `running`: whether the session is. `refused`: why it could not be taken, None where
    it was. `by`: the components that asked for the reference."""

    session: str
    running: bool
    reference: str
    name: str
    version: int
    checksum: str
    batch: int
    at: int | None
    refused: str | None
    by: tuple[str, ...]


class Sightings:
    """Looks again and again; tapes of sessions that have ended are read once."""

    def __init__(self) -> None:
        self._ended: dict[str, tuple[Sighting, ...]] = {}

    def look(self, ledger: Ledger) -> tuple[Sighting, ...]:
        """What the newest sessions say, the newest session first, and in each in order of time."""
        found: list[Sighting] = []
        for row in _newest(ledger):
            key = f"{row.id} {row.status} {row.snapshots}"
            if key in self._ended:
                found += self._ended[key]
                continue
            running = row.status == "running" and ledger.is_owned(row.id)
            try:
                seen = tuple(_of_session(ledger, row.id, running))
            except (ConfigError, SessionDiffers):
                seen = ()  # its tape does not say; whoever opens the session is told what is wrong with it
            if not running:
                self._ended[key] = seen
            found += seen
        return tuple(found)


def _newest(ledger: Ledger) -> list[SessionRow]:
    columns = sessions.c
    with ledger.database.read() as connection:
        rows = connection.execute(select(sessions).order_by(columns.created_at.desc(), columns.id).limit(MOST))
        return [SessionRow._make(row) for row in rows]


def _of_session(ledger: Ledger, session: str, running: bool) -> Iterator[Sighting]:
    by: dict[str, tuple[str, ...]] = {}
    for row in entries_of_models(ledger, session):
        document = json.loads(row.payload)
        if row.kind == HEADER:
            for reference, model in document.get("models", {}).items():
                by[reference] = tuple(model.get("by", ()))
                yield _sighting(session, running, reference, model, row.batch, None, by)
        else:
            yield _sighting(session, running, document["reference"], document, row.batch, row.at, by)


def _sighting(
    session: str, running: bool, reference: str, model: Mapping[str, Any], batch: int, at: int | None,
    by: Mapping[str, tuple[str, ...]],
) -> Sighting:  # fmt: skip
    return Sighting(
        session, running, reference, str(model["name"]), int(model["version"]), str(model["checksum"]), batch, at,
        model.get("failed"), by.get(reference, ()),
    )  # fmt: skip


def answering_now(sightings: tuple[Sighting, ...], checksum: str) -> list[Sighting]:
    """Those by which a version answers now, in sessions that run."""
    newest = {(each.session, each.reference): each for each in sightings if each.running and each.refused is None}
    return [each for each in newest.values() if each.checksum == checksum]
