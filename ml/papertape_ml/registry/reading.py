"""Files read so that nothing but a plain file of the expected size is ever opened or taken in.

No link is followed below the folder that the caller names, nothing that waits or acts when it is opened (FIFO, device,
socket) is opened, and a file is read once: whoever checks the bytes has the bytes.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from papertape_ml.errors import BadModel

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_BLOCK = 1 << 20


@contextmanager
def folder(path: Path) -> Iterator[int]:
    """A handle of the folder at `path`, which the user names: a link to it is followed. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def folder_inside(parent: int, name: str) -> Iterator[int]:
    """A handle of the folder `name` in an open folder; a link is refused (OSError)."""
    handle = os.open(name, _FOLDER, dir_fd=parent)
    try:
        yield handle
    finally:
        os.close(handle)


def read_file(parent: int | None, name: str, limit: int) -> bytes:
    """All bytes of the plain file `name` in an open folder (None: a path). Raises BadModel, or OSError as `open` does.

    `limit`: a longer file is refused before it is read; one that grows meanwhile is refused too.
    """
    shown = repr(name if len(name) <= 80 else f"{name[:77]}...")
    if parent is not None and (name in ("", ".", "..") or "/" in name or "\0" in name):
        raise BadModel(f"{shown} is no plain name of a file")
    _plain(shown, os.stat(name, dir_fd=parent, follow_symlinks=parent is None), limit)
    flags = _FILE if parent is not None else _FILE & ~os.O_NOFOLLOW
    handle = os.open(name, flags, dir_fd=parent)
    try:
        size = _plain(shown, os.fstat(handle), limit)  # of what was opened, whatever was there a moment ago
        parts, left = [], size + 1
        while left and (part := os.read(handle, min(left, _BLOCK))):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(handle)
    data = b"".join(parts)
    if len(data) != size:
        raise BadModel(f"{shown} changed while it was read")
    return data


def entries(parent: int) -> Iterator[tuple[str, bool]]:
    """Names in an open folder, in order, each with whether it is a plain file."""
    with os.scandir(parent) as found:
        each = sorted((entry.name, entry.is_file(follow_symlinks=False)) for entry in found)
    yield from each


def _plain(shown: str, found: os.stat_result, limit: int) -> int:
    if not stat.S_ISREG(found.st_mode):
        raise BadModel(f"{shown} is no plain file: links, folders, pipes and devices are refused")
    if found.st_size > limit:
        raise BadModel(f"{shown} has {found.st_size:,} bytes, more than the {limit:,} that are allowed")
    return found.st_size
