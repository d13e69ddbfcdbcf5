"""What every registry does before it takes a version in and before it gives one out."""

import hashlib
from collections.abc import Callable, Mapping

from papertape_ml.errors import BadModel, DamagedVersion
from papertape_ml.registry.canonical import checksum_of
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.protocol import Version, VersionRow

CURE = "restore it from a copy, or import it again"


def row_of(manifest: Manifest, version: int, imported: bool) -> VersionRow:
    """The row of a version with that manifest."""
    return VersionRow(
        manifest.name,
        version,
        manifest.checksum,
        manifest.kind,
        manifest.created,
        manifest.feature_set_hash,
        manifest.size,
        imported,
        manifest.metrics,
    )


def manifest_of(row: VersionRow, data: bytes, place: str) -> Manifest:
    """The manifest in stored bytes, which are hashed first. Raises DamagedVersion."""
    if checksum_of(data) != row.checksum:
        raise DamagedVersion(f"{shown(row)} in {place}: its manifest is damaged; {CURE}")
    try:
        manifest = Manifest.parse(data)
    except BadModel as error:
        raise DamagedVersion(f"{shown(row)} in {place}: {error}; another papertape wrote it") from None
    if row_of(manifest, row.version, row.imported) != row:
        raise DamagedVersion(f"{shown(row)} in {place}: the registry's row and the manifest do not agree; {CURE}")
    return manifest


def version_of(row: VersionRow, manifest: Manifest, read: Callable[[str, int], bytes], place: str) -> Version:
    """The version with its files, each read once by `read` (name, size) and hashed. Raises DamagedVersion."""
    files: dict[str, bytes] = {}
    for name, expected in manifest.files.items():
        data = read(name, expected.size)
        if len(data) != expected.size or hashlib.sha256(data).hexdigest() != expected.sha256:
            raise DamagedVersion(f"{shown(row)} in {place}: {name} is damaged; {CURE}")
        files[name] = data
    return Version(row, manifest, files)


def files_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files as bytes that nobody else can change. Raises BadModel for anything but bytes."""
    found = {}
    for name, data in files.items():
        if not isinstance(data, bytes | bytearray | memoryview):
            raise BadModel(f"{str(name)[:80]!r} is given as {type(data).__name__}, not as bytes")
        found[name] = bytes(data)
    return found


def shown(row: VersionRow) -> str:
    """NAME@VERSION."""
    return f"{row.name}@{row.version}"
