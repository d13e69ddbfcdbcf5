"""What the terminal UI costs a session, and how soon it answers: 20 symbols, 10 books, a real screen.

``python benchmarks/tui.py [throughput] [pace] [full] [memory] [--rounds N] [--candles N] [--seconds S]`` prints a table
each: candles a second with a screen, alone, and beside a loop that does nothing; refreshes a second and the time from a
key to its effect at 20 batches a second, and the latter at full pace; the screen's memory as candles go by. Without a
name, all of them. The screen is `papertape tui` at a terminal of 120x40 whose output is read, as a terminal would.
README.md says how to read it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from measured import usage
from table import table
from terminal import Terminal
from workloads import Workload

PAPERTAPE = (sys.executable, "-c", "from papertape.cli import cli; cli()")
STRATEGIES = (
    "ema-cross macd rsi-reversion donchian-breakout bollinger-reversion momentum volatility-breakout grid buy-and-hold"
).split()
SYMBOLS = 20
LIVELY = "1200x"
"""A pace of 20 batches of one-minute candles a second: more than a screen can show of them."""
PANELS = ("Chart", "Books", "Equity", "Positions", "Signals", "Votes", "State", "Log")
EVERY = 100_000  # candles between two looks at the memory


class Host(NamedTuple):
    """A session at work."""

    process: subprocess.Popen[str]
    session: str
    said: Path  # what it prints at its end


@contextmanager
def hosted(folder: Path, workload: Workload, pace: str, batches: int | None = None) -> Iterator[Host]:
    """A session over the workload as a process of its own, in a new ledger in the folder."""
    command = [*PAPERTAPE, "run", "--feed", "replay", "--timeframe", "1m", "--db", url(folder), "--json"]
    for file in workload.files:
        command += ["--source", str(file)]
    for strategy in STRATEGIES:
        command += ["--strategy", strategy]
    command += ["--fusion", "weighted-vote", "--pace", pace]
    command += [] if batches is None else ["--bars", str(batches)]
    said, log = folder / "said.json", folder / "log"
    with said.open("w") as out, log.open("w") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, text=True, env=environment(folder))
    try:
        while not (line := log.read_text("utf-8")).startswith("session "):
            if process.poll() is not None:
                raise SystemExit(line)
            time.sleep(0.02)
        yield Host(process, line.split()[1], said)
    finally:
        process.terminate()
        process.wait()


def url(folder: Path) -> str:
    """The ledger of a folder."""
    return f"sqlite:///{folder / 'ledger.db'}"


def environment(folder: Path) -> dict[str, str]:
    """Where the commands keep what is theirs."""
    return {**os.environ, "PAPERTAPE_HOME": str(folder)}


def screen(folder: Path, host: Host) -> Terminal:
    """The terminal UI on a session."""
    command = [*PAPERTAPE, "tui", "--db", url(folder), "--session", host.session]
    return Terminal(command, env=environment(folder))


# Throughput


class Pass(NamedTuple):
    """A replay at full pace, candles a second: `rate` of the clock, `cpu_rate` of the host's processor time. `waited`:
    the share of the time that the host could have run and had no core. `log`: the most that the ledger's write-ahead
    log had, MiB: it grows where readers do not let go of it. `beside`: the share of a core that went to what ran
    beside the host."""

    rate: float
    cpu_rate: float
    waited: float
    log: float
    beside: float


Companion = Callable[[Path, Host], AbstractContextManager["Terminal | subprocess.Popen[bytes] | None"]]


@contextmanager
def loop(folder: Path, host: Host) -> Iterator[subprocess.Popen[bytes]]:
    """A process that keeps a core busy and knows nothing of the session."""
    process = subprocess.Popen([sys.executable, "-c", "while True:\n for _ in range(100_000): pass"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


COMPANIONS: dict[str, Companion] = {
    "nothing": lambda folder, host: nullcontext(),
    "a loop": loop,
    "a screen": screen,
}
"""What runs beside the host. The loop says what a machine takes from a host whose neighbour core is busy, whatever it
is busy with."""


def replay(workload: Workload, batches: int, companion: Companion) -> Pass:
    """One replay at full pace, with something beside it."""
    with tempfile.TemporaryDirectory() as name, hosted(Path(name), workload, "max", batches) as host:
        began, first, aside, log = time.perf_counter(), usage(host.process.pid), 0.0, [0.0]
        last = first
        with companion(Path(name), host) as beside:
            process = beside.process if isinstance(beside, Terminal) else beside
            while host.process.poll() is None:
                if isinstance(beside, Terminal):
                    beside.watch(0.05)
                else:
                    time.sleep(0.05)
                aside = usage(process.pid).cpu_seconds if process is not None else 0.0
                now = usage(host.process.pid)
                last = now if now.cpu_seconds > last.cpu_seconds else last
                log += [file.stat().st_size / 2**20 for file in Path(name).glob("ledger.db-wal")]
        took = time.perf_counter() - began
        document = json.loads(host.said.read_text("utf-8"))
    spent, waited = last.cpu_seconds - first.cpu_seconds, last.waited_seconds - first.waited_seconds
    return Pass(document["bars_per_second"], document["bars"] / spent, waited / took, max(log), aside / took)


def throughput(workload: Workload, batches: int, rounds: int) -> str:
    """Replays in turns; medians, and the median of the ratios within a round."""
    runs: dict[str, list[Pass]] = {name: [] for name in COMPANIONS}
    for number in range(rounds):
        for name in sorted(COMPANIONS, key=lambda one: (list(COMPANIONS).index(one) + number) % len(COMPANIONS)):
            runs[name].append(replay(workload, batches, COMPANIONS[name]))
            print(f"round {number + 1}, beside {name}: {runs[name][-1]}", file=sys.stderr)
    ratios = {name: _ratio(runs[name], runs["nothing"]) for name in COMPANIONS}
    rows = []
    for name, passes in runs.items():
        one = Pass(*map(statistics.median, zip(*passes, strict=True)))
        rows.append([name, f"{one.rate:,.0f}", f"{one.cpu_rate:,.0f}", f"{one.waited:.1%}", f"{one.log:.1f}",
                     f"{one.beside:.0%}", f"{ratios[name]:.3f}"])  # fmt: skip
    header = [
        "candles a second beside",
        "of the clock",
        "of its cpu",
        "no core",
        "log MiB",
        "beside, of a core",
        "ratio",
    ]
    return f"{table(header, rows)}\n{_met(ratios['a screen'] >= 0.9)}: wanted a ratio of at least 0.9 with a screen"


def _ratio(passes: Sequence[Pass], alone: Sequence[Pass]) -> float:
    return statistics.median(one.rate / other.rate for one, other in zip(passes, alone, strict=True))


# Refreshes and keys


def watching(workload: Workload, pace: str, seconds: float) -> str:
    """Refreshes a second, and how long keys take, while a session runs."""
    with (
        tempfile.TemporaryDirectory() as name,
        hosted(Path(name), workload, pace) as host,
        screen(Path(name), host) as terminal,
    ):
        terminal.until("batches")
        terminal.watch(5.0)
        before, began = usage(terminal.process.pid), time.perf_counter()
        refreshes = len(set(_batches(terminal, seconds / 3))) / (seconds / 3)
        spent = usage(terminal.process.pid).cpu_seconds - before.cpu_seconds
        share = spent / (time.perf_counter() - began)
        took = keys(terminal, seconds)
    rows = [
        [name, f"{len(took)}", *(f"{1e3 * _quantile([each[place] for each in took], q):.0f}" for q in (0.5, 0.99, 1.0))]
        for place, name in enumerate(("of the clock", "had it a core", "of its cpu"))
    ]
    worst = _quantile([wall for wall, *_ in took], 0.99)
    lines = [
        f"{'full pace' if pace == 'max' else pace}, load {os.getloadavg()[0]:.1f}: {refreshes:.1f} refreshes a second, "
        f"{share:.0%} of a core",
        table(["from a key to its effect", "keys", "p50 ms", "p99 ms", "most ms"], rows),
        f"{_met(worst < 0.1)}: wanted p99 under 100 ms of the clock",
    ]
    if pace != "max":
        lines.append(f"{_met(refreshes >= 10)}: wanted 10 refreshes a second")
    return "\n".join(lines)


def _batches(terminal: Terminal, seconds: float) -> Iterator[str]:
    """The counts of batches that the screen comes to show in that time."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        terminal.text = ""
        terminal.read(0.05)
        yield from re.findall(r"[\d,]+ (?=batches)", terminal.text)


class Took(NamedTuple):
    """Seconds from a key to its effect: `wall` of the clock, `free` without the time that the screen and this reader
    had no core, `cpu` processor time of the screen, what it was at besides included."""

    wall: float
    free: float
    cpu: float


def keys(terminal: Terminal, seconds: float) -> list[Took]:
    """Presses keys at odd moments until each has had its effect: a panel stands there, the chart names a symbol."""
    chance, took, symbol, here = random.Random(7), list[Took](), 0, -1
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        terminal.watch(chance.uniform(0.05, 0.3))
        if chance.random() < 0.25:
            symbol = (symbol + 1) % SYMBOLS
            key, effect = "]", f"Chart  S{symbol:02d}/USDT"
        else:
            here = chance.choice([place for place in range(1, len(PANELS)) if place != here])
            key, effect = str(here + 1), f"[{here + 1} {PANELS[here]}]"
        before, mine = usage(terminal.process.pid), usage(os.getpid())
        terminal.press(key)
        wall = terminal.until(effect)
        after, ours = usage(terminal.process.pid), usage(os.getpid())
        waited = after.waited_seconds - before.waited_seconds + ours.waited_seconds - mine.waited_seconds
        took.append(Took(wall, max(0.0, wall - waited), after.cpu_seconds - before.cpu_seconds))
    return took


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


# Memory


def memory(workload: Workload) -> str:
    """What the screen holds as the session's candles go by, at full pace."""
    rows, due = [], EVERY
    with (
        tempfile.TemporaryDirectory() as name,
        hosted(Path(name), workload, "max") as host,
        screen(Path(name), host) as terminal,
    ):
        while due <= workload.total and host.process.poll() is None:
            for said in _batches(terminal, 1.0):
                candles = int(said.replace(",", "")) * SYMBOLS
                if candles >= due:
                    rows.append(
                        [f"{candles:,}", *(f"{usage(each.process.pid).memory_mb:.0f}" for each in (terminal, host))]
                    )
                    print(" ".join(rows[-1]), file=sys.stderr)
                    due = candles - candles % EVERY + EVERY
        terminal.watch(3.0)
        rows.append(["the end", f"{usage(terminal.process.pid).memory_mb:.0f}", ""])
    return table(["candles", "screen MiB", "host MiB"], rows)


def _met(yes: bool) -> str:
    return "met" if yes else "MISSED"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Time the terminal UI beside a session of 20 symbols and 10 books.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="of throughput, pace, full, memory")
    parser.add_argument("--rounds", type=int, default=5, help="replays with and without (default: %(default)s)")
    parser.add_argument("--candles", type=int, default=100_000, help="of each of those (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="that keys are pressed (default: %(default)s)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # takes what it has started with it
    parts = options.parts or ["throughput", "pace", "full", "memory"]
    workload = Workload(SYMBOLS, 50_000)
    workload.write()
    for part in parts:
        if part == "throughput":
            print(throughput(workload, options.candles // SYMBOLS, options.rounds))
        elif part in ("pace", "full"):
            print(watching(workload, LIVELY if part == "pace" else "max", options.seconds))
        elif part == "memory":
            print(memory(workload))
        else:
            parser.error(f"no part {part!r}")
        print(flush=True)


if __name__ == "__main__":
    main()
