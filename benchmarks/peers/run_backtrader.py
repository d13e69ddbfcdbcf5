"""backtrader: ``python -m peers.run_backtrader FILE``, in its own environment.

Its defaults (data preloaded, indicators computed for the whole history first), without the observers that serve its
plots. Orders fill at the next open. Its EMA is seeded with a simple average of the first candles, not with the first
close, so its first trades may differ by a candle.
"""
# The library lives in another environment and has no types.
# mypy: ignore-errors

from __future__ import annotations

import sys

import backtrader
import pandas as pd

from peers.work import CASH, FAST, FEE, LOT, SLOW, Stopwatch, report


class Cross(backtrader.Strategy):
    def __init__(self):
        self.fast = backtrader.ind.EMA(self.data.close, period=FAST)
        self.slow = backtrader.ind.EMA(self.data.close, period=SLOW)
        self.trades = 0

    def next(self):
        fast, slow = self.fast[0], self.slow[0]
        if fast > slow:
            if not self.position.size:
                self.buy(size=LOT)
        elif fast < slow and self.position.size > 0:
            self.close()

    def notify_trade(self, trade):
        self.trades += trade.isclosed


def main(file):
    frame = pd.read_parquet(file)
    frame.index = pd.DatetimeIndex(pd.to_datetime(frame.pop("ts"), unit="ms"))
    cerebro = backtrader.Cerebro(stdstats=False)
    timeframe = backtrader.TimeFrame.Minutes
    cerebro.adddata(backtrader.feeds.PandasData(dataname=frame, openinterest=None, timeframe=timeframe))
    cerebro.addstrategy(Cross)
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(commission=FEE)
    stopwatch = Stopwatch()
    with stopwatch.running():
        (strategy,) = cerebro.run()
    equity = cerebro.broker.getvalue()
    report("backtrader", backtrader.__version__, stopwatch.seconds, len(frame), strategy.trades, equity)


if __name__ == "__main__":
    main(sys.argv[1])
