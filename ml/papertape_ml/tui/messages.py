"""What the workers of the models screen tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.moves import Move
from papertape_ml.tui.shelf import Place, Shelf
from papertape_ml.tui.sightings import Sighting


@dataclass
class Looked(Message, bubble=False):
    """A look at the registry and at the sessions gave this; `place`: where it was looked."""

    place: Place
    shelf: Shelf
    sightings: tuple[Sighting, ...]


@dataclass
class LookFailed(Message, bubble=False):
    """A look failed; there will be others."""

    place: Place
    trouble: str


@dataclass
class Described(Message, bubble=False):
    """The manifest of a version was read; or why it was not."""

    checksum: str
    manifest: Manifest | None
    trouble: str = ""


@dataclass
class LiveTold(Message, bubble=False):
    """What a version said in sessions and what came of it, as a document; or why that is not known."""

    checksum: str
    document: Mapping[str, Any] | None
    trouble: str = ""


@dataclass
class StageReached(Message, bubble=False):
    """Judging has come to another stage."""

    stage: str


@dataclass
class Judged(Message, bubble=False):
    """A version was put to the gates; the document of `papertape_ml.tui.judge`."""

    document: Mapping[str, Any]


@dataclass
class JudgingFailed(Message, bubble=False):
    """There is no judgement."""

    trouble: str


@dataclass
class Moved(Message, bubble=False):
    """The history of an alias has another entry; or why it has none."""

    move: Move | None
    trouble: str = ""
