"""A registry in the ledger's database, on SQLite or PostgreSQL."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Row, delete, func, insert, select, text, update

from papertape.ledger.database import PATIENCE, Database, open_database
from papertape_ml.registry.canonical import canonical, parsed
from papertape_ml.registry.checked import files_of, manifest_of, row_of, version_of
from papertape_ml.registry.lookup import unknown_model, unknown_version
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.moves import UNSAID, Move, Unsaid, Wish, moved, refused, rolled_back
from papertape_ml.registry.names import alias_name, model_name
from papertape_ml.registry.protocol import Version, VersionRow
from papertape_ml.registry.tables import blobs, moves, versions

PART = 4 << 20
"""Bytes of a file in one row."""

_LISTED = [versions.c[key] for key in VersionRow._fields]
_ENTRY = [moves.c[key] for key in Move._fields]


class SqlRegistry:
    """The registry in a database; see `Registry` for what it guarantees. Close it if `open` made it.

    A write holds the tables against other writers until it commits; readers see the state before.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, url: str, *, create: bool = False, patience: float = PATIENCE) -> Self:
        """The registry in the ledger at a URL; raises as `papertape.ledger.database.open_database`."""
        return cls(open_database(url, create=create, patience=patience))

    @property
    def place(self) -> str:
        return self.database.name

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def publish(self, manifest: Manifest, files: Mapping[str, bytes], *, imported: bool = False) -> VersionRow:
        contents = files_of(files)
        manifest = manifest.with_files(contents)
        with self._writing() as connection:
            for name, each in manifest.files.items():
                _keep(connection, each.sha256, contents[name])
            there = connection.execute(select(*_LISTED).where(versions.c.checksum == manifest.checksum)).first()
            if there is None:
                row = row_of(manifest, (_newest(connection, manifest.name) or 0) + 1, imported)
                connection.execute(insert(versions).values(_values(row, manifest)))
            else:  # written again, in case it is damaged
                row = row_of(manifest, there.version, bool(there.imported))
                same = versions.c.checksum == manifest.checksum
                connection.execute(update(versions).where(same).values(_values(row, manifest)))
        return row

    def versions(self, name: str | None = None) -> list[VersionRow]:
        query = select(*_LISTED).order_by(versions.c.name, versions.c.version)
        if name is not None:
            query = query.where(versions.c.name == model_name(name))
        with self.database.read() as connection:
            found = [_version(row) for row in connection.execute(query)]
        return sorted(found, key=lambda row: row[:2])  # a database may have its own idea of the order of text

    def manifest(self, name: str, version: int) -> Manifest:
        with self.database.read() as connection:
            return self._manifest(connection, name, version)[1]

    def load(self, name: str, version: int) -> Version:
        with self.database.read() as connection:
            row, manifest = self._manifest(connection, name, version)
            sums = manifest.files
            return version_of(row, manifest, lambda each, size: _parts(connection, sums[each].sha256, size), self.place)

    def history(self, name: str | None = None, alias: str | None = None) -> list[Move]:
        with self.database.read() as connection:
            return sorted(_history(connection, name, alias), key=lambda move: (move.at, *move[:3]))

    def move(self, name: str, alias: str, version: int, wish: Wish, *, expected: int | None | Unsaid = UNSAID) -> Move:
        with self._writing() as connection:
            self._must_have(connection, name, version)
            return _add(connection, moved(_history(connection, name, alias), name, alias, version, wish, expected))

    def rollback(self, name: str, alias: str, wish: Wish, *, expected: int | Unsaid = UNSAID) -> Move:
        with self._writing() as connection:
            self._must_have(connection, name, 1)
            return _add(connection, rolled_back(_history(connection, name, alias), name, alias, wish, expected))

    def refuse(self, name: str, alias: str, version: int, wish: Wish) -> Move:
        with self._writing() as connection:
            self._must_have(connection, name, version)
            return _add(connection, refused(_history(connection, name, alias), name, alias, version, wish))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.database.write() as connection:
            if self.database.file is None:  # an SQLite transaction that writes has the file to itself
                connection.execute(text("LOCK TABLE model_versions IN SHARE ROW EXCLUSIVE MODE"))
            yield connection

    def _manifest(self, connection: Connection, name: str, version: int) -> tuple[VersionRow, Manifest]:
        one = (versions.c.name == model_name(name)) & (versions.c.version == version)
        found = connection.execute(select(*_LISTED, versions.c.manifest).where(one)).first()
        if found is None:
            raise self._unknown(connection, name, version)
        row = _version(found[:-1])
        return row, manifest_of(row, bytes(found[-1]), self.place)

    def _must_have(self, connection: Connection, name: str, version: int) -> None:
        if not 1 <= version <= (_newest(connection, model_name(name)) or 0):
            raise self._unknown(connection, name, version)

    def _unknown(self, connection: Connection, name: str, version: int) -> Exception:
        if (newest := _newest(connection, name)) is not None:
            return unknown_version(self.place, name, version, newest)
        return unknown_model(self.place, name, set(connection.execute(select(versions.c.name).distinct()).scalars()))


def _newest(connection: Connection, name: str) -> int | None:
    return connection.execute(select(func.max(versions.c.version)).where(versions.c.name == name)).scalar()


def _values(row: VersionRow, manifest: Manifest) -> dict[str, object]:
    return {**row._asdict(), "metrics": canonical(row.metrics).decode(), "manifest": manifest.encoded()}


def _version(row: Row[Any] | tuple[Any, ...]) -> VersionRow:
    found = VersionRow._make(row)
    return found._replace(metrics=parsed(str(found.metrics).encode(), "metrics"), imported=bool(found.imported))


def _history(connection: Connection, name: str | None, alias: str | None) -> list[Move]:
    query = select(*_ENTRY).order_by(*moves.primary_key)
    if name is not None:
        query = query.where(moves.c.name == model_name(name))
    if alias is not None:
        query = query.where(moves.c.alias == alias_name(alias))
    found = [Move._make(row) for row in connection.execute(query)]
    return [move._replace(evidence=parsed(str(move.evidence).encode(), "evidence")) for move in found]


def _add(connection: Connection, move: Move) -> Move:
    connection.execute(insert(moves).values({**move._asdict(), "evidence": canonical(move.evidence).decode()}))
    return move


def _keep(connection: Connection, digest: str, data: bytes) -> None:
    """Stores bytes under their SHA-256; bytes that are there already and are not these are damaged, and mended."""
    if _parts(connection, digest, len(data)) == data and data:
        return
    connection.execute(delete(blobs).where(blobs.c.sha256 == digest))
    for part, start in enumerate(range(0, max(len(data), 1), PART)):
        connection.execute(insert(blobs).values(sha256=digest, part=part, data=data[start : start + PART]))


def _parts(connection: Connection, digest: str, size: int) -> bytes:
    """What is stored under a SHA-256, at most one part more than there should be."""
    most = size // PART + 2
    query = select(blobs.c.data).where(blobs.c.sha256 == digest).order_by(blobs.c.part).limit(most)
    return b"".join(bytes(part) for part in connection.execute(query).scalars())
