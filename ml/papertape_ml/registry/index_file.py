"""`registry.json`: which versions there are and what happened to aliases, in one file that is replaced as a whole.

It is a JSON document that begins with the SHA-256 of the rest, so that damage is noticed before anything is parsed. A
version and an entry of a history take one line each, so that changes can be read where the file is kept in git.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, NamedTuple

from papertape_ml.errors import BadModel, RegistryError
from papertape_ml.registry.canonical import canonical, frozen, sha256
from papertape_ml.registry.moves import ACTIONS, Move, Pointer
from papertape_ml.registry.names import alias_name, model_name
from papertape_ml.registry.protocol import VersionRow

FORMAT = 1
MAX_INDEX = 64 << 20
"""Bytes of `registry.json`."""

_VERSION = {
    "name": (str,), "version": (int,), "checksum": (str,), "kind": (str,), "created": (int,),
    "feature_set_hash": (str,), "size": (int,), "imported": (bool,), "metrics": (dict,),
}  # fmt: skip
_MOVE = {
    "name": (str,), "alias": (str,), "number": (int,), "action": (str,), "from_version": (int, NoneType),
    "to_version": (int,), "at": (int,), "by": (str,), "why": (str,), "evidence": (dict,),
}  # fmt: skip
_CHECKSUM = re.compile("sha256:[0-9a-f]{64}")
_HEAD = len(b'{"sha256":"') + 64 + len(b'","registry":')


class Index(NamedTuple):
    """Versions by name and number, and entries of histories in the order in which they were made."""

    versions: Sequence[VersionRow] = ()
    moves: Sequence[Move] = ()

    def of(self, name: str) -> list[VersionRow]:
        """The versions of a model, oldest first."""
        return [row for row in self.versions if row.name == name]

    def with_version(self, row: VersionRow) -> "Index":
        return Index(sorted([*self.versions, row], key=lambda each: each[:2]), self.moves)

    def with_move(self, move: Move) -> "Index":
        return Index(self.versions, [*self.moves, move])


def encoded(index: Index) -> bytes:
    """The file's bytes. Raises RegistryError where they would be too many to be read again."""
    body = b'{\n"format":%d,\n"versions":[\n%s\n],\n"history":[\n%s\n]}' % (
        FORMAT,
        _lines(index.versions),
        _lines(index.moves),
    )
    if len(body) > MAX_INDEX - 256:
        raise RegistryError(f"registry.json would have more than {MAX_INDEX:,} bytes: the ledger takes more")
    return b'{"sha256":"%s","registry":%s}\n' % (sha256(body).encode(), body)


def decoded(data: bytes, shown: str) -> Index:
    """What the file's bytes say. Raises RegistryError unless they are just what `encoded` wrote."""
    body = data[_HEAD:-2]
    if data != b'{"sha256":"%s","registry":%s}\n' % (sha256(body).encode(), body):
        raise RegistryError(
            f"{shown} is damaged, or was changed by something else than papertape: its checksum is not that of its "
            "contents; go back to a copy of it"
        )
    try:
        document = json.loads(body)
        _has(document, {"format": (int,), "versions": (list,), "history": (list,)})
        if document["format"] != FORMAT:
            raise BadModel(f"format {document['format']} is not {FORMAT}: another papertape wrote it")
        return _checked(
            [_version(each) for each in document["versions"]], [_move(each) for each in document["history"]]
        )
    except (BadModel, ValueError, RecursionError) as error:
        raise RegistryError(f"{shown} is no registry of this papertape: {error}") from None


def _lines(rows: Iterable[VersionRow | Move]) -> bytes:
    return b",\n".join(canonical(row._asdict()) for row in rows)


def _version(document: Any) -> VersionRow:
    _has(document, _VERSION)
    if not _CHECKSUM.fullmatch(document["checksum"]):
        raise BadModel("a version's checksum is none")
    model_name(document["name"])
    return VersionRow(**{**document, "metrics": frozen(document["metrics"], "metrics")})


def _move(document: Any) -> Move:
    _has(document, _MOVE)
    if document["action"] not in ACTIONS:
        raise BadModel(f"an entry of the history has the action {document['action'][:80]!r}")
    alias_name(document["alias"])
    return Move(**{**document, "evidence": frozen(document["evidence"], "evidence")})


def _checked(versions: list[VersionRow], moves: list[Move]) -> Index:
    """Raises BadModel unless numbers run from 1, and each entry of a history follows from those before it."""
    newest: dict[str, int] = {}
    for row in versions:
        if row.version != newest.get(row.name, 0) + 1:
            raise BadModel(f"the versions of {row.name} do not run 1, 2, 3")
        newest[row.name] = row.version
    pointers: dict[tuple[str, str], Pointer] = {}
    for move in moves:
        if not pointers.setdefault((move.name, move.alias), Pointer()).takes(move):
            raise BadModel(f"entry {move.number} of {move.name}@{move.alias} does not follow from the one before")
        if not 1 <= move.to_version <= newest.get(move.name, 0):
            raise BadModel(f"{move.name}@{move.alias} points to version {move.to_version}, which is not there")
    return Index(versions, moves)


def _has(document: Any, keys: Mapping[str, tuple[type, ...]]) -> None:
    if not isinstance(document, dict) or document.keys() != keys.keys():
        raise BadModel(f"an entry has other keys than {', '.join(keys)}")
    for key, kinds in keys.items():
        if type(document[key]) not in kinds:
            raise BadModel(f"{key} of an entry is of a wrong type")
