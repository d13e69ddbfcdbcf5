"""Storms: live sessions whose exchange fails in all the ways that exchanges fail, by seeded schedules.

Each schedule is a process of its own: a loopback exchange that is much faster than the clock, with five to forty faults
an hour (refused and reset connections, half-open and slow ones, 5xx, 429 and 418, garbled and oversized messages,
silent streams, late, amended and disagreeing candles, wrong clocks, ...), and a session with seven strategies and a
fusion over the real ccxt client. What must hold afterwards, `storm_checks` says. Every fifth exchange is Kraken, every
tenth Binance's USD-M futures, the others Binance's spot market. Exit code 1 if anything does not hold.

    python benchmarks/storm.py --schedules 500 --jobs 2
    python benchmarks/storm.py --schedules 1 --seed 17 --said     # one of them again, with what it said
"""

import argparse
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from multiprocessing.connection import wait
from typing import Any

from storm_schedule import Outcome, Plan, survive
from table import table

from papertape.engine.discovery import load_plugins

DEADLINE = 600.0
"""Seconds after which a process that says nothing any more is ended."""
FIGURES = (
    "batches", "candles", "orders", "batches muted", "batches stale", "tape late", "tape stale", "tape muted",
    "tape amended", "candles used as the stream alone said", "entries made two minutes after their candle",
    "digest equal", "digest differs", "verified",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0, help="of the first one; the others count on")
    parser.add_argument("--minutes", type=int, default=60, help="market minutes in which something may be wrong")
    parser.add_argument("--speed", type=float, default=600.0, help="market seconds per second")
    parser.add_argument("--jobs", type=int, default=2, help="schedules at a time")
    parser.add_argument("--said", action="store_true", help="print what each session said of its connection")
    asked = parser.parse_args()
    plans = [Plan(seed, asked.minutes, asked.speed) for seed in range(asked.seed, asked.seed + asked.schedules)]
    load_plugins()
    import_module("ccxt.pro")  # once for all processes
    began = time.perf_counter()
    counts: Counter[str] = Counter()
    failed = 0
    for outcome in outcomes(plans, asked.jobs):
        counts += outcome.counts
        counts["schedules"] += 1
        failed += bool(outcome.failures)
        if asked.said:
            print("\n".join(outcome.said))
        for failure in outcome.failures:
            print(f"seed {outcome.plan.seed} ({outcome.plan.protocol}): {failure}"[:600], flush=True)
        if counts["schedules"] % 20 == 0:
            print(f"{counts['schedules']} schedules, {failed} failed", flush=True)
    print(shown(counts))
    print(f"{counts['schedules']} schedules in {time.perf_counter() - began:.0f} s, {failed} failed")
    if failed:
        raise SystemExit(1)


def outcomes(plans: list[Plan], jobs: int) -> Iterator[Outcome]:
    """What comes of each plan, `jobs` at a time, in the order in which they end."""
    forking = multiprocessing.get_context("fork")  # what has been imported is there at once
    waiting = iter(plans)
    running: dict[Any, tuple[Plan, Any, float]] = {}
    while True:
        while len(running) < jobs and (plan := next(waiting, None)) is not None:
            here, there = forking.Pipe(duplex=False)
            process = forking.Process(target=survive, args=(plan, there))
            process.start()
            there.close()
            running[here] = plan, process, time.monotonic() + DEADLINE
        if not running:
            return
        said = wait(list(running), timeout=1)
        for ready in [pipe for pipe in running if pipe in said]:
            plan, process, _ = running.pop(ready)
            try:
                yield ready.recv()
            except EOFError:
                process.join()
                yield Outcome(plan, failures=[f"the process ended with {process.exitcode} and said nothing"])
            process.join()
        for _, process, deadline in running.values():
            if time.monotonic() > deadline:
                process.kill()


def shown(counts: Counter[str]) -> str:
    """Tables of what was counted, of the faults by kind, and of why digests differ."""

    def under(prefix: str) -> list[list[str]]:
        return [[name.removeprefix(prefix), f"{counts[name]:,}"] for name in sorted(counts) if name.startswith(prefix)]

    parts = [
        table(["", "number"], [[name, f"{counts[name]:,}"] for name in FIGURES]),
        table(["fault", "times applied"], under("fault ")),
        table(["digest differs, first for", "number"], under("differs: ")),
    ]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
