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
import subprocess
import sys
import threading
import time
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from kill import (
    NUMBERED,
    SESSION,
    Failed,
    Place,
    Tally,
    Undisturbed,
    check_database,
    check_end,
    check_kept,
    exported,
    in_a_place,
    opened,
    shown,
    verify,
    wait_for_release,
)
from live_market import MINUTE, LiveMarket

from papertape.broker.money import add, booked, multiply, subtract
from papertape.contract.candle import FLAGS
from papertape.engine.tape import BATCH, FEED, overlay, read_header
from papertape.ledger.records import CheckpointRow, FillRow, OrderRow, TapeRow
from papertape.ledger.store import Ledger, SessionRow

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
WITHIN = {"still": 3600.0, "away": 60.0}
"""Seconds after its close in which a batch is traded: one that a busy machine delays, or none that was missed."""
GRACE = 3000
"""Seconds of the market that a batch waits for a symbol: only a candle that never came would be late."""
LONGEST_AWAY = 15 * MINUTE
JITTER = 0.06
"""Seconds after a close in which its candle is committed, stepped and committed again, or nearly so."""
DEADLINE = 300.0
"""Seconds in which a host must have said something, or be done."""

Candles = list[dict[str, list[float]]]
"""The candles of each batch by symbol, without their flags."""


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


def session_file(exchange: LiveMarket, bars: int, within: float) -> str:
    """The session in `stormy/` on a live market, as a file of its own; its path."""
    document = tomllib.loads(SESSION.read_text())
    document["strategies"] = [_absolute(strategy) for strategy in document["strategies"]]
    document |= {"bars": bars, "participation": 0.02}  # these markets are smaller than the simulated ones
    document["feed"] = {
        "kind": "exchange",
        "exchange": "binance",
        "symbols": list(exchange.symbols),
        "timeframe": "1m",
        "grace": GRACE,
        "decide_within": within,
        "ccxt": exchange.ccxt,
    }
    file = exchange.folder / "session.toml"
    file.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in document.items()))
    return str(file)


def _absolute(strategy: Any) -> Any:
    if isinstance(strategy, dict):
        return strategy | {"kind": _absolute(strategy["kind"])}
    return str(SESSION.parent / strategy) if strategy.endswith(".py") else strategy


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return "[" + ", ".join(map(_toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


class Host:
    """The papertape command line as a process on the market's clock. `began`: once it says which session it runs."""

    def __init__(self, exchange: LiveMarket, db: str, *what: str) -> None:
        clock = [str(exchange.clock.file), str(exchange.speed)]
        command = [sys.executable, str(Path(__file__).with_name("live_host.py")), *clock, "run", *what, "--db", db]
        self.process = subprocess.Popen(
            [*command, "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.said: list[str] = []
        self.began = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("session "):
                self.began.set()
        self.began.set()

    def begin(self) -> None:
        """Waits until it has said which session it runs, or has ended."""
        if not self.began.wait(DEADLINE):
            self.kill()
            raise Failed(f"the host has said nothing for {DEADLINE:.0f} s: {''.join(self.said)}")

    def ended(self, seconds: float) -> bool:
        """Waits so long; whether it has ended well. Raises `Failed` if otherwise."""
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        self._listener.join()
        if self.process.returncode:
            raise Failed(f"exit {self.process.returncode} unasked: {''.join(self.said)}")
        return True

    def end(self) -> None:
        """Waits until it has ended well."""
        if not self.ended(DEADLINE):
            self.kill()
            raise Failed(f"the host has not ended after {DEADLINE:.0f} s: {''.join(self.said[-20:])}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.join()


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
        records = {kind: {row.seq: row for row in ledger.rows(session.id, kind)} for kind in NUMBERED}
        chain = {row.batch: row.digest for row in ledger.rows(again.id, CheckpointRow)}
        said = exported(ledger, session.id)
    whole = Undisturbed(session.digest, records, chain, said, seconds, seconds - starting)
    return Plan(options, folder, whole, candles, starting)


# What must hold of any live session at any moment


def check_tape(ledger: Ledger, session: SessionRow, true: Candles | None) -> Candles:
    """That entries, batches and candles follow one another without a gap, and that the candles are the true ones."""
    entries = list(ledger.rows(session.id, TapeRow))
    if [entry.number for entry in entries] != list(range(len(entries))):
        raise Failed(f"the tape of session {session.id} has a gap")
    batches = [entry for entry in entries if entry.kind == BATCH]
    first = batches[0].at if batches else 0
    for number, entry in enumerate(batches):
        if (entry.batch, entry.at) != (number, first + number * MINUTE):
            raise Failed(f"entry {entry.number} is batch {entry.batch} of {entry.at}, not {number}")
    found = [_candles(entry) for entry in batches]
    if true is not None and found != true[: len(found)]:
        raise Failed(f"the candles of session {session.id} are not the exchange's")
    return found


def _candles(entry: TapeRow) -> dict[str, list[float]]:
    rows = json.loads(entry.payload)["rows"]
    return {symbol: rows[symbol][:FLAGS] for symbol in sorted(rows)}


def check_market(exchange: LiveMarket, candles: Candles) -> None:
    """That a session's candles are what the exchange itself says there was."""
    for symbol in exchange.symbols:
        seen = [batch[symbol] for batch in candles]
        if seen != exchange.candles(symbol, int(seen[0][0]), len(seen)):
            raise Failed(f"the candles of {symbol} are not the exchange's")


def check_money(ledger: Ledger, session: SessionRow) -> None:
    """That each book's cash and positions follow from its fills, and what an order has filled too."""
    start: Decimal = read_header(overlay(ledger, session.id)).config.cash
    cash: dict[str, Decimal] = defaultdict(lambda: start)
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    filled: dict[int, Decimal] = defaultdict(Decimal)
    for fill in ledger.rows(session.id, FillRow):
        units = fill.quantity if fill.side == "buy" else fill.quantity.copy_negate()
        notional = booked(multiply(units, fill.price))
        cash[fill.book] = subtract(subtract(cash[fill.book], notional), fill.fee)
        held[fill.book, fill.symbol] = add(held[fill.book, fill.symbol], units)
        filled[fill.order] = add(filled[fill.order], fill.quantity)
        if (fill.cash, fill.position) != (cash[fill.book], held[fill.book, fill.symbol]):
            raise Failed(f"fill {fill.seq} of session {session.id} does not follow from those before it")
    for order in ledger.rows(session.id, OrderRow):
        if order.filled != filled[order.seq] or order.filled > order.quantity:
            raise Failed(f"order {order.seq} of session {session.id} says {order.filled}: fills {filled[order.seq]}")


def check_muted(ledger: Ledger, session: SessionRow, within: float) -> dict[int, bool]:
    """That what came too late is what was muted, and that nothing was entered on it; whether, by batch."""
    warmed = read_header(overlay(ledger, session.id)).warmed
    muted, now = {}, False
    for entry in ledger.rows(session.id, TapeRow, of_kinds=(FEED, BATCH)):
        document = json.loads(entry.payload)
        if entry.kind == FEED:
            now = {"muted": True, "unmuted": False}.get(document["feed"], now)
        elif entry.batch >= warmed:
            muted[entry.batch] = now
            if (document["arrived"] - entry.at > within * 1000) != now:
                raise Failed(f"batch {entry.batch} of session {session.id} is {'' if now else 'not '}muted")
    for order in ledger.rows(session.id, OrderRow):
        if order.role in ("entry", "request") and muted.get(order.batch):
            raise Failed(f"order {order.seq} of session {session.id} was decided in muted batch {order.batch}")
    return muted


# The killing


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
    failures: list[BaseException] = []

    def hits() -> int:
        return tally.counts["kills while it worked"] + tally.counts["kills in a start or resume"]

    def work(number: int) -> None:
        chance = random.Random(f"{plan.options.seed} {mode} {number}")
        try:
            while not failures and hits() < kills:
                session_under(plan, place.fresh(), mode, tally, chance, min(kills, chance.randint(3, 9)))
        except BaseException as error:  # noqa: BLE001  # raised again below, outside the thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(min(plan.options.jobs, kills))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
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
