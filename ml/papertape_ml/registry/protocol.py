"""What a registry of models is, whatever it is kept in."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.moves import UNSAID, Move, Unsaid, Wish


class VersionRow(NamedTuple):
    """A version as a list shows it. `created`: ms UTC; `size`: bytes of its files; `imported`: it came out of an
    archive or another registry, so that its files were not written by a training run that used this one."""

    name: str
    version: int
    checksum: str
    kind: str
    created: int
    feature_set_hash: str
    size: int
    imported: bool
    metrics: Mapping[str, Any]


class Version(NamedTuple):
    """A version with everything in it: the manifest and the files are the bytes whose checksums were checked."""

    row: VersionRow
    manifest: Manifest
    files: Mapping[str, bytes]


class Registry(Protocol):
    """Models by name, their immutable versions, and aliases that move.

    Guarantees, on which everything that serves models relies:

    - Versions of a name are numbered 1, 2, 3 in the order of publishing. What is published is never changed or taken
      away; there is no method that could.
    - A write is there completely or not at all when its process is killed at any point, and durable when the method
      returns. Several programs may write at once: they take turns. Who reads is never kept waiting by a writer for
      longer than it takes to replace one file or commit one transaction.
    - What `load` and `manifest` return was checked: every byte is one that was published, or DamagedVersion is raised
      before anything is parsed. Files are read once.
    - An alias points to where the last entry of its history put it. Entries are added, never changed.
    - No clock is read and no user asked for: times (ms UTC) and names are arguments.

    Errors: BadModel for names and contents that cannot be, UnknownModel for what is not there, AliasMoved,
    DamagedVersion; RegistryError or LedgerError where the place itself fails.
    """

    @property
    def place(self) -> str:
        """Where it is, as it may be shown to anybody."""

    def publish(self, manifest: Manifest, files: Mapping[str, bytes], *, imported: bool = False) -> VersionRow:
        """A new version with the next number of its name; the one that is there, if this content is there already.

        `manifest` need not name the files' sums; if it does, they must be these.
        """

    def versions(self, name: str | None = None) -> list[VersionRow]:
        """All versions, or those of one name, by name and number. A name without versions has none: no error."""

    def manifest(self, name: str, version: int) -> Manifest:
        """The checked manifest of a version."""

    def load(self, name: str, version: int) -> Version:
        """A version with its checked files."""

    def history(self, name: str | None = None, alias: str | None = None) -> list[Move]:
        """Entries of aliases, by time, then model, alias and number."""

    def move(self, name: str, alias: str, version: int, wish: Wish, *, expected: int | None | Unsaid = UNSAID) -> Move:
        """Makes an alias point to a version. With `expected`, only if it points there now (None: nowhere)."""

    def rollback(self, name: str, alias: str, wish: Wish, *, expected: int | Unsaid = UNSAID) -> Move:
        """Takes back the last move that is not taken back yet. With `expected`, only if the alias points there now."""

    def refuse(self, name: str, alias: str, version: int, wish: Wish) -> Move:
        """Records that a version was judged for an alias and not let in; the evidence it used is used."""

    def close(self) -> None:
        """Lets go of whatever it holds."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
