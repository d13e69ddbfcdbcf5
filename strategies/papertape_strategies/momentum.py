"""Time-series momentum: what has risen goes on rising.

T. Moskowitz, Y. H. Ooi and L. H. Pedersen, "Time Series Momentum", Journal of Financial Economics 104 (2012).
"""

from collections.abc import Callable

from papertape import Context, Param, Signal, Snapshot, Strategy, hookimpl


class Momentum(Strategy):
    """Long at a close whose return over `window` candles, without the last `skip`, is above `threshold`; else flat.

    With `short`, short where that return is below -`threshold`.
    """

    window = Param(240, min=1, max=10_000, help="candles over which the return is taken")
    skip = Param(0, min=0, max=10_000, help="newest candles left out of it, against short-term reversal")
    threshold = Param(0.0, min=0, max=10, help="return that it takes, as a fraction")
    short = Param(False, help="be short on a fall, which needs margin")
    keeps = ()

    def lookback(self) -> int:
        return self.window + self.skip + 1

    def on_start(self, context: Context) -> None:
        self._long = {symbol: Signal.buy(symbol, reason="risen") for symbol in context.symbols}
        self._short = {symbol: Signal.short(symbol, reason="fallen") for symbol in context.symbols}
        self._flat = {symbol: Signal.close(symbol, reason="no momentum") for symbol in context.symbols}

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        signals = []
        for symbol in snapshot.fresh:
            closes = snapshot.candles(symbol).close
            if len(closes) < self.lookback():
                continue
            gain = closes[-1 - self.skip] / closes[0] - 1.0
            if gain > self.threshold:
                signals.append(self._long[symbol])
            elif self.short and gain < -self.threshold:
                signals.append(self._short[symbol])
            else:
                signals.append(self._flat[symbol])
        return signals


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("momentum", Momentum)
