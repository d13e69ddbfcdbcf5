"""MACD: long while the distance of two exponential averages lies above its own average, flat otherwise.

Gerald Appel, "Technical Analysis: Power Tools for Active Investors" (2005).
"""

from collections.abc import Callable

from papertape import ConfigError, Context, Param, Signal, Snapshot, Strategy, hookimpl


class Macd(Strategy):
    """Line = fast average - slow average; at a close, line > its average means be long, else be flat.

    An average over n candles moves by `2 / (n + 1)` of the distance to each new value. The two of the price begin at a
    symbol's first close, so the line and its average begin at 0. Nothing is decided before `slow` + `smooth` closes of
    that symbol have been seen. Raises `ConfigError` unless `fast` is below `slow`.
    """

    fast = Param(12, min=1, max=10_000, help="candles of the fast average")
    slow = Param(26, min=2, max=10_000, help="candles of the slow average")
    smooth = Param(9, min=1, max=10_000, help="candles of the line's own average")
    short = Param(False, help="be short instead of flat, which needs margin")
    keeps = ("averages",)

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if not self.fast < self.slow:
            raise ConfigError(f"Macd: fast must be below slow, was fast={self.fast} with slow={self.slow}")

    def lookback(self) -> int:
        return round(
            10.4 * (self.slow + self.smooth + 2)
        )  # an average of n forgets where it began, to 1e-9, in 10.4 (n + 1) candles

    def on_start(self, context: Context) -> None:
        self.averages: dict[str, list[float]] = {}  # symbol: [fast, slow, line's, closes seen]
        below = Signal.short if self.short else Signal.close
        self._above = {symbol: Signal.buy(symbol, reason="line above its average") for symbol in context.symbols}
        self._below = {symbol: below(symbol, reason="line not above its average") for symbol in context.symbols}

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        signals = []
        for symbol in snapshot.fresh:
            close = snapshot.close(symbol)
            fast, slow, smoothed, seen = self.averages.get(symbol, (close, close, 0.0, 0))
            fast += 2.0 / (self.fast + 1) * (close - fast)
            slow += 2.0 / (self.slow + 1) * (close - slow)
            smoothed += 2.0 / (self.smooth + 1) * (fast - slow - smoothed)
            self.averages[symbol] = [fast, slow, smoothed, seen + 1]
            if seen + 1 >= self.slow + self.smooth:
                signals.append(self._above[symbol] if fast - slow > smoothed else self._below[symbol])
        return signals


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("macd", Macd)
