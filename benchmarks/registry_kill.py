"""Kills of programs that write to a registry of models: nothing that was acknowledged is lost, nothing is half there.

A process publishes versions and moves an alias, telling over a pipe what came back; it is ended by kill -9 at random
moments. After each kill the registry must open, every version must have the bytes that were published, the versions
must count from 1 without a gap, all that was acknowledged must be there, and at most the one write that was under way
besides. The next process goes on from there. For the registry in a folder, processes are also killed before each
single call to the file system that a publication and a move make, one after the other.

    python benchmarks/registry_kill.py --kills 200
    python benchmarks/registry_kill.py --kills 50 --db postgresql://postgres@127.0.0.1/test
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from table import table

from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.lookup import find
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.moves import targets
from papertape_ml.registry.names import Reference
from papertape_ml.registry.protocol import Registry
from papertape_ml.registry.sql_registry import SqlRegistry
from papertape_ml.registry.suite import example, wish
from papertape_ml.registry.verify import verify

Open = Callable[[], Registry]
CALLS = ("open", "write", "fsync", "rename", "mkdir", "unlink", "close")
"""What the registry in a folder asks of the operating system when it writes."""


class Failed(Exception):
    """What should not have happened."""


def contents(number: int) -> Mapping[str, bytes]:
    """The files of a version: of several sizes, the same for the same number."""
    source = random.Random(number)
    return {f"part-{n}": source.randbytes(source.choice([0, 300, 70_000])) for n in range(3)}


def manifest(number: int) -> Manifest:
    return example(number)


def work(opened: Open, tell: int, start: int, rounds: int) -> None:
    """Publishes and moves, and says what is done."""
    with opened() as registry:
        os.write(tell, b"ready\n")
        for number in range(start, start + rounds):
            row = registry.publish(manifest(number), contents(number))
            os.write(tell, f"published {row.version} {row.checksum}\n".encode())
            move = registry.move("signal", "champion", row.version, wish(number))
            os.write(tell, f"moved {move.number} {move.to_version}\n".encode())
            if number % 3 == 2 and move.from_version is not None:
                move = registry.rollback("signal", "champion", wish(number))
                os.write(tell, f"moved {move.number} {move.to_version}\n".encode())


def child(job: Callable[[int], None]) -> tuple[int, int]:
    """A process that does the job with the end of a pipe to tell on; its id and our end."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        _end(job, theirs)
    os.close(theirs)
    return pid, ours


def _end(job: Callable[[int], None], tell: int) -> NoReturn:
    try:
        job(tell)
    except BaseException as error:  # noqa: BLE001  # the parent hears of it
        os.write(tell, f"failed {type(error).__name__}: {error}\n".encode())
    os._exit(0)


def told(pid: int, ours: int, heard: bytes = b"") -> list[list[str]]:
    """What a process said until it ended, after what was heard already."""
    with os.fdopen(ours, "rb") as pipe:
        lines = (heard + pipe.read()).decode().splitlines()
    os.waitpid(pid, 0)
    if said := [line for line in lines if line.startswith("failed")]:
        raise Failed(said[0])
    return [line.split() for line in lines if line != "ready"]


class Known:
    """What has been acknowledged."""

    def __init__(self) -> None:
        self.checksums: list[str] = []
        self.points: list[int] = []

    def check(self, opened: Open, said: list[list[str]]) -> int:
        """Compares the registry with what was acknowledged; returns how many writes were there without it.

        Raises Failed.
        """
        checksums = [*self.checksums, *(words[2] for words in said if words[0] == "published")]
        points = [*self.points, *(int(words[2]) for words in said if words[0] == "moved")]
        with opened() as registry:
            rows, moves = registry.versions(), registry.history()
            if [row.version for row in rows] != list(range(1, len(rows) + 1)):
                raise Failed(f"versions {[row.version for row in rows]}")
            if bad := [each.problem for each in verify(registry, rows[-3:]) if each.problem]:
                raise Failed(str(bad))
            for row in rows[-3:]:
                if dict(registry.load(row.name, row.version).files) != contents(row.created):
                    raise Failed(f"version {row.version} has the files of another")
            more = len(rows) - len(checksums) + len(moves) - len(points)
            moved = [move.to_version for move in sorted(moves, key=lambda move: move.number)]
            if [row.checksum for row in rows][: len(checksums)] != checksums or moved[: len(points)] != points:
                raise Failed("something that was acknowledged is gone")
            if not 0 <= more <= 1:
                raise Failed(f"{more} writes are there that nobody asked for")
            if moves and find(registry, Reference.parse("signal@champion")).version != moved[-1]:
                raise Failed("the alias does not point to where its history says")
            if moves and targets(moves) != {("signal", "champion"): moved[-1]}:
                raise Failed("the alias points elsewhere")
        self.checksums, self.points = [row.checksum for row in rows], moved
        return more


def at_random(opened: Open, kills: int, seed: int) -> dict[str, Any]:
    """Kills at random moments."""
    source, known, unheard, done = random.Random(seed), Known(), 0, 0
    began = time.perf_counter()
    for kill in range(kills):
        start = 1_000 * (kill + 1)
        pid, ours = child(lambda tell, start=start: work(opened, tell, start, 1_000))  # type: ignore[misc]
        ready = os.read(ours, 6)
        time.sleep(source.uniform(0, 0.15))
        os.kill(pid, signal.SIGKILL)
        said = told(pid, ours, ready)
        done += len(said)
        unheard += known.check(opened, said)
    return {"kills": kills, "writes": done, "done but not said": unheard, "s": time.perf_counter() - began}


def at_every_call(opened: Open) -> dict[str, Any]:
    """Kills before the first call to the file system, the second, and so on, until a process comes through."""
    known, unheard, calls = Known(), 0, 0
    began = time.perf_counter()
    while True:
        number = 1_000_000 + calls * 10 + (2 - calls * 10) % 3  # a rollback is part of it

        def doomed(tell: int, number: int = number, calls: int = calls) -> None:
            with opened():
                _kill_before(calls, tell)
                work(opened, tell, number, 1)
                os.write(tell, b"through\n")

        pid, ours = child(doomed)
        said = told(pid, ours)
        through = ["through"] in said
        unheard += known.check(opened, [words for words in said if words != ["through"]])
        if through:
            return {"kills": calls, "writes": len(known.points) + len(known.checksums), "done but not said": unheard,
                    "s": time.perf_counter() - began}  # fmt: skip
        calls += 1


def _kill_before(calls: int, tell: int) -> None:
    """This process ends before its call to the file system of that number."""
    left = [calls]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if arguments[:1] != (tell,):
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
            return real(*arguments, **named)

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))


def leftovers(folder: Path) -> list[str]:
    """Folders of versions that the registry does not know, after one more publication."""
    with JsonRegistry.open(folder) as registry:
        registry.publish(manifest(1), contents(1))
        known = {row.checksum.removeprefix("sha256:") for row in registry.versions()}
    return sorted({each.name for each in (folder / "versions").iterdir()} - known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="at random moments, of each kind of registry")
    parser.add_argument("--db", help="a database to kill on besides SQLite; it must hold no models")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder, single, url = Path(scratch, "folder"), Path(scratch, "single"), f"sqlite:///{scratch}/ledger.db"
        for place in (folder, single):
            JsonRegistry.open(place, create=True)
        urls = {"SQLite": url} | ({"PostgreSQL": given.db} if given.db else {})
        try:
            results["folder, every call"] = at_every_call(lambda: JsonRegistry.open(single))
            results["folder"] = at_random(lambda: JsonRegistry.open(folder), given.kills, given.seed)
            if stale := leftovers(folder) + leftovers(single):
                raise Failed(f"never swept: {stale}")
            for name, place in urls.items():
                SqlRegistry.open(place, create=True).close()
                results[name] = at_random(lambda place=place: SqlRegistry.open(place), given.kills, given.seed)  # type: ignore[misc]
        except Failed as error:
            sys.exit(f"after {results}: {error}")
    rows = [
        [name, str(each["kills"]), f"{each['writes']:,}", str(each["done but not said"]), f"{each['s']:.1f}"]
        for name, each in results.items()
    ]
    print(table(["registry", "kills", "writes", "done, not said", "s"], rows))
    print("\nafter every kill the old state or the new; nothing acknowledged was lost")


if __name__ == "__main__":
    main()
