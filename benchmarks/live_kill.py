"""Kills of live sessions: a host that is killed at random moments, and resumed, loses nothing and does nothing twice.

The strategies in `stormy/` (brackets, partial fills, working orders, margin, rules, a fusion, a strategy whose state is
not kept) trade on a loopback exchange that is a process of its own and much faster than the clock. Undisturbed they
must do the same twice, and in a replay of the tape once more. Then hosts are ended by kill -9 at random moments, of
their starts and resumes too, many as a candle closes, and resumed until the session finishes. Two ways:

- `still`: the exchange's clock stands still while no host is there. After each kill the ledger must hold the
  undisturbed session's records up to its newest checkpoint; at the end all records, curves and the digest are equal.
- `away`: it goes on. What happened meanwhile is put through the broker candle by candle and traded by nobody.

In both the tape must hold each candle of the exchange once, all money must follow from the fills, what is muted must be
what came too late, and in the end the session must verify.

    python benchmarks/live_kill.py --kills 100
    python benchmarks/live_kill.py --kills 10 --db postgresql://postgres@127.0.0.1/test
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kill_place import Place, in_a_place
from kill_tally import Tally, shown, side_by_side
from live_checks import Candles, check_market, check_money, check_muted, check_tape
from live_market import MINUTE, LiveMarket
from live_session import Host, session_file
from undisturbed import (
    Failed,
    Undisturbed,
    check_database,
    check_end,
    check_kept,
    exported,
    opened,
    records_of,
    verify,
    wait_for_release,
)

from papertape.ledger.records import CheckpointRow, FillRow
from papertape.ledger.store import Ledger, SessionRow

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
WITHIN = {"still": 3600.0, "away": 60.0}
"""Seconds after its close in which a batch is traded: one that a busy machine delays, or none that was missed."""
LONGEST_AWAY = 15 * MINUTE
JITTER = 0.06
"""Seconds after a close in which its candle is committed, stepped and committed again, or nearly so."""


@dataclass(frozen=True)
class Plan:
    """What all sessions of a run have in common. `whole` and `candles`: the undisturbed session's."""

    options: argparse.Namespace
    folder: Path
    whole: Undisturbed
    candles: Candles
    starting: float

    def market(self) -> LiveMarket:
        return market(self.options, self.folder)


def market(options: argparse.Namespace, folder: Path) -> LiveMarket:
    return LiveMarket(folder, SYMBOLS, options.speed, options.bars + 600, options.seed)


def undisturbed(place: Place, options: argparse.Namespace, folder: Path) -> Plan:
    """Runs the session as often as is asked, and replays its tape for the digest of each batch; all must be equal."""
    digests = []
    for _ in range(options.undisturbed):
        db = place.fresh()
        with market(options, folder) as exchange:
            file = session_file(exchange, options.bars, WITHIN["still"])
            launched = time.monotonic()
            host = Host(exchange, db, file)
            host.begin()
            starting = time.monotonic() - launched
            exchange.thaw()
            host.end()
            seconds = time.monotonic() - launched
            with Ledger.open(db) as ledger:
                session = ledger.sessions()[-1]
                digests.append(session.digest)
                candles = check_tape(ledger, session, None)
                check_market(exchange, candles)
    replay = Host(exchange, db, file, "--feed", "replay", "--session", session.id, "--checkpoint-every", "1")
    replay.end()
    with Ledger.open(db) as ledger:
        again = next(row for row in ledger.sessions() if row.id != session.id)
        if {*digests, again.digest} != {session.digest}:
            raise Failed(f"undisturbed sessions and their replay differ: {digests}, {again.digest}")
        records = records_of(ledger, session.id)
        chain = {row.batch: row.digest for row in ledger.rows(again.id, CheckpointRow)}
        said = exported(ledger, session.id)
    whole = Undisturbed(session.digest, records, chain, said, seconds, seconds - starting)
    return Plan(options, folder, whole, candles, starting)


def killed(host: Host, exchange: LiveMarket, plan: Plan, chance: random.Random) -> bool:
    """Kills the host: in one of four cases at a moment of its start, else while it works, half of these just after a
    close. True if it ended first."""
    if chance.random() < 0.25:
        host.began.wait(chance.uniform(0, 1.2 * plan.starting))
        if host.began.is_set():
            exchange.thaw()
            if host.ended(chance.uniform(0, JITTER)):
                return True
        host.kill()
        return False
    host.begin()
    exchange.thaw()
    if host.ended(chance.uniform(0, plan.whole.working / 3)):
        return True
    if chance.random() < 0.5 and host.ended(exchange.until_close() + chance.uniform(0, JITTER)):
        return True
    host.kill()
    return False


def session_under(plan: Plan, db: str, mode: str, tally: Tally, chance: random.Random, most: int) -> None:
    """One session, killed up to `most` times, then left to finish; all checks on the way."""
    with plan.market() as exchange:
        what = [session_file(exchange, plan.options.bars, WITHIN[mode])]
        session: SessionRow | None = None
        reached = strikes = 0
        while session is None or session.status != "finished":
            host = Host(exchange, db, *what)
            if strikes >= most:
                host.begin()
                exchange.thaw()
                host.end()
            elif not killed(host, exchange, plan, chance):
                strikes += 1
            if mode == "still":
                exchange.freeze()
            with opened(db) as ledger:
                session = next(iter(ledger.sessions()), None) if ledger else None
                if ledger is None or session is None:
                    tally.add("killed before the session had begun")
                    strikes -= 1
                    continue
                wait_for_release(ledger, session.id)
                what = ["--resume", session.id]
                batch = check(ledger, db, session, plan, mode, tally)
            if session.status != "finished":
                tally.add("kills while it worked" if batch > reached else "kills in a start or resume")
                reached = batch
                if mode == "away":
                    time.sleep(exchange.clock.seconds(chance.uniform(0, LONGEST_AWAY - plan.starting * exchange.speed)))
    verify(db, session.id)
    tally.add(f"sessions that ended {'equal' if mode == 'still' else 'whole'}, and verify")


def check(ledger: Ledger, db: str, session: SessionRow, plan: Plan, mode: str, tally: Tally) -> int:
    """All that must hold of the session now; its newest batch."""
    kept = ledger.checkpoint(session.id)
    assert kept is not None, "a session begins with one"
    check_database(ledger)
    seen = len(check_tape(ledger, session, plan.candles))
    check_money(ledger, session)
    muted = check_muted(ledger, session, WITHIN[mode])
    if mode == "still":
        check_kept(db, ledger, session, plan.whole)
    if session.status != "finished":
        tally.add("  of these with candles on the tape that were not stepped", int(seen > kept.batch + 1))
        return kept.batch
    if seen != len(plan.candles):
        raise Failed(f"session {session.id} ended after {seen} batches, not {len(plan.candles)}")
    if mode == "still":
        check_end(db, ledger, session, plan.whole)
    fills = list(ledger.rows(session.id, FillRow))
    tally.add("fills", len(fills))
    tally.add("muted batches", sum(muted.values()))
    tally.add("fills in muted batches", sum(muted.get(fill.batch, False) for fill in fills))
    return kept.batch


def storm(place: Place, plan: Plan, mode: str, kills: int) -> Tally:
    """Some sessions at a time are killed until there were enough kills."""
    tally = Tally()

    def enough() -> bool:
        return tally.counts["kills while it worked"] + tally.counts["kills in a start or resume"] >= kills

    def session(chance: random.Random) -> None:
        session_under(plan, place.fresh(), mode, tally, chance, min(kills, chance.randint(3, 9)))

    side_by_side(min(plan.options.jobs, kills), f"{plan.options.seed} {mode}", enough, session)
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table for each way; exit code 1 when a session did not end as it must."""
    parser = argparse.ArgumentParser(description="Kill live sessions at random moments, resume them, and check.")
    parser.add_argument("--kills", type=int, default=100, help="how many kills, two thirds `still` (default 100)")
    parser.add_argument("--mode", choices=["still", "away", "both"], default="both", help="what the clock does (both)")
    parser.add_argument("--db", metavar="URL", help="a PostgreSQL database to make schemas in (default: SQLite files)")
    parser.add_argument("--bars", type=int, default=120, help="batches of the session (default 120)")
    parser.add_argument("--speed", type=float, default=240.0, help="market seconds per second (default 240)")
    parser.add_argument("--jobs", type=int, default=2, help="sessions at a time (default 2)")
    parser.add_argument("--undisturbed", type=int, default=2, help="how often it runs undisturbed (default 2)")
    parser.add_argument("--seed", type=int, default=1, help="of the market and the moments (default 1)")
    options = parser.parse_args(arguments)
    return in_a_place(run, options)


def run(place: Place, options: argparse.Namespace, folder: Path) -> int:
    os.environ["PAPERTAPE_HOME"] = str(folder)
    plan = undisturbed(place, options, folder)
    counts = {kind.__name__: len(rows) for kind, rows in plan.whole.records.items()}
    print(f"undisturbed and replayed: {plan.whole.digest}, {plan.whole.seconds:.1f} s, {json.dumps(counts)}\n")
    away = {"still": 0, "away": options.kills, "both": options.kills // 3}[options.mode]
    for mode, kills in (("still", options.kills - away), ("away", away)):
        if kills:
            began = time.monotonic()
            tally = storm(place, plan, mode, kills)
            print(shown(f"kill -9, clock {mode}", tally, time.monotonic() - began), flush=True)
    print("every live session ended as it must")
    return 0


if __name__ == "__main__":
    sys.exit(main())
