"""What a registry holds at one moment, read in one go; and moving its aliases."""

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from papertape.contract.errors import NoLedgerYet, PapertapeError
from papertape.engine.models import REGISTRY
from papertape.engine.tape import overlay, read_header
from papertape.ledger.store import Ledger
from papertape.tui.core.follower import PATIENCE
from papertape_ml.registry.lookup import pointers_to
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.moves import Move, Pointer, Wish, targets
from papertape_ml.registry.opening import open_registry
from papertape_ml.registry.protocol import VersionRow

CHAMPION = "champion"


class Place(NamedTuple):
    """Where a registry is: in the folder, or, without one, in the ledger at the URL."""

    ledger: str
    folder: Path | None = None


class Line(NamedTuple):
    """A version, and the aliases that point to it."""

    row: VersionRow
    aliases: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.row.name}@{self.row.version}"


class Shelf(NamedTuple):
    """All versions, by name, the newest of each first; the history of all aliases, in order of time. `name`: of the
    place, as it may be shown."""

    name: str
    lines: tuple[Line, ...]
    moves: tuple[Move, ...]

    def find(self, name: str, version: int) -> Line | None:
        """The version, if it is here."""
        return next((line for line in self.lines if line.row[:2] == (name, version)), None)

    def aliases(self, name: str) -> dict[str, Pointer]:
        """The aliases of a model that point somewhere."""
        mine = [move for move in self.moves if move.name == name]
        found = {alias: Pointer(move for move in mine if move.alias == alias) for alias in {m.alias for m in mine}}
        return {alias: found[alias] for alias in sorted(found) if found[alias].target is not None}

    def target(self, name: str, alias: str) -> int | None:
        """The version that an alias points to; None where it points nowhere."""
        return targets(self.moves).get((name, alias))


def read_shelf(place: Place) -> Shelf:
    """Everything but the manifests. A ledger that is not there yet holds nothing. Raises as `open_registry`."""
    try:
        with open_registry(place.folder, place.ledger) as registry:
            rows, moves, name = registry.versions(), registry.history(), registry.place
    except NoLedgerYet:
        return Shelf("", (), ())
    pointers = targets(moves)
    ordered = sorted(rows, key=lambda row: (row.name, -row.version))
    return Shelf(name, tuple(Line(row, tuple(pointers_to(row, pointers))) for row in ordered), tuple(moves))


def read_manifest(place: Place, name: str, version: int) -> Manifest:
    """The checked manifest of a version."""
    with open_registry(place.folder, place.ledger) as registry:
        return registry.manifest(name, version)


def move(
    place: Place, name: str, alias: str, version: int, *, present: int | None, why: str, at: int,
    evidence: Mapping[str, Any] | None = None,
) -> Move:  # fmt: skip
    """Makes an alias point to a version, if it still points to `present`. `at`: ms UTC."""
    with open_registry(place.folder, place.ledger) as registry:
        return registry.move(name, alias, version, Wish(at, user(), why, evidence), expected=present)


def roll_back(place: Place, name: str, alias: str, *, present: int, why: str, at: int) -> Move:
    """Takes an alias one step back, if it still points to `present`. `at`: ms UTC."""
    with open_registry(place.folder, place.ledger) as registry:
        return registry.rollback(name, alias, Wish(at, user(), why), expected=present)


def user() -> str:
    """Who moves aliases here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def folder_of(url: str, session: str) -> Path | None:
    """The folder of the registry that a session's models come from; None where that is the one in the ledger."""
    try:
        with Ledger.open(url, patience=PATIENCE) as ledger:
            spec = read_header(overlay(ledger, session)).config.models
    except PapertapeError:
        return None  # whoever looks at the registry is told what is wrong with the ledger
    path = str(spec.params.get("path") or "")
    return Path(path).expanduser() if spec.kind == REGISTRY and path else None
