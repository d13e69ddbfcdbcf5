"""RSI reversion: buy what has fallen too steadily, sell it once it has risen too steadily.

The relative strength index is from J. Welles Wilder, "New Concepts in Technical Trading Systems" (1978).
"""

from collections.abc import Callable

from papertape import ConfigError, Context, Param, Signal, Snapshot, Strategy, hookimpl


class RsiReversion(Strategy):
    """Long at a close with an index of `low` or less, flat (or short) with one of `high` or more; between, no change.

    Index = 100 x average rise / (average rise + average fall), 50 where nothing moved. The averages begin as the plain
    means of a symbol's first `window` changes from close to close, and then move by 1 / `window` of the distance to
    each new one, as Wilder's do. Raises `ConfigError` unless `low` is below `high`.
    """

    window = Param(14, min=2, max=10_000, help="changes averaged")
    low = Param(30.0, min=0, max=100, help="index at or below which to be long")
    high = Param(70.0, min=0, max=100, help="index at or above which to be out")
    short = Param(False, help="be short instead of flat there, which needs margin")
    keeps = ("averages",)

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if not self.low < self.high:
            raise ConfigError(f"RsiReversion: low must be below high, was low={self.low} with high={self.high}")

    def lookback(self) -> int:
        return round(
            10.4 * 2 * self.window
        )  # Wilder's average of n is an exponential one of 2 n - 1, which forgets in 10.4 x 2 n

    def on_start(self, context: Context) -> None:
        self.averages: dict[str, list[float]] = {}  # symbol: [rise, fall, last close, changes seen]
        out = Signal.short if self.short else Signal.close
        self._long = {symbol: Signal.buy(symbol, reason="fallen too far") for symbol in context.symbols}
        self._out = {symbol: out(symbol, reason="risen too far") for symbol in context.symbols}

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        signals = []
        for symbol in snapshot.fresh:
            close = snapshot.close(symbol)
            if symbol not in self.averages:
                self.averages[symbol] = [0.0, 0.0, close, 0]
                continue
            rise, fall, last, seen = self.averages[symbol]
            seen += 1
            weight = 1.0 / min(seen, self.window)  # a running mean until the window is full
            rise += weight * (max(close - last, 0.0) - rise)
            fall += weight * (max(last - close, 0.0) - fall)
            self.averages[symbol] = [rise, fall, close, seen]
            if seen < self.window:
                continue
            index = 100.0 * rise / (rise + fall) if rise + fall > 0 else 50.0
            if index <= self.low:
                signals.append(self._long[symbol])
            elif index >= self.high:
                signals.append(self._out[symbol])
        return signals


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("rsi-reversion", RsiReversion)
