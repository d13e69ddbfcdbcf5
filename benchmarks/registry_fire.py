"""The registry of models under fire: kills, damage, hostile checkpoints, two writers at once.

    python benchmarks/registry_fire.py                                        # some minutes
    python benchmarks/registry_fire.py --db postgresql://postgres@127.0.0.1/test   # on PostgreSQL too
    python benchmarks/registry_fire.py --quick                                # what the tests run

1. *Kills*: as `registry_kill.py` has it; 200 at random moments of each kind of registry, and one before each single
   call to the file system.
2. *Damage*: a version's stored bytes get a flipped bit or are cut, 1,000 times in each kind of registry and in
   archives. Each must be refused, and before anything of it is parsed.
3. *Hostile checkpoints* (`hostile.py`): pickles in disguise, links, bombs, circles, NaN. Each must be refused by this
   process and by the child process that strangers' files go to, and nothing may be otherwise afterwards: no file in the
   home, the temporary or the working folder, no open file, thread, child, module, handler of a signal or variable of
   the environment.
4. *Two writers* at once: every version and every move is there, numbered without a gap.

Exit code 1 where something was let in, lost, or left behind.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from hostile import Attempt, Refused, attempts, honest, parsed_in_child
from registry_kill import Failed, at_every_call, at_random, leftovers
from sqlalchemy import update
from table import table

from papertape_ml.errors import BadModel, DamagedVersion
from papertape_ml.models.golden import Golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.models.strangers import checked_in_child
from papertape_ml.registry import archive
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.protocol import Registry
from papertape_ml.registry.sql_registry import SqlRegistry
from papertape_ml.registry.suite import FILES, example
from papertape_ml.registry.tables import blobs, versions

Opened = Callable[[], Registry]


def kills(scratch: Path, urls: dict[str, str], count: int, seed: int) -> list[list[str]]:
    """Rows of the table of kills."""
    single, folder = scratch / "single", scratch / "folder"
    for place in (single, folder):
        JsonRegistry.open(place, create=True)
    rows = [["folder, every call", at_every_call(lambda: JsonRegistry.open(single))]]
    rows.append(["folder", at_random(lambda: JsonRegistry.open(folder), count, seed)])
    if stale := leftovers(folder) + leftovers(single):
        raise Failed(f"never swept: {stale}")
    for name, url in urls.items():
        SqlRegistry.open(url, create=True).close()
        rows.append([name, at_random(lambda url=url: SqlRegistry.open(url), count, seed)])
    return [[name, str(got["kills"]), f"{got['writes']:,}", str(got["done but not said"]), f"{got['s']:.1f}"]
            for name, got in rows]  # fmt: skip


def damage(scratch: Path, urls: dict[str, str], count: int, seed: int) -> list[list[str]]:
    """Rows of the table of damage: place, attempts, refused, parsed."""
    rows = [_damaged("archive", _archive_with, count, seed)]
    place = scratch / "damaged"
    JsonRegistry.open(place, create=True).publish(example(7), FILES)
    rows.append(_damaged("folder", lambda name, data: _folder_with(place, name, data), count, seed))
    for title, url in urls.items():
        with SqlRegistry.open(url, create=True) as registry:
            row = registry.publish(example(7, name="damaged"), FILES)
            stored = partial(_table_with, registry, row.version)
            rows.append(_damaged(title, stored, count, seed))
    return rows


def _damaged(title: str, stored: Callable[[str, bytes], None], count: int, seed: int) -> list[str]:
    """`stored`: keeps a file of the version with such bytes, loads it, and puts it back."""
    source, seen = random.Random(seed), []
    named = "damaged" if title not in ("archive", "folder") else "signal"
    manifest = example(7, name=named).with_files(FILES)
    good = {"manifest.json": manifest.encoded(), **{name: data for name, data in FILES.items() if data}}
    if title == "archive":
        good = {"archive": archive.packed(manifest, FILES)}
    refused = 0
    with _spied(seen):
        for n in range(count):
            name = source.choice(sorted(good))
            data = bytearray(good[name])
            if n % 2:
                data[source.randrange(len(data))] ^= 1 << source.randrange(8)
            else:
                del data[source.randrange(len(data)) :]
            try:
                stored(name, bytes(data))
            except (BadModel, DamagedVersion):
                refused += 1
    parsed = sum(each != manifest.encoded() for each in seen)
    if refused != count or parsed:
        raise Failed(f"{title}: {refused} of {count} were refused, and {parsed} damaged manifests were parsed")
    return [title, f"{count:,}", f"{refused:,}", str(parsed)]


@contextmanager
def _spied(seen: list[bytes]) -> Iterator[None]:
    """What is given to the parser of manifests."""
    real = Manifest.parse

    def parse(data: bytes) -> Manifest:
        seen.append(bytes(data))
        return real(data)

    Manifest.parse = staticmethod(parse)  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Manifest.parse = real  # type: ignore[method-assign]


def _archive_with(name: str, data: bytes) -> None:
    archive.unpacked(data)


def _folder_with(place: Path, name: str, data: bytes) -> None:
    registry = JsonRegistry.open(place)
    folder = place / "versions" / registry.versions()[0].checksum.removeprefix("sha256:")
    before = (folder / name).read_bytes()
    (folder / name).write_bytes(data)
    try:
        registry.load("signal", 1)
    finally:
        (folder / name).write_bytes(before)


def _table_with(registry: SqlRegistry, number: int, name: str, data: bytes) -> None:
    found = registry.load("damaged", number)
    if name == "manifest.json":
        change = update(versions).where(versions.c.checksum == found.row.checksum)
        column, before = "manifest", found.manifest.encoded()
    else:
        change = update(blobs).where(blobs.c.sha256 == found.manifest.files[name].sha256)
        column, before = "data", found.files[name]
    with registry.database.write() as connection:
        connection.execute(change.values({column: data}))
    try:
        registry.load("damaged", number)
    finally:
        with registry.database.write() as connection:
            connection.execute(change.values({column: before}))


def hostile(scratch: Path, children: bool) -> list[list[str]]:
    """Rows of the table of hostile checkpoints; raises Failed where one was let in or left something behind."""
    tried = attempts()
    for model, told in honest():  # also so that all that parsing needs is loaded before the first state is taken
        reproduces(load(model.kind, model.files()), Golden.from_document(told))
        if children and not (verdict := checked_in_child(model.kind, model.files(), told)).accepted:
            raise Failed(f"an honest {model.kind} is refused: {verdict}")
    for attempt in tried:
        _refused(attempt, scratch)  # once before: modules of errors, caches, and the places that it is tried in
    rows = []
    for attempt in tried:
        before = state(scratch.parent)
        said = _refused(attempt, scratch)
        verdict = parsed_in_child(attempt) if children and attempt.files is not None else "-"
        if verdict == "accepted":
            raise Failed(f"{attempt.name}: the child process accepts it")
        after = state(scratch.parent)
        if changed := [name for name in before if before[name] != after[name]]:
            raise Failed(f"{attempt.name}: otherwise than before: {', '.join(changed)}")
        rows.append([attempt.name, verdict, said[:72]])
    return rows


def _refused(attempt: Attempt, scratch: Path) -> str:
    try:
        attempt.try_it(scratch)
    except Refused as refusal:
        return str(refusal)
    raise Failed(f"{attempt.name}: it was let in")


def state(scratch: Path) -> dict[str, Any]:
    """All of this process and of its folders (home, temporary, working, registries) that a checkpoint could change."""
    return {
        "files": sorted(_entry(path) for path in scratch.rglob("*")),
        "open files": sorted(os.listdir("/proc/self/fd"))[:-1],
        "children": [pid for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()],
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "modules": sorted(sys.modules),
        "signals": [signal.getsignal(number) for number in sorted(signal.valid_signals())],
        "environment": dict(os.environ),
        "working folder": os.getcwd(),
        "mask": _mask(),
    }


def _entry(path: Path) -> tuple[str, int, str]:
    found = path.lstat()
    plain = path.is_file() and not path.is_symlink()
    return str(path), found.st_mode, hashlib.sha256(path.read_bytes()).hexdigest() if plain else ""


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


WRITER = """
import sys
from pathlib import Path
from papertape_ml.registry.opening import open_registry
from papertape_ml.registry.suite import FILES, example, wish
place, start, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
folder, url = (None, place) if "://" in place else (Path(place), "")
with open_registry(folder, url) as registry:
    for n in range(start, start + count):
        row = registry.publish(example(n, name="shared"), FILES)
        registry.move("shared", "champion" if n % 2 else f"own-{start}", row.version, wish(n))
"""


def writers(place: str, opened: Opened, count: int) -> list[str]:
    """A row of the table of two writers."""
    began = time.perf_counter()
    commands = [[sys.executable, "-c", WRITER, place, start, str(count)] for start in ("1000", "9000")]
    both = [subprocess.Popen(command) for command in commands]
    if codes := [code for code in (process.wait() for process in both) if code]:
        raise Failed(f"a writer ended with {codes}")
    with opened() as registry:
        rows, moves = registry.versions("shared"), registry.history("shared")
        numbers = sorted(move.number for move in moves if move.alias == "champion")
        if [row.version for row in rows] != list(range(1, 2 * count + 1)) or len(moves) != 2 * count:
            raise Failed(f"{len(rows)} versions and {len(moves)} moves are there of {2 * count} each")
        if numbers != list(range(1, len(numbers) + 1)) or len({row.checksum for row in rows}) != len(rows):
            raise Failed("numbers are missing or doubled")
        if any(dict(registry.load("shared", row.version).files) != dict(FILES) for row in rows[-5:]):
            raise Failed("a version has other files")
    return [f"{2 * count}", f"{2 * count}", f"{time.perf_counter() - began:.1f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="at random moments, of each kind of registry")
    parser.add_argument("--damage", type=int, default=1_000, help="flipped bits and cuts, of each kind of registry")
    parser.add_argument("--writes", type=int, default=100, help="of each of two writers at once")
    parser.add_argument("--db", help="a database besides SQLite; it must hold no models")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="hostile checkpoints alone, in this process alone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        for name in ("home", "tmp", "work", "hostile"):
            (scratch / name).mkdir()
        urls = {"SQLite": f"sqlite:///{scratch}/ledger.db"} | ({"PostgreSQL": given.db} if given.db else {})
        try:
            _report(given, scratch, urls)
        except Failed as error:
            sys.exit(str(error))


def _report(given: argparse.Namespace, scratch: Path, urls: dict[str, str]) -> None:
    if not given.quick:
        print("Kills\n")
        header = ["registry", "kills", "writes", "done, not said", "s"]
        print(table(header, kills(scratch, urls, given.kills, given.seed)), end="\n\n")
        print("Damage\n")
        rows = damage(scratch, urls, given.damage, given.seed)
        print(table(["kept in", "damaged", "refused", "parsed"], rows), end="\n\n")
        print("Two writers at once\n")
        place = scratch / "shared"
        JsonRegistry.open(place, create=True)
        rows = [["folder", *writers(str(place), lambda: JsonRegistry.open(place), given.writes)]]
        for title, url in urls.items():
            rows.append([title, *writers(url, lambda url=url: SqlRegistry.open(url), given.writes)])
        print(table(["registry", "versions", "moves", "s"], rows), end="\n\n")
    print("Hostile checkpoints\n")
    home = {name: os.environ.get(name) for name in ("HOME", "TMPDIR")}
    where = os.getcwd()
    os.environ |= {"HOME": str(scratch / "home"), "TMPDIR": str(scratch / "tmp")}
    os.chdir(scratch / "work")
    try:
        print(table(["checkpoint", "child", "refused because"], hostile(scratch / "hostile", not given.quick)))
    finally:
        os.chdir(where)
        for name, value in home.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    print("\nnothing was let in, lost or left behind")


if __name__ == "__main__":
    main()
