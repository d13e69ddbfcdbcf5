"""Kills: a session that is killed at random moments, and resumed, ends as if nothing had happened.

The session in `stormy/` (brackets, partial fills, working orders, margin, rules, a fusion, a strategy whose state is
not kept) runs once undisturbed. Then it runs again and again as a process of its own, is ended by kill -9 at random
moments, of its start and of its resumes too, and resumed until it finishes. After each kill the database must be whole
and hold the undisturbed session's records up to its newest checkpoint, no more and no less; at the end all records and
the digest must be equal, and the tape must verify. Then the same with a full disk, with too small a limit on the size
of files, and with a ledger that another program locks: one plain line, nothing half-written, resumable.

    python benchmarks/kill.py --kills 200
    python benchmarks/kill.py --kills 50 --db postgresql://postgres@127.0.0.1/test
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from disturbances import Disturb, killed, locked_out, on_a_full_disk, plainly, short_of_room
from kill_place import Place, in_a_place, small_disk
from kill_tally import Tally, shown, side_by_side
from undisturbed import (
    PAPERTAPE,
    SESSION,
    Failed,
    Undisturbed,
    check_end,
    check_kept,
    exported,
    opened,
    records_of,
    verify,
    wait_for_release,
)

from papertape.ledger.records import CheckpointRow
from papertape.ledger.store import Ledger, SessionRow
from papertape.ledger.url import parsed


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
            records_of(ledger, first.id),
            {row.batch: row.digest for row in ledger.rows(first.id, CheckpointRow)},
            exported(ledger, first.id),
            last,
            working,
        )


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


def storm(place: Place, options: argparse.Namespace, whole: Undisturbed) -> Tally:
    """Some sessions at a time are killed until there were enough kills."""
    tally = Tally()
    disturb: Disturb = partial(killed, whole=whole)

    def session(chance: random.Random) -> None:
        most = chance.randint(1, 8)
        session_under(place.fresh(), options.session, options.bars, disturb, whole, tally, chance, most)

    side_by_side(options.jobs, str(options.seed), lambda: hits(tally) >= options.kills, session)
    return tally


def hits(tally: Tally) -> int:
    return tally.counts["in a session"] + tally.counts["in its start or resume"]


def rounds(
    place: Place, options: argparse.Namespace, whole: Undisturbed, disturb: Disturb, count: int, db: str | None = None
) -> Tally:
    """Sessions under a disturbance, one after the other, until it has struck so often."""
    tally, chance = Tally(), random.Random(options.seed)
    while hits(tally) < count:
        here = db or place.fresh()
        session_under(here, options.session, options.bars, disturb, whole, tally, chance, 2)
        place.drop(here)
    return tally


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
