"""How fast a session is, beside other engines that do the same work on the same candles in the same hour.

``python benchmarks/throughput.py [--rounds N] [--peers NAME,...] [--compiled] [--quick]`` prints four tables: the
engines over a million candles of one symbol, where a session's time goes, whether the cost of a candle grows with
symbols and strategies, and whether memory grows with length. README.md says how to read them. Exit code 1 when a
session's round trips or closing equity differ from those of the bare loop, or a run fails.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

from engines import COMPILED, PEERS, Run, run_loop, run_papertape, run_peer
from measured import RunFailed
from peers import setup
from table import table
from workloads import Workload

DEFAULT_PEERS = ["backtesting", "nautilus", "vectorbt"]
AT_LEAST = {"backtesting.py": 5.0, "nautilus_trader": 15.0}  # times papertape's cost of a candle
MEMORY_AT_MOST = 1.2  # times the peak of a replay a tenth as long
MANY_STRATEGIES = 10


class Plan:
    """What is run in every round, by name, in the order in which it is run."""

    def __init__(self, peers: list[str], *, compiled: bool, quick: bool) -> None:
        shrink = 10 if quick else 1
        self.long = Workload(1, 1_000_000 // shrink)
        self.short = Workload(1, 100_000 // shrink)
        self.wide = Workload(20, 100_000 // shrink)
        self.sessions = ["session", "session, compiled"] if compiled else ["session"]
        self.steps: dict[str, Callable[[], Run]] = {
            "session": partial(run_papertape, self.long),
            **{name: partial(run_papertape, self.long, python=COMPILED) for name in self.sessions[1:]},
            "loop": partial(run_loop, self.long),
            **{peer: partial(run_peer, peer, self.long) for peer in peers},
            "session, short": partial(run_papertape, self.short),
            "loop, short": partial(run_loop, self.short),
            "session, wide": partial(run_papertape, self.wide),
            "loop, wide": partial(run_loop, self.wide),
            "session, many": partial(run_papertape, self.short, MANY_STRATEGIES),
        }

    def run(self, rounds: int) -> dict[str, list[Run]]:
        """Every step ``rounds`` times, in turns, so that a busy minute of the machine hits all alike."""
        runs: dict[str, list[Run]] = defaultdict(list)
        for number in range(1, rounds + 1):
            for name, step in self.steps.items():
                runs[name].append(step())
                print(f"round {number}: {name} {runs[name][-1].seconds:.2f} s", file=sys.stderr)
        return runs


def median(runs: list[Run]) -> Run:
    """The run in the middle by time; of an even number, the faster of the two."""
    return sorted(runs, key=lambda run: run.seconds)[(len(runs) - 1) // 2]


def engines_table(runs: dict[str, list[Run]], sessions: list[str], peers: list[str]) -> str:
    """Every engine over the long workload, and how many times papertape's cost of a candle it takes."""
    ours = median(runs["session"])
    rows = []
    for name in [*sessions, *peers, "loop"]:
        run = median(runs[name])
        rows.append(
            [
                run.engine,
                run.version,
                f"{run.seconds:.2f}",
                f"{min(other.seconds for other in runs[name]):.2f}",
                f"{run.microseconds:.2f}",
                f"{run.candles / run.seconds:,.0f}",
                f"{run.microseconds / ours.microseconds:.2f}x",
                f"{run.cpu_seconds:.1f}",
                f"{run.peak_mb:.0f}",
                f"{run.trades:,}",
                f"{run.equity:,.2f}",
            ]
        )
    header = ["engine", "version", "run s", "best s", "us/candle", "candles/s", "ratio"]
    return table([*header, "process cpu s", "peak MiB", "round trips", "closing equity"], rows)


def split_table(run: Run) -> str:
    """Where the seconds of a session go; what is left of the whole is named, not hidden."""
    parts = {**run.split, "not attributed": run.seconds - sum(run.split.values()), "session": run.seconds}
    rows = [
        [part, f"{seconds:.3f}", f"{1e6 * seconds / run.candles:.3f}", f"{100 * seconds / run.seconds:.0f} %"]
        for part, seconds in parts.items()
    ]
    return table(["part", "s", "us/candle", "share"], rows) + f"\nledger on disk: {run.ledger_mb:.1f} MiB"


def growth_table(runs: dict[str, list[Run]], plan: Plan) -> str:
    """Cost of a candle for one strategy, as symbols and strategies are added."""
    base = median(runs["session"])
    shapes = {
        "session": (plan.long, 1),
        "session, short": (plan.short, 1),
        "session, wide": (plan.wide, 1),
        "session, many": (plan.short, MANY_STRATEGIES),
    }
    rows = []
    for name, (workload, strategies) in shapes.items():
        run = median(runs[name])
        rows.append(
            [
                f"{workload.symbols} x {workload.candles:,} x {strategies}",
                f"{run.seconds:.2f}",
                f"{run.microseconds:.2f}",
                f"{run.microseconds / base.microseconds:.2f}x",
                f"{run.peak_mb:.0f}",
            ]
        )
    return table(["symbols x candles x strategies", "run s", "us/candle/strategy", "ratio", "peak MiB"], rows)


def peak(runs: list[Run]) -> float:
    """The most memory that any of the runs held, MiB."""
    return max(run.peak_mb for run in runs)


def differences(runs: dict[str, list[Run]]) -> list[str]:
    """Every session whose round trips or closing equity are not those of the bare loop over the same candles."""
    loops = {"session": "loop", "session, compiled": "loop", "session, wide": "loop, wide"}
    loops |= dict.fromkeys(["session, short", "session, many"], "loop, short")
    found = []
    for session, loop in loops.items():
        expected = runs[loop][0]
        for run in runs.get(session, []):
            if run.trades != expected.trades or abs(run.equity - expected.equity) > 0.011:  # each rounded to a cent
                found.append(
                    f"{session}: {run.trades:,} round trips and {run.equity:,.2f}, "
                    f"where the bare loop has {expected.trades:,} and {expected.equity:,.2f}"
                )
    return found


def verdicts(runs: dict[str, list[Run]], sessions: list[str], peers: list[str]) -> list[str]:
    """The targets, each with the figure and whether it is met."""
    lines = []
    for ours, run in product((median(runs[name]) for name in sessions), (median(runs[peer]) for peer in peers)):
        if run.engine in AT_LEAST:
            ratio, wanted = run.microseconds / ours.microseconds, AT_LEAST[run.engine]
            lines.append(
                f"{_met(ratio >= wanted)}: {ours.engine} {ratio:.1f}x faster than {run.engine}, wanted {wanted:g}x"
            )
    memory = peak(runs["session"]) / peak(runs["session, short"])
    lines.append(
        f"{_met(memory <= MEMORY_AT_MOST)}: a 10x longer replay takes {memory:.2f}x the peak memory "
        f"({peak(runs['session, short']):.0f} -> {peak(runs['session']):.0f} MiB), wanted at most {MEMORY_AT_MOST}x"
    )
    return lines


def _met(yes: bool) -> str:
    return "met" if yes else "MISSED"


def machine() -> str:
    """The machine, and how busy it was before the first run."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        if line.startswith("model name")
    ]
    processor = models[0] if models else platform.machine()
    python = platform.python_version()
    return f"{processor}, {os.cpu_count()} cores, Python {python}, load {os.getloadavg()[0]:.2f} at the start"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Time a session beside other engines on the same candles.")
    parser.add_argument("--rounds", type=int, help="times that everything is run (default: 3, or 1 with --quick)")
    parser.add_argument(
        "--peers",
        default=",".join(DEFAULT_PEERS),
        help=f"comma-separated, of {', '.join(PEERS)}; 'all', or '' for none (default: %(default)s)",
    )
    parser.add_argument("--compiled", action="store_true", help="time the compiled build of the working tree too")
    parser.add_argument("--quick", action="store_true", help="a tenth of the candles, one round: a check, not a figure")
    options = parser.parse_args()
    if options.compiled and not setup.is_ready(setup.COMPILED):
        parser.error(f"the compiled build is not up to date: python benchmarks/peers/setup.py {setup.COMPILED}")
    peers = list(PEERS) if options.peers == "all" else [name for name in options.peers.split(",") if name]
    for peer in peers:
        if peer not in PEERS:
            parser.error(f"no peer named {peer!r}; there are {', '.join(PEERS)}")
        if not setup.is_ready(PEERS[peer][0]):
            parser.error(f"{peer} is not set up: python benchmarks/peers/setup.py {PEERS[peer][0]}")
    rounds = options.rounds if options.rounds is not None else 1 if options.quick else 3
    if rounds < 1:
        parser.error(f"--rounds must be at least 1, was {rounds}")

    plan = Plan(peers, compiled=options.compiled, quick=options.quick)
    shapes = [f"{workload.symbols}x{workload.candles}" for workload in (plan.long, plan.short, plan.wide)]
    # In a process of its own: the arrays must not count towards this one's memory (see measured.py).
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name("workloads.py")), *shapes], check=True, stdout=sys.stderr
    )
    where = machine()
    try:
        runs = plan.run(rounds)
    except RunFailed as failure:
        sys.exit(f"throughput: {failure}")
    print(f"{where}; medians of {rounds} interleaved rounds\n")
    print(f"One symbol, {plan.long.candles:,} candles, ema-cross\n{engines_table(runs, plan.sessions, peers)}\n")
    print(f"Where the session's time goes\n{split_table(median(runs['session']))}\n")
    print(f"Growth with symbols and strategies\n{growth_table(runs, plan)}\n")
    print("\n".join(verdicts(runs, plan.sessions, peers)))
    wrong = differences(runs)
    print("\n".join(wrong) or "every session has the round trips and the closing equity of the bare loop")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
