"""The floor: a bare Python loop over tuples that does the arithmetic of the work and nothing else.

``python -m peers.run_loop FILE...`` It keeps an equity mark a candle in a list, and has no orders, events, checks or
ledger; what an engine costs above it is what the engine adds. Several files are independent symbols that draw on one
account, which is exact for a fixed lot as long as cash lasts. Its round trips and closing equity are what every other
engine must show.
"""

from __future__ import annotations

import platform
import sys

from pyarrow import parquet

from peers.work import CASH, FAST, FEE, LOT, SLOW, Stopwatch, report


def cross(opens: list[float], closes: list[float]) -> tuple[int, float]:
    """Closed round trips and closing equity of one symbol traded alone."""
    fast_alpha, slow_alpha = 2 / (FAST + 1), 2 / (SLOW + 1)
    fast = slow = closes[0]
    cash, position, target, trades = CASH, 0.0, 0.0, 0
    marks: list[float] = []
    for number, (open_, close) in enumerate(zip(opens, closes, strict=True), start=1):
        if target != position:
            quantity = target - position
            cash -= quantity * open_ + abs(quantity) * open_ * FEE
            position = target
            trades += quantity < 0
        fast += fast_alpha * (close - fast)
        slow += slow_alpha * (close - slow)
        marks.append(cash + position * close)
        if number >= SLOW:
            target = LOT if fast > slow else 0.0
    return trades, marks[-1]


def main(files: list[str]) -> None:
    """Run every file and report the sum."""
    tables = [parquet.read_table(file, columns=["open", "close"]) for file in files]
    columns = [(table["open"].to_numpy().tolist(), table["close"].to_numpy().tolist()) for table in tables]
    stopwatch = Stopwatch()
    with stopwatch.running():
        results = [cross(opens, closes) for opens, closes in columns]
    candles = sum(len(closes) for _, closes in columns)
    equity = CASH + sum(equity - CASH for _, equity in results)
    version = f"CPython {platform.python_version()}"
    report("bare loop", version, stopwatch.seconds, candles, sum(trades for trades, _ in results), equity)


if __name__ == "__main__":
    main(sys.argv[1:])
