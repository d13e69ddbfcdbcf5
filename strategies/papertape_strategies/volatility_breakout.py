"""Volatility breakout: go with a close that is far from the middle, measured by how far candles usually reach.

The channel is that of Chester Keltner, "How To Make Money in Commodities" (1960), with the true range of J. Welles
Wilder, "New Concepts in Technical Trading Systems" (1978).
"""

from collections.abc import Callable

import numpy as np

from papertape import Candles, Context, Param, Signal, Snapshot, Strategy, hookimpl


class VolatilityBreakout(Strategy):
    """Long at a close above middle + `width` x range, with a stop `stop` ranges below it; flat at the middle or below.

    Middle = mean typical price (high + low + close) / 3, range = mean true range, both of the `window` candles before
    the one that breaks out. With `short` also the mirror image. After its stop it waits for the middle, like after any
    other exit.
    """

    window = Param(20, min=2, max=10_000, help="candles in middle and range")
    width = Param(2.0, min=0.1, max=20, help="distance of the channel from the middle, in ranges")
    stop = Param(2.0, min=0.1, max=20, help="distance of the stop from the close that enters, in ranges")
    short = Param(False, help="trade breaks downwards too, which needs margin")
    keeps = ("side",)

    def lookback(self) -> int:
        return self.window + 2  # the first true range needs the close before it

    def on_start(self, context: Context) -> None:
        self.side = dict.fromkeys(context.symbols, 0)  # what was asked for last: 1 long, -1 short, 0 flat

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        signals = []
        for symbol in snapshot.fresh:
            candles = snapshot.candles(symbol)
            if len(candles) < self.lookback():
                continue
            close = float(candles.close[-1])
            middle, reach = channel(candles)
            side = self.side[symbol]
            if close > middle + self.width * reach and side != 1:
                self.side[symbol] = 1
                stop = close - self.stop * reach
                signals.append(Signal.buy(symbol, stop_loss=stop if stop > 0 else None, reason="above the channel"))
            elif self.short and close < middle - self.width * reach and side != -1:
                self.side[symbol] = -1
                signals.append(Signal.short(symbol, stop_loss=close + self.stop * reach, reason="below the channel"))
            elif side * (close - middle) <= 0 and side:
                self.side[symbol] = 0
                signals.append(Signal.close(symbol, reason="back at the middle"))
        return signals


def channel(candles: Candles) -> tuple[float, float]:
    """Mean typical price and mean true range, quote currency, of all candles but the first and the last.

    >>> rows = [(0, 5.0, 5.0, 5.0, 5.0, 1.0, 0), (1, 6.0, 9.0, 6.0, 6.0, 1.0, 0), (2, 1.0, 1.0, 1.0, 1.0, 1.0, 0)]
    >>> channel(Candles.pack(rows))
    (7.0, 4.0)
    """
    high, low, close = candles.high[1:-1], candles.low[1:-1], candles.close[1:-1]
    before = candles.close[:-2]
    true_range = np.maximum(high, before) - np.minimum(low, before)
    return float(((high + low + close) / 3.0).mean()), float(true_range.mean())


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("volatility-breakout", VolatilityBreakout)
