"""Files and folders written so that a kill or a power cut leaves the old state or the new.

The order is always: the bytes of a file, its fsync; the folder's fsync, for the names in it; the rename that makes it
visible; the fsync of the folder in which it became visible.
"""

import os
import shutil
from collections.abc import Mapping

from papertape_ml.registry.reading import entries, folder_inside

NEW = ".new-"
"""How names of what is not finished begin."""


def write_file(parent: int, name: str, data: bytes) -> None:
    """A new file in an open folder, its bytes durable (its name is not yet). Raises OSError."""
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=parent)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(parent: int, name: str, data: bytes) -> None:
    """Puts `data` in the place of a file in an open folder. One writer at a time. Raises OSError."""
    draft = f"{NEW}{name}"
    _unlink(parent, draft)
    try:
        write_file(parent, draft, data)
        os.rename(draft, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        _unlink(parent, draft)
        raise
    os.fsync(parent)


def publish_folder(parent: int, name: str, files: Mapping[str, bytes]) -> None:
    """A folder with files in an open folder, in the place of a damaged one. One writer at a time. Raises OSError."""
    draft = f"{NEW}{name}"
    remove_folder(parent, draft)
    os.mkdir(draft, 0o755, dir_fd=parent)
    try:
        with folder_inside(parent, draft) as handle:
            for each, data in files.items():
                write_file(handle, each, data)
            os.fsync(handle)
        remove_folder(parent, name)
        os.rename(draft, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        remove_folder(parent, draft)
        raise
    os.fsync(parent)


def remove_folder(parent: int, name: str) -> None:
    """Removes a folder in an open folder, if one is there; never follows a link."""
    shutil.rmtree(name, ignore_errors=True, dir_fd=parent)


def sweep(parent: int, keep: set[str]) -> list[str]:
    """Removes what killed writers left in an open folder: unfinished folders, and finished ones that nobody names.

    `keep`: the folders that somebody names. Anything whose name we would not give is left alone.
    """
    stale = [
        name
        for name, is_file in entries(parent)
        if not is_file and name not in keep and (name.startswith(NEW) or _is_sum(name))
    ]
    for name in stale:
        remove_folder(parent, name)
    return stale


def _is_sum(name: str) -> bool:
    return len(name) == 64 and set(name) <= set("0123456789abcdef")


def _unlink(parent: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return
