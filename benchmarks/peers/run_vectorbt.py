"""vectorbt: ``python -m peers.run_vectorbt FILE``, in its own environment.

Not event-driven: whole columns at once, compiled by numba. It stands here as what array speed is. Signals are shifted
one candle and filled at the open. The run ends with the equity of every candle, which the other engines keep too; the
compiler is warmed up first.
"""
# The library lives in another environment and has no types.
# mypy: ignore-errors

from __future__ import annotations

import sys

import pandas as pd
import vectorbt

from peers.work import CASH, FAST, FEE, LOT, SLOW, Stopwatch, report


def cross(open_, close):
    fast = vectorbt.MA.run(close, FAST, ewm=True).ma
    slow = vectorbt.MA.run(close, SLOW, ewm=True).ma
    decided = pd.RangeIndex(len(close)) >= SLOW - 1
    entries = ((fast > slow) & decided).shift(1, fill_value=False)
    exits = ((fast < slow) & decided).shift(1, fill_value=False)
    account = vectorbt.Portfolio.from_signals(
        close,
        entries,
        exits,
        price=open_,
        size=LOT,
        fees=FEE,
        init_cash=CASH,
        freq="1min",
        direction="longonly",
    )
    return int(account.trades.closed.count()), float(account.value().iloc[-1])


def main(file):
    frame = pd.read_parquet(file)
    frame.index = pd.DatetimeIndex(pd.to_datetime(frame.pop("ts"), unit="ms"))
    cross(frame["open"].iloc[:500], frame["close"].iloc[:500])
    stopwatch = Stopwatch()
    with stopwatch.running():
        trades, equity = cross(frame["open"], frame["close"])
    report("vectorbt (arrays)", vectorbt.__version__, stopwatch.seconds, len(frame), trades, equity)


if __name__ == "__main__":
    main(sys.argv[1])
