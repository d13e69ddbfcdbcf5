"""Kills: a session that is killed at random moments, and resumed, ends as if nothing had happened.

The session in `stormy/` (brackets, partial fills, working orders, margin, rules, a fusion, a strategy whose state is
not kept) runs once undisturbed. Then it runs again and again as a process of its own, is ended by kill -9 at random
moments, of its start and of its resumes too, and resumed until it finishes. After each kill the database must be whole
and hold the undisturbed session's records up to its newest checkpoint, no more and no less; at the end all records and
the digest must be equal, and the tape must verify. Then the same with a full disk, with too small a limit on the size
of files, and with a ledger that another program locks: one plain line, exit code 1, nothing half-written, resumable.

    python benchmarks/kill.py --kills 200
    python benchmarks/kill.py --kills 50 --db postgresql://postgres@127.0.0.1/test
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from table import table

from papertape.contract.errors import LedgerError
from papertape.ledger.records import CheckpointRow, FillRow, OrderRow, PluginEventRow, SignalRow
from papertape.ledger.store import Ledger, SessionRow
from papertape.ledger.url import parsed
from papertape.reports.export import write

SESSION = Path(__file__).with_name("stormy") / "session.toml"
PAPERTAPE = str(Path(sys.executable).with_name("papertape"))
WHAT = ("orders", "fills", "signals", "trades", "equity")
NUMBERED: tuple[type[Any], ...] = (SignalRow, OrderRow, FillRow, PluginEventRow)


class Failed(Exception):
    """What should not have happened."""


@dataclass(frozen=True)
class Undisturbed:
    """The session as it ends when nobody disturbs it: its records by kind and number, the digest of every batch, what
    is exported, how long the process took, and how long of that it worked."""

    digest: str
    records: dict[type[Any], dict[int, Any]]
    digests: dict[int, str]
    exported: dict[str, str]
    seconds: float
    working: float


@dataclass
class Tally:
    """What happened, over all sessions of one kind of disturbance."""

    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: str, count: int = 1) -> int:
        with self.lock:
            self.counts[what] += count
            return self.counts[what]


def command(db: str, *arguments: str) -> list[str]:
    return [PAPERTAPE, "run", *arguments, "--db", db, "--json"]


def undisturbed(db: str, file: str, bars: int) -> Undisturbed:
    """Runs the session with a checkpoint for every batch, and then as the disturbed ones will run, for its time."""
    last = working = 0.0
    for every in (1, 20):
        began = time.monotonic()
        done = subprocess.run(
            command(db, file, "--bars", str(bars), "--checkpoint-every", str(every)), capture_output=True, text=True
        )
        if done.returncode:
            raise Failed(f"the undisturbed session failed: {done.stderr}")
        last, working = time.monotonic() - began, json.loads(done.stdout)["seconds"]
    with Ledger.open(db) as ledger:
        first = ledger.sessions()[-1]
        return Undisturbed(
            first.digest,
            {kind: {row.seq: row for row in ledger.rows(first.id, kind)} for kind in NUMBERED},
            {row.batch: row.digest for row in ledger.rows(first.id, CheckpointRow)},
            exported(ledger, first.id),
            last,
            working,
        )


def exported(ledger: Ledger, session: str) -> dict[str, str]:
    """All records as `sessions export` writes them."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for what in WHAT:
            file = Path(folder) / what
            write(ledger, session, what, "jsonl", str(file))
            # Blocks of the equity curve lie in the order of books and checkpoints: the same lines, sorted.
            found[what] = "".join(sorted(file.read_text().splitlines(keepends=True)))
    return found


def check_kept(db: str, ledger: Ledger, session: SessionRow, whole: Undisturbed) -> int:
    """That what a disturbed session has left is whole, and equal up to its newest checkpoint; gives its batch."""
    check_database(ledger)
    kept = ledger.checkpoint(session.id)
    if kept is None:
        raise Failed(f"{db}: session {session.id} has no checkpoint")
    if kept.batch >= 0 and kept.digest != whole.digests[kept.batch]:
        raise Failed(f"{db}: the digest after batch {kept.batch} is another")
    unchanging: tuple[type[Any], ...] = (SignalRow, FillRow, PluginEventRow)
    for kind in unchanging:
        here = {row.seq: row for row in ledger.rows(session.id, kind)}
        there = {seq: row for seq, row in whole.records[kind].items() if seq <= kept.seq}
        if [row[:-1] for row in here.values()] != [row[:-1] for row in there.values()]:  # without traceback and note
            raise Failed(f"{db}: {kind.__name__} up to number {kept.seq} are not those of the undisturbed session")
    orders = {row.seq for row in ledger.rows(session.id, OrderRow)}
    if orders != {seq for seq in whole.records[OrderRow] if seq <= kept.seq}:
        raise Failed(f"{db}: an order up to number {kept.seq} is lost or doubled")
    return kept.batch


def check_database(ledger: Ledger) -> None:
    """SQLite's own checks; PostgreSQL has checksums of its own."""
    if ledger.database.file is not None:
        with ledger.database.read() as connection:
            said = connection.execute(text("PRAGMA integrity_check")).scalar()
            orphans = connection.execute(text("PRAGMA foreign_key_check")).first()
        if said != "ok" or orphans:
            raise Failed(f"the database is damaged: {said} {orphans}")


def check_end(db: str, ledger: Ledger, session: SessionRow, whole: Undisturbed) -> None:
    """That a session which has finished is the undisturbed one."""
    check_database(ledger)
    if session.status != "finished" or session.digest != whole.digest:
        raise Failed(f"{db}: session {session.id} ended {session.status} with {session.digest}, not {whole.digest}")
    for what, rows in exported(ledger, session.id).items():
        if rows != whole.exported[what]:
            raise Failed(f"{db}: the {what} of session {session.id} are not those of the undisturbed session")


def verify(db: str, session: str) -> None:
    done = subprocess.run([PAPERTAPE, "sessions", "verify", session, "--db", db], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{db}: session {session} does not verify: {done.stderr}")


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
    """Whether it ended well; if not, then with exit code 1 and one plain line."""
    errors = [line for line in said.splitlines() if line.startswith("Error")]
    if code and (code != 1 or len(errors) != 1 or "Traceback" in said or "unexpected" in said):
        raise Failed(f"{db}: exit {code}, which is not plain: {said}")
    if code:
        tally.add("said: " + errors[0].removeprefix("Error: ").replace(db, "DB").split(": ", 1)[-1][:110])
    return code == 0


def session_under(
    db: str, file: str, bars: int, disturb: Disturb, whole: Undisturbed, tally: Tally, chance: random.Random, most: int
) -> None:
    """One session, disturbed up to `most` times, then left to finish; all checks on the way."""
    session: SessionRow | None = None
    reached, disturbed = -2, 0
    while session is None or session.status != "finished":
        what = [file, "--bars", str(bars)] if session is None else ["--resume", session.id]
        arguments = command(db, *what, "--checkpoint-every", str(chance.randint(3, 40)))
        if disturbed >= most:
            if not plainly(db, arguments, tally):
                raise Failed(f"{db}: a session that nobody disturbed any more failed")
        elif not disturb(db, arguments, chance, tally):
            disturbed += 1
        with opened(db) as ledger:
            session = next(iter(ledger.sessions()), None) if ledger else None
            if ledger is None or session is None:
                tally.add("before the session had begun")
                disturbed = 0
                continue
            wait_for_release(ledger, session.id)
            batch = check_kept(db, ledger, session, whole)
            if session.status == "finished":
                check_end(db, ledger, session, whole)
            else:
                tally.add("in a session" if batch > reached else "in its start or resume")
            reached = batch
    tally.add("sessions that ended equal")
    if tally.counts["sessions that ended equal"] % 5 == 1:
        verify(db, session.id)
        tally.add("of these verified")


@contextmanager
def opened(db: str) -> Iterator[Ledger | None]:
    """The ledger, or None where the end came before its first table."""
    try:
        ledger = Ledger.open(db)
    except LedgerError as error:
        if "there is no ledger" not in str(error):
            raise Failed(str(error)) from error
        yield None
        return
    with ledger:
        yield ledger


def wait_for_release(ledger: Ledger, session: str) -> None:
    """A server needs a moment to notice that its client is dead."""
    for _ in range(6_000):
        if not ledger.is_owned(session):
            return
        time.sleep(0.01)
    raise Failed(f"session {session} is still owned a minute after its host died")


def storm(place: "Place", options: argparse.Namespace, whole: Undisturbed) -> Tally:
    """Two sessions at a time are killed until there were enough kills."""
    tally = Tally()
    failures: list[BaseException] = []

    def work(number: int) -> None:
        chance = random.Random(f"{options.seed} {number}")
        disturb: Disturb = partial(killed, whole=whole)
        try:
            while not failures and hits(tally) < options.kills:
                session_under(
                    place.fresh(), options.session, options.bars, disturb, whole, tally, chance, chance.randint(1, 8)
                )
        except BaseException as error:  # noqa: BLE001  # raised again below, outside the thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(options.jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return tally


def hits(tally: Tally) -> int:
    return tally.counts["in a session"] + tally.counts["in its start or resume"]


def rounds(
    place: "Place", options: argparse.Namespace, whole: Undisturbed, disturb: Disturb, count: int, db: str | None = None
) -> Tally:
    """Sessions under a disturbance, one after the other, until it has struck so often."""
    tally, chance = Tally(), random.Random(options.seed)
    while hits(tally) < count:
        here = db or place.fresh()
        session_under(here, options.session, options.bars, disturb, whole, tally, chance, 2)
        place.drop(here)
    return tally


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


def shown(title: str, tally: Tally, seconds: float) -> str:
    rows = [
        [what, f"{count:,}"]
        for what, count in sorted(tally.counts.items(), key=lambda item: item[0].startswith("said"))
    ]
    return table([title, "count"], [*rows, ["seconds", f"{seconds:.0f}"]]) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table for each disturbance; exit code 1 when a session ended otherwise than undisturbed."""
    parser = argparse.ArgumentParser(description="Kill sessions at random moments, resume them, and compare.")
    parser.add_argument("--kills", type=int, default=200, help="how many kills (default 200)")
    parser.add_argument(
        "--faults", type=int, default=10, help="how many full disks, file limits and locks each (default 10)"
    )
    parser.add_argument("--db", metavar="URL", help="a PostgreSQL database to make schemas in (default: SQLite files)")
    parser.add_argument("--bars", type=int, default=1000, help="batches of the session (default 1000)")
    parser.add_argument("--jobs", type=int, default=2, help="sessions at a time (default 2)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default 1)")
    parser.add_argument("--session", default=str(SESSION), help="session file (default: stormy/session.toml)")
    options = parser.parse_args(arguments)
    return in_a_place(run, options)


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


def run(place: Place, options: argparse.Namespace, folder: Path) -> int:
    reference = place.fresh()
    whole = undisturbed(reference, options.session, options.bars)
    counts = {kind.__name__: len(rows) for kind, rows in whole.records.items()}
    print(f"undisturbed: {whole.digest}, {whole.seconds:.1f} s, {json.dumps(counts)}\n", flush=True)
    steps: list[tuple[str, Callable[[], Tally]]] = []
    if options.kills:
        steps.append(("kill -9", lambda: storm(place, options, whole)))
    if options.faults:
        lock: Disturb = partial(locked_out, seconds=whole.seconds)
        steps.append(("locked ledger", lambda: rounds(place, options, whole, lock, options.faults)))
    with small_disk(folder, 8) as disk:
        if options.faults and options.db is None:
            most = Path(str(parsed(reference).database)).stat().st_size
            limit: Disturb = partial(short_of_room, most=most)
            steps.append(("file-size limit", lambda: rounds(place, options, whole, limit, options.faults)))
            if disk is None:
                print("full disk: left out, this user may not mount one\n")
            else:
                full: Disturb = partial(on_a_full_disk, disk=disk)
                db = f"sqlite:///{disk / 'ledger.db'}"
                steps.append(("full disk", lambda: rounds(place, options, whole, full, options.faults, db)))
        for title, step in steps:
            began = time.monotonic()
            tally = step()
            print(shown(title, tally, time.monotonic() - began), flush=True)
    print("every session ended as the undisturbed one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
