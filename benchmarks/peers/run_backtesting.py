"""backtesting.py: ``python -m peers.run_backtesting FILE``, in its own environment.

Its usual way: indicators are computed by pandas for the whole history before the loop, ``next`` is called for each
candle, orders fill at the next open. The run includes the table of statistics that it always computes.
"""
# The library lives in another environment and has no types.
# mypy: ignore-errors

from __future__ import annotations

import sys
import warnings

import backtesting
import pandas as pd

from peers.work import CASH, FAST, FEE, LOT, SLOW, Stopwatch, report

warnings.simplefilter("ignore")  # it warns of the trade left open at the end, which is wanted here


def ema(values, candles):
    return pd.Series(values).ewm(span=candles, adjust=False).mean()


class Cross(backtesting.Strategy):
    def init(self):
        self.fast = self.I(ema, self.data.Close, FAST)
        self.slow = self.I(ema, self.data.Close, SLOW)

    def next(self):
        if len(self.data) < SLOW:
            return
        fast, slow = self.fast[-1], self.slow[-1]
        if fast > slow:
            if not self.position:
                self.buy(size=LOT)
        elif fast < slow and self.position:
            self.position.close()


def main(file):
    frame = pd.read_parquet(file)
    frame = frame.set_index(pd.to_datetime(frame.pop("ts"), unit="ms", utc=True)).rename(columns=str.capitalize)
    backtest = backtesting.Backtest(frame, Cross, cash=CASH, commission=FEE, finalize_trades=False)
    stopwatch = Stopwatch()
    with stopwatch.running():
        outcome = backtest.run()
    equity = float(outcome["_equity_curve"]["Equity"].iloc[-1])
    trades = len(outcome["_trades"])
    report("backtesting.py", backtesting.__version__, stopwatch.seconds, len(frame), trades, equity)


if __name__ == "__main__":
    main(sys.argv[1])
