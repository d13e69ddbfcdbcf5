"""A version as one file: an uncompressed tar archive (ustar) with exactly one possible form.

Its members are manifest.sha256, manifest.json and the version's files in order of their names, with nothing else about
them that could differ. An archive is read into memory, the manifest's checksum is compared before the manifest is
parsed, the files' before anybody sees them, and then the archive must be, byte for byte, the one that would be written
for that version. So there is no room for links, paths, doubled or additional members, sparse or compressed data.
Nothing is ever unpacked to disk.
"""

import hashlib
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

from papertape_ml.errors import BadModel, RegistryError
from papertape_ml.registry.canonical import sha256
from papertape_ml.registry.manifest import MAX_BYTES, MAX_FILES, MAX_MANIFEST, Manifest
from papertape_ml.registry.protocol import Version
from papertape_ml.registry.reading import read_file

SUM = "manifest.sha256"
MANIFEST = "manifest.json"
_BLOCK = 512
_END = bytes(2 * _BLOCK)
MAX_ARCHIVE = MAX_BYTES + MAX_MANIFEST + (MAX_FILES + 8) * 4 * _BLOCK


def packed(manifest: Manifest, files: Mapping[str, bytes]) -> bytes:
    """The archive of a version."""
    text = manifest.encoded()
    members = {SUM: f"{sha256(text)}  {MANIFEST}\n".encode(), MANIFEST: text}
    members |= {name: files[name] for name in manifest.files}
    return b"".join(_member(name, data) for name, data in members.items()) + _END


def unpacked(data: bytes, shown: str = "the archive") -> tuple[Manifest, dict[str, bytes]]:
    """The version in an archive. Raises BadModel for anything but what `packed` writes."""
    try:
        line, at = _take(data, 0, SUM, 64 + 2 + len(MANIFEST) + 1)
        text, at = _take(data, at, MANIFEST, MAX_MANIFEST)
        if line != f"{sha256(text)}  {MANIFEST}\n".encode():
            raise BadModel("the manifest's checksum does not fit; it was damaged on the way")
        manifest = Manifest.parse(text)
        files: dict[str, bytes] = {}
        for name, expected in manifest.files.items():
            files[name], at = _take(data, at, name, expected.size)
            if (len(files[name]), hashlib.sha256(files[name]).hexdigest()) != (expected.size, expected.sha256):
                raise BadModel(f"the checksum of {name} does not fit; it was damaged on the way")
        if packed(manifest, files) != data:
            raise BadModel("it holds something else besides a version")
        return manifest, files
    except BadModel as error:
        raise BadModel(f"{shown} is no archive of a model's version: {error}") from None


def write_archive(path: Path, version: Version) -> int:
    """Writes a version to a new file; returns its size in bytes. Raises BadModel if the file is there already."""
    data = packed(version.manifest, version.files)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        try:
            with draft.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # unlike a rename, it takes no other file's place
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        raise BadModel(f"{path} is there already: name a file that is not") from None
    except OSError as error:
        raise RegistryError(f"{path} cannot be written: {error.strerror or error}") from None
    return len(data)


def read_archive(path: Path) -> tuple[Manifest, dict[str, bytes]]:
    """The version in a file. Raises BadModel."""
    try:
        data = read_file(None, str(path), MAX_ARCHIVE)
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror or error}") from None
    return unpacked(data, str(path))


def _member(name: str, data: bytes) -> bytes:
    return _header(name, len(data)) + data + bytes(-len(data) % _BLOCK)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o644
    header = member.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
    assert len(header) == _BLOCK, "ustar needs one block for a name of at most 155 characters"
    return header


def _take(data: bytes, at: int, name: str, limit: int) -> tuple[bytes, int]:
    """The member that must come at a place, and the place after it; its header must be the one that we write."""
    field = data[at + 124 : at + 136].rstrip(b"\0")
    if len(data) < at + _BLOCK or not field.isdigit() or set(field) & set(b"89"):
        raise BadModel(f"{name} is not where it should be")
    size = int(field, 8)
    if size > limit:
        raise BadModel(f"{name} has {size:,} bytes, more than the {limit:,} that are allowed")
    if data[at : at + _BLOCK] != _header(name, size):
        raise BadModel(f"{name} is not where it should be")
    start = at + _BLOCK
    if len(data) < start + size:
        raise BadModel(f"it ends in the middle of {name}")
    return data[start : start + size], start + size + -size % _BLOCK
