"""A registry in a folder: `registry.json`, and `versions/` with a folder for each content.

registry.json           which versions there are, and the history of the aliases
registry.lock           held by whoever writes
versions/SHA256/        a version's content, named by its checksum: manifest.json and the files
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from papertape_ml.errors import BadModel, DamagedVersion, NoRegistry, RegistryError
from papertape_ml.registry import durable
from papertape_ml.registry.checked import CURE, files_of, manifest_of, row_of, shown, version_of
from papertape_ml.registry.index_file import MAX_INDEX, Index, decoded, encoded
from papertape_ml.registry.lookup import unknown_model, unknown_version
from papertape_ml.registry.manifest import MAX_MANIFEST, Manifest
from papertape_ml.registry.moves import UNSAID, Move, Unsaid, Wish, moved, refused, rolled_back
from papertape_ml.registry.names import alias_name, model_name
from papertape_ml.registry.protocol import Version, VersionRow
from papertape_ml.registry.reading import folder, folder_inside, read_file

INDEX = "registry.json"
LOCK = "registry.lock"
VERSIONS = "versions"
MANIFEST = "manifest.json"
PATIENCE = 10.0
"""Seconds to wait for another writer."""
_PAUSE = 0.01


class JsonRegistry:
    """The registry in a folder; see `Registry` for what it guarantees. `open` makes one."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._read_last: tuple[tuple[int, ...], Index] | None = None  # and the file's identity then

    @classmethod
    def open(cls, path: Path, *, create: bool = False, patience: float = PATIENCE) -> Self:
        """The registry in a folder, named itself or by its registry.json; with `create` made where there is none.

        Raises NoRegistry where there is none, or something else.
        """
        place = path.parent if path.name == INDEX else path
        registry = cls(place, patience)
        if not (place / INDEX).exists():
            if not create:
                raise NoRegistry(f"there is no registry in {place}: name a folder with a {INDEX}")
            registry._create()
        registry._index()
        return registry

    @property
    def place(self) -> str:
        return str(self.path)

    def close(self) -> None:
        """Nothing is held between calls."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def publish(self, manifest: Manifest, files: Mapping[str, bytes], *, imported: bool = False) -> VersionRow:
        contents = files_of(files)
        manifest = manifest.with_files(contents)
        content = {MANIFEST: manifest.encoded(), **contents}
        with self._writing() as (root, index):
            own = index.of(manifest.name)
            row = row_of(manifest, len(own) + 1, imported)
            if there := [each for each in own if each.checksum == row.checksum]:
                self._mend(root, there[0], content)
                return there[0]
            with folder_inside(root, VERSIONS) as versions:
                durable.sweep(versions, {_folder(each) for each in index.versions})
                durable.publish_folder(versions, _folder(row), content)
            durable.replace_file(root, INDEX, encoded(index.with_version(row)))
        return row

    def versions(self, name: str | None = None) -> list[VersionRow]:
        index = self._index()
        return list(index.versions) if name is None else index.of(model_name(name))

    def manifest(self, name: str, version: int) -> Manifest:
        row = self._row(self._index(), name, version)
        with self._content(row) as content:
            return self._manifest(row, content)

    def load(self, name: str, version: int) -> Version:
        row = self._row(self._index(), name, version)
        with self._content(row) as content:
            return version_of(
                row, self._manifest(row, content), lambda each, size: self._read(row, content, each, size), self.place
            )

    def history(self, name: str | None = None, alias: str | None = None) -> list[Move]:
        asked = (None if name is None else model_name(name), None if alias is None else alias_name(alias))
        moves = [
            move for move in self._index().moves if asked[0] in (None, move.name) and asked[1] in (None, move.alias)
        ]
        return sorted(moves, key=lambda move: (move.at, *move[:3]))

    def move(self, name: str, alias: str, version: int, wish: Wish, *, expected: int | None | Unsaid = UNSAID) -> Move:
        with self._writing() as (root, index):
            self._row(index, name, version)
            move = moved(_moves(index, name, alias), name, alias, version, wish, expected)
            durable.replace_file(root, INDEX, encoded(index.with_move(move)))
        return move

    def rollback(self, name: str, alias: str, wish: Wish, *, expected: int | Unsaid = UNSAID) -> Move:
        with self._writing() as (root, index):
            self._newest(index, name)
            move = rolled_back(_moves(index, name, alias), name, alias, wish, expected)
            durable.replace_file(root, INDEX, encoded(index.with_move(move)))
        return move

    def refuse(self, name: str, alias: str, version: int, wish: Wish) -> Move:
        with self._writing() as (root, index):
            self._row(index, name, version)
            move = refused(_moves(index, name, alias), name, alias, version, wish)
            durable.replace_file(root, INDEX, encoded(index.with_move(move)))
        return move

    def _mend(self, root: int, row: VersionRow, content: Mapping[str, bytes]) -> None:
        """Puts the content of a version back if it is damaged."""
        try:
            self.load(row.name, row.version)
        except DamagedVersion:
            with folder_inside(root, VERSIONS) as versions:
                durable.publish_folder(versions, _folder(row), content)

    def _create(self) -> None:
        with plain_failures(self.place):
            self.path.mkdir(parents=True, exist_ok=True)
            with folder(self.path) as root, self._locked(root):
                if not (self.path / INDEX).exists():
                    (self.path / VERSIONS).mkdir(exist_ok=True)
                    durable.replace_file(root, INDEX, encoded(Index()))
            with folder(self.path.parent) as parent:
                os.fsync(parent)

    def _index(self) -> Index:
        """The index; parsed anew only if the file is another. Every write makes it another one, and a longer one."""
        with plain_failures(self.place), folder(self.path) as root:
            identity = _identity(root)
            if self._read_last is None or self._read_last[0] != identity:
                self._read_last = (identity, self._index_in(root))
            return self._read_last[1]

    def _index_in(self, root: int) -> Index:
        try:
            data = read_file(root, INDEX, MAX_INDEX)
        except (BadModel, FileNotFoundError) as error:
            raise NoRegistry(f"{self.place} holds no registry: {error}") from None
        return decoded(data, str(self.path / INDEX))

    @contextmanager
    def _writing(self) -> Iterator[tuple[int, Index]]:
        """The open folder and its index, while nobody else writes."""
        with ExitStack() as held:
            held.enter_context(plain_failures(self.place))
            root = held.enter_context(folder(self.path))
            held.enter_context(self._locked(root))
            yield root, self._index_in(root)

    @contextmanager
    def _locked(self, root: int) -> Iterator[None]:
        """The lock ends with its process. The file stays: a lock on a file that is gone locks nothing."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(LOCK, flags, 0o644, dir_fd=root)
        try:
            until = time.monotonic() + self._patience
            while not _try_lock(handle):
                if time.monotonic() > until:
                    raise RegistryError(f"the registry {self.place} is being written by another program: try again")
                time.sleep(_PAUSE)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _content(self, row: VersionRow) -> Iterator[int]:
        with plain_failures(self.place), ExitStack() as held:
            try:
                root = held.enter_context(folder(self.path))
                versions = held.enter_context(folder_inside(root, VERSIONS))
                content = held.enter_context(folder_inside(versions, _folder(row)))
            except OSError as error:
                raise DamagedVersion(
                    f"{shown(row)} in {self.place}: its folder cannot be opened ({error.strerror}); {CURE}"
                ) from None
            yield content

    def _read(self, row: VersionRow, content: int, name: str, limit: int) -> bytes:
        try:
            return read_file(content, name, limit)
        except (BadModel, OSError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            raise DamagedVersion(f"{shown(row)} in {self.place}: {name} cannot be read ({said}); {CURE}") from None

    def _manifest(self, row: VersionRow, content: int) -> Manifest:
        return manifest_of(row, self._read(row, content, MANIFEST, MAX_MANIFEST), self.place)

    def _newest(self, index: Index, name: str) -> int:
        own = index.of(model_name(name))
        if not own:
            raise unknown_model(self.place, name, {row.name for row in index.versions})
        return own[-1].version

    def _row(self, index: Index, name: str, version: int) -> VersionRow:
        newest = self._newest(index, name)
        if not 1 <= version <= newest:
            raise unknown_version(self.place, name, version, newest)
        return index.of(name)[version - 1]


@contextmanager
def plain_failures(place: str) -> Iterator[None]:
    """Raises RegistryError, in plain words, for every failure of the file system inside."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        cure = "free some space" if full else "see to the folder and who may write there"
        raise RegistryError(
            f"the registry {place} failed: {error.strerror or error}; {cure}, then try again"
        ) from error


def _identity(root: int) -> tuple[int, ...]:
    """What changes with every change of the index; taken before it is read, so that it is never too new."""
    try:
        found = os.stat(INDEX, dir_fd=root, follow_symlinks=False)
    except FileNotFoundError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _moves(index: Index, name: str, alias: str) -> list[Move]:
    return [move for move in index.moves if (move.name, move.alias) == (name, alias)]


def _folder(row: VersionRow) -> str:
    return row.checksum.removeprefix("sha256:")


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
