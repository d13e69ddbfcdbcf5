"""Real candles: sessions over every file of a folder, one for each timeframe and quote currency.

Each session has all strategies that fit, a fusion and a drawdown rule. It runs three times: undisturbed on SQLite; on
SQLite again, stopped now and then and resumed; and (with --db) on PostgreSQL under another PYTHONHASHSEED. The three
digests must be equal. What the session notes of the data (candles absent, without volume, off the grid, mended) must
hold what `index.csv` beside the folder counts, and the first run's tape must verify.

    python benchmarks/real_candles.py --folder "$PAPERTAPE_TEST_DATA/candles"

The folder holds files named EXCHANGE_SYMBOL_TIMEFRAME.parquet. A symbol without a slash counts as quoted in the
currency that it ends with (BTCUSDT: USDT); those that end with none (GOOG, FESX) make a group of their own.
"""

import argparse
import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from table import table

from papertape.market.timeframe import period
from papertape.store.candle_names import CandleName

PAPERTAPE = str(Path(sys.executable).with_name("papertape"))
QUOTE = re.compile(r"(USDT|USDC|USD|EUR|JPY|BTC|ETH)(-\w+)?$")
ALONE = "other"
STRATEGIES = (
    "ema-cross",
    "macd",
    "rsi-reversion",
    "bollinger-reversion",
    "donchian-breakout",
    "momentum",
    "volatility-breakout",
    "grid",
    "buy-and-hold",
)
IN_INDEX = {"gap": "missing", "zero-volume": "zero_vol", "widened": "ohlc_bad", "off-grid": "offgrid"}
"""What a note counts, and the column of the index that counts the same."""


@dataclass
class Group:
    """The files of one session."""

    timeframe: str
    quote: str
    files: list[Path] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.timeframe} {self.quote}"

    def options(self) -> list[str]:
        """What `papertape run` is told, but for the ledger."""
        strategies = [*STRATEGIES, *(["pairs-spread"] if len(self.files) > 1 else [])]
        return [
            "--feed", "replay", *_each("--source", map(str, self.files)), *_each("--strategy", strategies),
            "--fusion", "weighted-vote:threshold=0.4", "--risk", "max-drawdown:limit=0.9",
        ]  # fmt: skip


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [part for value in values for part in (option, value)]


def groups(folder: Path) -> list[Group]:
    """The files of a folder by timeframe and quote currency, the shortest timeframe first."""
    found: dict[tuple[str, str], Group] = {}
    for file in sorted(folder.glob("*.parquet")):
        name = CandleName.parse(file)
        if name is None:
            raise SystemExit(f"{file.name} does not say what it holds")
        match = QUOTE.search(name.symbol)
        quote = match[1] if match else ALONE
        found.setdefault((name.timeframe, quote), Group(name.timeframe, quote)).files.append(file)
    return sorted(found.values(), key=lambda group: (period(group.timeframe), group.quote))


def run(db: str, arguments: Sequence[str], seed: str = "0") -> dict[str, Any]:
    """The closing document. Raises RuntimeError with what it said if it failed."""
    done = subprocess.run(
        [PAPERTAPE, "-q", "run", *arguments, "--db", db, "--json"],
        capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": seed},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}")
    return dict(json.loads(done.stdout))


def run_with_stops(db: str, arguments: Sequence[str], seconds: float, stops: int) -> tuple[dict[str, Any], int]:
    """The same, ended by SIGTERM at random moments and resumed; and how often that happened."""
    chance, stopped = random.Random(7), 0
    document: dict[str, Any] = {"status": "none"}
    while document["status"] != "finished":
        what = arguments if document["status"] == "none" else ["--resume", document["session"]]
        process = subprocess.Popen(
            [PAPERTAPE, "run", *what, "--db", db, "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONHASHSEED": "1"},
        )  # fmt: skip
        assert process.stderr is not None
        process.stderr.readline()  # it has begun, or is back
        if stopped < stops:
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.1, 0.6) * seconds)
            process.send_signal(signal.SIGTERM)
        out, said = process.communicate()
        if process.returncode:
            raise RuntimeError(f"exit {process.returncode}: {said.strip()}")
        document = json.loads(out)
        stopped += document["status"] == "stopped"
    return document, stopped


def index(folder: Path) -> dict[str, dict[str, str]]:
    """The rows of the index beside the folder, by file name."""
    file = folder.parent / "index.csv"
    if not file.exists():
        return {}
    with file.open(newline="") as rows:
        return {Path(row["file"]).name: row for row in csv.DictReader(rows)}


def unaccounted(document: dict[str, Any], files: Sequence[Path], known: dict[str, dict[str, str]]) -> list[str]:
    """What the index counts and the session did not note. It may note more: a last bit of a float too high or too low
    (the index allows for these), a volume that the file does not say and that is taken as 0."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for note in document["notes"]:
        counts[note["source"]][note["kind"]] += note["count"]
    differences = []
    for file in files:
        for kind, column in IN_INDEX.items():
            expected = int(known[file.name][column] or 0) if file.name in known else counts[file.name][kind]
            if counts[file.name][kind] < expected:
                differences.append(f"{file.name}: {counts[file.name][kind]} {kind}, the index says {expected}")
    return differences


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; exit code 1 when a session failed, digests differ, or a defect is not accounted for."""
    parser = argparse.ArgumentParser(description="Run sessions over every real candle file.")
    parser.add_argument("--folder", type=Path, required=True, help="folder of candle files")
    parser.add_argument("--db", metavar="URL", help="an empty PostgreSQL schema or database for the third run")
    parser.add_argument("--only", metavar="TEXT", default="", help="only groups with this in their name, such as '1h'")
    parser.add_argument("--bars", type=int, help="only so many batches of each session")
    parser.add_argument("--stops", type=int, default=3, help="stops in the second run (default 3)")
    options = parser.parse_args(arguments)
    known, wrong = index(options.folder), list[str]()
    rows, candles, began = [], 0, time.monotonic()
    for group in groups(options.folder):
        if options.only not in group.name:
            continue
        try:
            row, problems = session_row(group, options, known)
        except RuntimeError as error:
            row, problems = [group.name, str(len(group.files)), "", "", "FAILED", ""], [f"{group.name}: {error}"]
        rows.append(row)
        wrong += problems
        candles += int(row[2].replace(",", "") or 0)
        print(f"{time.monotonic() - began:.0f} s: {'  '.join(row)}", file=sys.stderr, flush=True)
    header = ["session", "files", "candles", "seconds", "digests", "noted"]
    print(table(header, rows))
    print(f"\n{len(rows)} sessions, {candles:,} candles, {time.monotonic() - began:.0f} s for all runs")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def session_row(
    group: Group, options: argparse.Namespace, known: dict[str, dict[str, str]]
) -> tuple[list[str], list[str]]:
    arguments = group.options() + (["--bars", str(options.bars)] if options.bars else [])
    with tempfile.TemporaryDirectory() as scratch:
        db = f"sqlite:///{scratch}/ledger.db"
        first = run(db, arguments)
        second, stops = run_with_stops(db, arguments, first["seconds"], options.stops)
        digests = [first["digest"], second["digest"]]
        if options.db:
            digests.append(run(options.db, arguments, seed="2")["digest"])
        verified = subprocess.run(
            [PAPERTAPE, "-q", "sessions", "verify", first["session"], "--db", db], capture_output=True, text=True
        )
    problems = [] if options.bars else unaccounted(first, group.files, known)
    if len(set(digests)) > 1:
        problems.append(f"{group.name}: the digests differ: {', '.join(digests)}")
    if verified.returncode:
        problems.append(f"{group.name}: {verified.stderr.strip()}")
    problems += [
        f"{group.name}: plugin {plugin['name']} is {plugin['status']}, {plugin['errors']} errors"
        for plugin in first["plugins"]
        if plugin["status"] != "ok" or plugin["errors"]
    ]
    noted = Counter[str]()
    for note in first["notes"]:
        noted[note["kind"]] += note["count"]
    equal = f"{len(digests)} equal, {stops} stops" if len(set(digests)) == 1 else "DIFFER"
    said = ", ".join(f"{count:,} {kind}" for kind, count in sorted(noted.items()))
    return [group.name, str(len(group.files)), f"{first['bars']:,}", f"{first['seconds']:.1f}", equal, said], problems


if __name__ == "__main__":
    sys.exit(main())
