"""How long `papertape why` takes to answer: the whole process, from its start to its end, on a ledger of many candles.

Makes a session of 20 simulated symbols with strategies, a fusion and rules that refuse, then asks about a filled order,
a refusal and a quiet candle near its beginning, its middle and its end, several times each. The question is asked as a
user asks it: a new process each time, that opens the ledger, folds the session to that candle and prints the chain.

    python benchmarks/why.py                    # some minutes
    python benchmarks/why.py --candles 100000   # a tenth: does it run?

Exit code 1 when an answer takes longer than `--limit` seconds (on the clock; on a busy machine, on the processor), or
does not hold what it was asked about.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from table import table

from papertape.ledger.records import CheckpointRow, OrderRow, SignalRow
from papertape.ledger.store import Ledger
from papertape.market.timeframe import iso

SYMBOLS = 20
MINUTE = 60_000
STRATEGIES = ("ema-cross", "donchian-breakout", "rsi-reversion")
PAPERTAPE = [sys.executable, "-c", "from papertape.cli import cli; cli()"]


class Question(NamedTuple):
    """What is asked: about which kind of thing, where in the session, and the record that the answer must hold."""

    kind: str
    where: str
    symbol: str
    at: int
    record: int | None


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--candles", type=int, default=1_000_000, help="of all symbols together")
    options.add_argument("--rounds", type=int, default=3, help="how often each question is asked")
    options.add_argument("--limit", type=float, default=2.0, help="seconds that an answer may take")
    options.add_argument("--db", help="a ledger that is there already, from an earlier run with --keep")
    options.add_argument("--keep", help="where to make the ledger, and leave it")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.db or f"sqlite:///{given.keep or Path(folder) / 'ledger.db'}"
        if not given.db:
            make(url, given.candles // SYMBOLS)
        return ask_all(url, given.rounds, given.limit)


def make(url: str, batches: int) -> None:
    """Runs the session."""
    command = [*PAPERTAPE, "run", "--db", url, "--feed", "sim", "--bars", str(batches), "--json", "-q"]
    for number in range(SYMBOLS):
        command += ["--symbol", f"S{number:02}/USDT"]
    for name in STRATEGIES:
        command += ["--strategy", name]
    command += [
        "--fusion",
        "weighted-vote",
        "--risk",
        "cool-down:losses=2,minutes=120",
        "--risk",
        "max-position:limit=0.04",
    ]
    began = time.perf_counter()
    document = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    print(f"{document['bars']:,} candles, {len(document['books'])} books, made in {time.perf_counter() - began:.0f} s")


def ask_all(url: str, rounds: int, limit: float) -> int:
    """Asks every question, prints the times; 1 where one took too long or was not answered."""
    with Ledger.open(url) as ledger:
        session = ledger.sessions()[0].id
        questions = find(ledger, session)
        states = [len(row.state) for row in ledger.rows(session, CheckpointRow) if row.state]
        size = Path(url.removeprefix("sqlite:///")).stat().st_size if url.startswith("sqlite") else 0
    print(f"{len(states)} states kept, {sum(states) / 2**20:.1f} MiB of a ledger of {size / 2**20:.1f} MiB\n")
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    if busy:
        print(
            f"others are at work here (load {os.getloadavg()[0]:.1f}): the processor's time is judged, not the clock's"
        )
    rows, failed = [], False
    for question in questions:
        times, cpu = zip(*(ask(url, session, question) for _ in range(rounds)), strict=True)
        slow = median(cpu if busy else times) > limit
        failed |= slow
        rows.append(
            [f"{question.kind}, {question.where}", iso(question.at), f"{median(times):.2f}", f"{max(times):.2f}",
             f"{median(cpu):.2f}", "slow" if slow else "ok"]
        )  # fmt: skip
    print(table(["asked about", "at", "median s", "most s", "cpu s", f"<= {limit:g} s"], rows))
    return int(failed)


def find(ledger: Ledger, session: str) -> list[Question]:
    """A filled order, a refusal and a quiet candle at three places of the session."""
    row = ledger.find(session)
    assert row.first_ts is not None
    symbols: list[str] = json.loads(row.symbols)
    orders = [order for order in ledger.rows(session, OrderRow) if order.role == "entry"]
    busy = {(order.batch, order.symbol) for order in ledger.rows(session, OrderRow)}
    busy |= {(order.batch + 1, order.symbol) for order in ledger.rows(session, OrderRow)}
    busy |= {(signal.batch, signal.symbol) for signal in ledger.rows(session, SignalRow)}
    found = []
    for where, share in (("beginning", 0.01), ("middle", 0.5), ("end", 0.99)):
        batch = int(row.snapshots * share)
        for kind, status in (("filled order", "filled"), ("refusal", "refused")):
            near = [order for order in orders if order.status == status]
            order = min(near, key=lambda order: abs(order.batch - batch))
            found.append(Question(kind, where, order.symbol, order.at, order.seq))
        number = next(number for number in range(batch, row.snapshots) if (number, symbols[7]) not in busy)
        found.append(Question("quiet candle", where, symbols[7], row.first_ts + (number + 1) * MINUTE, None))
    return found


def ask(url: str, session: str, question: Question) -> tuple[float, float]:
    """Seconds that the process took, and its processor time. Raises where the answer lacks what it was asked about."""
    command = [*PAPERTAPE, "why", session, "--db", url, "--symbol", question.symbol, "--at", str(question.at), "--json"]
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    took, after = time.perf_counter() - began, os.times()
    chain: dict[str, Any] = json.loads(done.stdout)
    made = [order["order"]["number"] for book in chain["books"] for order in book["orders"]]
    assert chain["told"] == "fold" and not chain["warnings"] and chain["closed"] == question.at, chain["warnings"]
    assert question.record in made if question.record is not None else not made, (question, made)
    return took, after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    sys.exit(main())
