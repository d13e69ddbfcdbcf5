"""What a session meets: kill -9, a limit on the size of files, a full disk, and a ledger that another program locks."""

import random
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from kill_tally import Tally
from sqlalchemy import create_engine
from undisturbed import Failed, Undisturbed

from papertape.ledger.url import parsed

Disturb = Callable[[str, list[str], random.Random, Tally], bool]
"""Runs a command under a disturbance; True if it ended well all the same."""


def killed(db: str, arguments: list[str], chance: random.Random, tally: Tally, whole: Undisturbed) -> bool:
    """Runs it, and kills it: mostly at a moment while it works, else at any."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    seconds = whole.seconds
    if chance.random() < 0.8:
        process.stderr.readline()  # it has begun, or is back
        seconds = whole.working
    with suppress(subprocess.TimeoutExpired):
        _, said = process.communicate(timeout=chance.uniform(0, seconds))
        if process.returncode:
            raise Failed(f"{db}: exit {process.returncode} unasked: {said}")
        return True
    process.kill()
    process.communicate()
    return False


def short_of_room(db: str, arguments: list[str], chance: random.Random, tally: Tally, most: int) -> bool:
    """Runs it with a limit on the size of files, which a write beyond meets as an input/output error."""
    limit = int(most * chance.uniform(0.05, 1.0))
    end = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    return plainly(db, arguments, tally, end)


def on_a_full_disk(db: str, arguments: list[str], chance: random.Random, tally: Tally, disk: Path) -> bool:
    """Runs it on a disk of which a random part is taken."""
    ballast = disk / "ballast"
    free = shutil.disk_usage(disk).free
    ballast.write_bytes(bytes(int(free * chance.uniform(0.3, 0.98))))
    try:
        return plainly(db, arguments, tally)
    finally:
        ballast.unlink()


def locked_out(db: str, arguments: list[str], chance: random.Random, tally: Tally, seconds: float) -> bool:
    """Runs it while another program takes the ledger for itself, and does not give it back."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    with suppress(subprocess.TimeoutExpired):
        process.wait(chance.uniform(0.8, seconds))
    with taken(db):
        _, said = process.communicate()
    return judged(db, process.returncode, said, tally)


@contextmanager
def taken(db: str) -> Iterator[None]:
    """Another program's transaction, which nobody can write beside."""
    engine = create_engine(
        parsed(db), isolation_level="AUTOCOMMIT" if parsed(db).drivername == "sqlite" else "READ COMMITTED"
    )
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
        yield
        connection.exec_driver_sql("ROLLBACK")
    engine.dispose()


def plainly(db: str, arguments: list[str], tally: Tally, first: Callable[[], None] | None = None) -> bool:
    done = subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=first)
    return judged(db, done.returncode, done.stderr, tally)


def judged(db: str, code: int, said: str, tally: Tally) -> bool:
    """Whether it ended well; if not, then with one plain line and exit code 1, or 2 where no ledger could be opened."""
    errors = [line for line in said.splitlines() if line.startswith("Error")]
    if code and (code not in (1, 2) or len(errors) != 1 or "Traceback" in said or "unexpected" in said):
        raise Failed(f"{db}: exit {code}, which is not plain: {said}")
    if code:
        tally.add("said: " + errors[0].removeprefix("Error: ").replace(db, "DB").split(": ", 1)[-1][:110])
    return code == 0
