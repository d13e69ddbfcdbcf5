"""Bollinger reversion: buy below the lower band, leave at the middle.

The bands are from John Bollinger, "Bollinger on Bollinger Bands" (2001), who does not trade them this way alone; that
short swings tend to turn back is in B. Lehmann, "Fads, Martingales, and Market Efficiency" (1990).
"""

from collections.abc import Callable

from papertape import Context, Param, Signal, Snapshot, Strategy, hookimpl


class BollingerReversion(Strategy):
    """Long at a close below mean - `width` x deviation of the last `window` closes, flat again at the mean or above.

    With `short` also the mirror image: short above the upper band, flat at the mean or below. The deviation is the
    population's (divided by n), and the newest close is in the window.
    """

    window = Param(20, min=2, max=10_000, help="closes in mean and deviation")
    width = Param(2.0, min=0.1, max=20, help="distance of the bands from the mean, in deviations")
    short = Param(False, help="trade the upper band too, which needs margin")
    keeps = ("side",)

    def lookback(self) -> int:
        return self.window

    def on_start(self, context: Context) -> None:
        self.side = dict.fromkeys(context.symbols, 0)  # what was asked for last: 1 long, -1 short, 0 flat

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        signals = []
        for symbol in snapshot.fresh:
            closes = snapshot.candles(symbol).close
            if len(closes) < self.window:
                continue
            close, mean, reach = closes[-1], closes.mean(), self.width * closes.std()
            side = self.side[symbol]
            if close < mean - reach and side != 1:
                self.side[symbol] = 1
                signals.append(Signal.buy(symbol, reason="below the lower band"))
            elif self.short and close > mean + reach and side != -1:
                self.side[symbol] = -1
                signals.append(Signal.short(symbol, reason="above the upper band"))
            elif side * (close - mean) >= 0 and side:
                self.side[symbol] = 0
                signals.append(Signal.close(symbol, reason="back at the mean"))
        return signals


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("bollinger-reversion", BollingerReversion)
