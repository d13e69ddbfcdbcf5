"""Power cuts, replayed: no acknowledged commit is lost and no ledger is damaged, whatever the disk had not yet synced.

A child makes live commits through `SessionWriter` under strace and acknowledges each on a pipe. From the record of its
writes and syncs, the disk is put together as a cut at any moment may leave it: what was synced is there; of the rest a
random part, torn into sectors of 512 bytes; of new and removed names either, until their folder was synced. SQLite then
opens what is left. The index beside the write-ahead log (-shm) is memory, so it never survives. The same with
`synchronous=NORMAL` must lose rows, which shows that this test can fail. Needs Linux and strace.

    python benchmarks/power_cut.py --cuts 1000
"""

import argparse
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from table import table

from papertape.ledger.database import open_database

SECTOR = 512
TRACED = "trace=openat,write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename"

CHILD = """
import os, sys
from decimal import Decimal
from sqlalchemy import event
from papertape.ledger.records import CheckpointRow, Effects, FillRow, OrderRow, TapeRow
from papertape.ledger.store import Ledger, SessionRow

url, synchronous, commits = sys.argv[1], sys.argv[2], int(sys.argv[3])
ledger = Ledger.open(url)

@event.listens_for(ledger.database.engine, "connect")
def prepare(connection, record):
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("PRAGMA wal_autocheckpoint=100")  # ten times as often as usual, so that many cuts meet one

ledger.database.engine.dispose()
writer = ledger.create(SessionRow("a", 0, "running", 1, "{}", "sim", "[]", "1m", 7), Effects())
one = Decimal(1)
for n in range(1, commits + 1):
    order = OrderRow(n - n % 5, n, n, n, "grid", "BTC/USDT", "buy", "limit", one, one, None, None, "gtc", None, False,
                     None, None, "entry", None, None, "working", one, f"after commit {n}", None, None)
    fill = FillRow(n, n - n % 5, n, n, "grid", "BTC/USDT", "buy", one, one, one, True, "entry", one, one, None, None,
                   None, "")
    effects = Effects(orders=[order], fills=[fill], tape=[TapeRow(n, n, n, "batch", str(n) * 200)],
                      checkpoint=CheckpointRow(n, n, n, f"sha256:{n}", str(n).encode() * 500))
    writer.commit(effects, {"bars": n})
    os.write(1, b"%d\\n" % n)
os._exit(0)  # a clean end would tidy up
"""


class Event(NamedTuple):
    """One call of the child: `call` is create, write, truncate, unlink, sync, sync-folder or acknowledge."""

    call: str
    path: str
    at: int = 0
    data: bytes = b""


@dataclass
class File:
    """What is surely on the disk, and the writes and truncations since, which may be."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Event] = field(default_factory=list)

    def sync(self) -> None:
        for event in self.pending:
            apply(self.synced, event)
        self.pending.clear()

    def after_a_cut(self, chance: random.Random) -> bytes:
        left = bytearray(self.synced)
        kept = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for event in self.pending:
            if event.call == "truncate":
                if chance.random() < kept:
                    apply(left, event)
                continue
            for start in range(0, len(event.data), SECTOR):
                if chance.random() < kept:
                    apply(left, event._replace(at=event.at + start, data=event.data[start : start + SECTOR]))
        return bytes(left)


class Disk:
    """A folder of files under a power that may fail."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = {path: File(bytearray(data)) for path, data in files.items()}
        self.unsure: dict[str, File | None] = {}  # by name: what it was before an unsynced creation or removal
        self.acknowledged = 0

    def take(self, event: Event) -> None:
        if event.call == "acknowledge":
            self.acknowledged = event.at
        elif event.call == "sync-folder":
            self.unsure.clear()
        elif event.call == "create":
            if event.path not in self.files:
                self.unsure.setdefault(event.path, None)
                self.files[event.path] = File()
        elif event.call == "unlink":
            self.unsure.setdefault(event.path, self.files[event.path])
            del self.files[event.path]
        elif event.call == "sync":
            self.files[event.path].sync()
        else:
            self.files[event.path].pending.append(event)

    def after_a_cut(self, chance: random.Random) -> dict[str, bytes]:
        names = {**self.files}
        for path, before in self.unsure.items():
            if chance.random() < 0.5:
                names.pop(path, None)
                if before is not None:
                    names[path] = before
        return {path: file.after_a_cut(chance) for path, file in names.items()}


def apply(content: bytearray, event: Event) -> None:
    if event.call == "truncate":
        del content[event.at :]
        content.extend(bytes(event.at - len(content)))
        return
    if event.at > len(content):
        content.extend(bytes(event.at - len(content)))
    content[event.at : event.at + len(event.data)] = event.data


def recorded(log: Path, folder: Path) -> Iterator[Event]:
    """The child's calls that concern the ledger, from what strace wrote."""
    ledger = {str(folder / f"ledger.db{end}") for end in ("", "-wal", "-journal")}
    fields = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"|<((?:\\x[0-9a-f]{2})*)>')
    with log.open("rb") as lines:
        for line in lines:
            call, _, rest = line.partition(b"(")
            if b" = -1 " in rest[-200:]:
                continue
            texts = [bytes.fromhex((a or b).replace(b"\\x", b"").decode()) for a, b in fields.findall(rest)]
            numbers = rest[rest.rfind(b'"') + 1 :].split(b")")[0].split(b",")
            if call == b"write":
                if rest.startswith(b"1<"):
                    yield Event("acknowledge", "", int(texts[1]))
                elif texts[0].decode() in ledger:
                    raise SystemExit("the child wrote to the ledger by write(), which this script does not follow")
            elif call == b"openat" and b"O_CREAT" in rest and texts[1].decode() in ledger:
                yield Event("create", texts[1].decode())
            elif call == b"pwrite64" and (path := texts[0].decode()) in ledger:
                written = int(rest.rsplit(b"=", 1)[1])
                yield Event("write", path, int(numbers[2]), texts[1][:written])
            elif call in (b"fsync", b"fdatasync"):
                if (path := texts[0].decode()) in ledger:
                    yield Event("sync", path)
                elif path == str(folder):
                    yield Event("sync-folder", path)
            elif call == b"ftruncate" and (path := texts[0].decode()) in ledger:
                yield Event("truncate", path, int(rest.split(b",")[1].split(b")")[0]))
            elif call == b"unlink" and (path := texts[0].decode()) in ledger:
                yield Event("unlink", path)
            elif call == b"rename" and any(text.decode() in ledger for text in texts):
                raise SystemExit("the child renamed a file of the ledger, which this script does not follow")


def record(folder: Path, synchronous: str, commits: int) -> tuple[dict[str, bytes], list[Event]]:
    """The ledger before the child, and what the child did to it."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    open_database(url, create=True).close()
    before = {str(path): path.read_bytes() for path in folder.glob("ledger.db*")}
    log = folder / "calls.log"
    strace = ["strace", "-qq", "-y", "-xx", "-s", "1000000", "-e", TRACED, "-e", "signal=none", "-o", str(log)]
    child = [sys.executable, "-c", CHILD, url, synchronous, str(commits)]
    done = subprocess.run(strace + child, capture_output=True, check=True)
    assert len(done.stdout.split()) == commits
    return before, list(recorded(log, folder))


def lost_or_damaged(files: dict[str, bytes], folder: Path, acknowledged: int) -> tuple[int, str]:
    """Acknowledged commits that are gone from what the cut left, and what is wrong with it in SQLite's words."""
    for old in folder.glob("ledger.db*"):
        old.unlink()
    for path, data in files.items():
        (folder / Path(path).name).write_bytes(data)
    connection = sqlite3.connect(folder / "ledger.db")
    try:
        [(state,)] = connection.execute("PRAGMA integrity_check").fetchall()
        if state != "ok":
            return 0, str(state)
        keys = ("number FROM tape", "seq FROM fills", "batch FROM checkpoints")
        kept, *others = ([row[0] for row in connection.execute(f"SELECT {key} ORDER BY 1")] for key in keys)
        if kept != list(range(1, len(kept) + 1)) or any(other != kept for other in others):
            return 0, "a commit is there in part"
        if kept and connection.execute("SELECT bars FROM sessions").fetchone() != (len(kept),):
            return 0, "the session's row is of another commit"
        return max(0, acknowledged - len(kept)), ""
    except sqlite3.DatabaseError as error:
        return 0, str(error)
    finally:
        connection.close()


def measure(synchronous: str, cuts: int, commits: int, seed: int) -> tuple[list[object], bool, int]:
    """A row of the table, whether every cut left a sound ledger, and in how many rows were lost."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        before, events = record(folder, synchronous, commits)
        disk, left = Disk(before), folder / "left"
        left.mkdir()
        moments = sorted(chance.randrange(len(events) + 1) for _ in range(cuts))
        done = cuts_with_loss = commits_lost = damaged = torn = 0
        for moment in moments:
            for event in events[done:moment]:
                disk.take(event)
            done = moment
            torn += any(file.pending for file in disk.files.values())
            lost, wrong = lost_or_damaged(disk.after_a_cut(chance), left, disk.acknowledged)
            commits_lost += lost
            cuts_with_loss += lost > 0
            if wrong:
                damaged += 1
                print(f"cut after call {moment}: {wrong}", file=sys.stderr)
        syncs = sum(event.call == "sync" for event in events)
        writes = sum(event.call == "write" for event in events)
    row = [synchronous, commits, writes, syncs, cuts, torn, cuts_with_loss, commits_lost, damaged]
    return row, not damaged, cuts_with_loss


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cuts", type=int, default=1000)
    options.add_argument("--commits", type=int, default=300)
    options.add_argument("--seed", type=int, default=7)
    asked = options.parse_args()
    if not shutil.which("strace"):
        sys.exit("power_cut.py needs strace: apt-get install strace")
    full, full_sound, full_lost = measure("FULL", asked.cuts, asked.commits, asked.seed)
    normal, _, normal_lost = measure("NORMAL", asked.cuts, asked.commits, asked.seed)
    heads = [
        "synchronous",
        "commits",
        "writes",
        "syncs",
        "cuts",
        "with unsynced writes",
        "lost rows in",
        "commits lost",
        "damaged",
    ]
    print(
        table(heads, [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in (full, normal)])
    )
    held = full_sound and not full_lost and normal_lost > 0
    print("FULL lost nothing; NORMAL did, so the test can fail" if held else "NOT as it must be")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
