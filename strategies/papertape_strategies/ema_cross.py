"""EMA cross: long while a fast exponential average of the closes lies above a slow one, flat otherwise.

The averages of 12 and 26 are in Gerald Appel, "Technical Analysis: Power Tools for Active Investors" (2005), the
smoothing in R. G. Brown, "Smoothing, Forecasting and Prediction of Discrete Time Series" (1963).
"""

from collections.abc import Callable

from papertape import ConfigError, Context, Param, Signal, Snapshot, Strategy, hookimpl


class EmaCross(Strategy):
    """At a close, fast average > slow average means be long, else be flat.

    Both averages begin at a symbol's first close and move by `2 / (n + 1)` of the distance to each new one. Nothing is
    decided before `slow` closes of that symbol have been seen. Raises `ConfigError` unless `fast` is below `slow`.
    """

    fast = Param(12, min=1, max=10_000, help="candles of the fast average")
    slow = Param(26, min=2, max=10_000, help="candles of the slow average, and seen before the first decision")
    keeps = ("averages",)

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if not self.fast < self.slow:
            raise ConfigError(f"EmaCross: fast must be below slow, was fast={self.fast} with slow={self.slow}")
        self._fast_step = 2.0 / (self.fast + 1)
        self._slow_step = 2.0 / (self.slow + 1)
        self._unready = self.slow - 1

    def lookback(self) -> int:
        return round(10.4 * (self.slow + 1))  # an average of n forgets where it began, to 1e-9, in 10.4 (n + 1) candles

    def on_start(self, context: Context) -> None:
        self.averages: dict[str, list[float]] = {}  # symbol: [fast, slow, closes seen]
        # One object per answer: a frozen signal that is repeated costs the host next to nothing.
        self._long = {symbol: Signal.buy(symbol, reason="fast average above slow") for symbol in context.symbols}
        self._flat = {symbol: Signal.close(symbol, reason="fast average not above slow") for symbol in context.symbols}

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        signals = []
        for symbol in snapshot.fresh:
            close = snapshot.close(symbol)
            fast, slow, seen = self.averages.get(symbol) or (close, close, 0)
            fast += self._fast_step * (close - fast)
            slow += self._slow_step * (close - slow)
            self.averages[symbol] = [fast, slow, seen + 1]
            if seen >= self._unready:
                signals.append(self._long[symbol] if fast > slow else self._flat[symbol])
        return signals


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("ema-cross", EmaCross)
