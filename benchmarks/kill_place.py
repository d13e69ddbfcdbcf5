"""Where the ledgers of sessions that are disturbed are made, and disks that are soon full."""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from undisturbed import Failed

from papertape.ledger.url import parsed


class Place:
    """Where ledgers are made: a folder of SQLite files, or a schema of its own for each in a PostgreSQL database."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self.folder, self.server, self.count = folder, server, 0
        self.schemas: list[str] = []
        self.lock = threading.Lock()

    def fresh(self) -> str:
        """The URL of an empty ledger."""
        with self.lock:
            self.count += 1
            name = f"kill_{self.folder.name.rpartition('_')[2].lower()}_{self.count}"
        if self.server is None:
            return f"sqlite:///{self.folder / name}.db"
        self._execute(f"CREATE SCHEMA {name}")
        self.schemas.append(name)
        return f"{self.server}{'&' if '?' in self.server else '?'}options=-csearch_path%3D{name}"

    def drop(self, url: str) -> None:
        """Makes room: on SQLite the file goes."""
        if self.server is None:
            for file in Path(str(parsed(url).database)).parent.glob(f"{Path(str(parsed(url).database)).name}*"):
                file.unlink()

    def close(self) -> None:
        for schema in self.schemas:
            self._execute(f"DROP SCHEMA {schema} CASCADE")

    def _execute(self, statement: str) -> None:
        engine = create_engine(parsed(str(self.server)), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def in_a_place(run: Callable[[Place, argparse.Namespace, Path], int], options: argparse.Namespace) -> int:
    """Runs with a place for ledgers in a folder of its own; the exit code. What failed is left to be looked at."""
    folder = Path(tempfile.mkdtemp(prefix="papertape_"))
    place = Place(folder, options.db)
    try:
        return run(place, options, folder)
    except Failed as failure:
        print(f"FAILED: {failure}\nwhat is left is in {folder}", file=sys.stderr)
        return 1
    finally:
        place.close()
        if sys.exc_info()[0] is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path | None]:
    """A disk of its own, in memory; None where this user may not mount one."""
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", disk], capture_output=True
    ).returncode:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)
