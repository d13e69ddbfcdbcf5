"""Pairs spread: when two prices that move together have drifted apart, buy the one that is left behind.

E. Gatev, W. Goetzmann and K. G. Rouwenhorst, "Pairs Trading: Performance of a Relative-Value Arbitrage Rule", Review of
Financial Studies 19 (2006); the hedge ratio by regression is in G. Vidyamurthy, "Pairs Trading" (2004).
"""

from collections.abc import Callable

import numpy as np

from papertape import ConfigError, Context, Floats, Param, Signal, Snapshot, Strategy, hookimpl


class PairsSpread(Strategy):
    """Spread = log(first) - beta x log(second), regressed over the last `window` closes that both symbols have.

    At a close where both have a candle and the spread lies `enter` deviations or more below its mean, be long `first`;
    as far above it, be long `second`. Within `leave` deviations of the mean, or beyond it on the other side, be flat.
    With `short` the other symbol is sold short at the same time. Raises `ConfigError` if the session lacks a symbol.
    """

    first = Param("", help="a symbol of the session; empty takes the session's first")
    second = Param("", help="another; empty takes the first that is not `first`")
    window = Param(120, min=10, max=10_000, help="common closes in the regression")
    enter = Param(2.0, min=0.1, max=20, help="deviations from the mean at which to get in")
    leave = Param(0.5, min=0, max=20, help="deviations from the mean at which to get out")
    short = Param(False, help="also be short in the dearer symbol, which needs margin")
    keeps = ("side",)

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if not self.leave < self.enter:
            raise ConfigError(f"PairsSpread: leave must be below enter, was leave={self.leave} with enter={self.enter}")

    def lookback(self) -> int:
        return 2 * self.window  # as many again for candles that only one of them has

    def on_start(self, context: Context) -> None:
        names = list(context.symbols)
        first = self.first or names[0]
        second = self.second or next((name for name in names if name != first), "")
        if first not in names or second not in names or first == second:
            wanted = " and ".join(filter(None, (self.first, self.second))) or "two symbols"
            raise ConfigError(f"{context.name}: needs {wanted} in the session, which has {', '.join(names)}")
        self._pair = first, second
        self.side = 0  # 1: long the first, -1: long the second, 0: flat

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        first, second = self._pair
        if first not in snapshot.fresh or second not in snapshot.fresh:
            return []
        one, other = snapshot.candles(first), snapshot.candles(second)
        _, at_one, at_other = np.intersect1d(one.ts, other.ts, assume_unique=True, return_indices=True)
        if len(at_one) < self.window:
            return []
        score = spread_score(one.close[at_one[-self.window :]], other.close[at_other[-self.window :]])
        if score <= -self.enter and self.side != 1:
            return self._take(1, long=first, short=second)
        if score >= self.enter and self.side != -1:
            return self._take(-1, long=second, short=first)
        if self.side and -self.side * score <= self.leave:
            self.side = 0
            return [Signal.close(symbol, reason="spread back at its mean") for symbol in self._pair]
        return []

    def _take(self, side: int, long: str, short: str) -> list[Signal]:
        self.side = side
        other = Signal.short if self.short else Signal.close
        return [
            other(short, reason=f"dear against {long}"),
            Signal.buy(long, reason=f"cheap against {short}"),
        ]


def spread_score(first: Floats, second: Floats) -> float:
    """How many deviations the newest residual of log(first) on log(second), (n,) each, lies from 0; 0 without any.

    >>> second = np.exp(np.array([0.0, 1.0, 2.0, 1.0]))
    >>> first = np.exp(np.array([0.0, 2.0, 4.0, 2.5]))  # twice as fast, and in the end too high
    >>> round(spread_score(first, second), 3)
    1.732
    """
    y, x = np.log(first), np.log(second)
    y, x = y - y.mean(), x - x.mean()
    spread = float((x * x).sum())
    residual = y - (float((x * y).sum()) / spread if spread > 0 else 0.0) * x
    deviation = float(residual.std())
    return float(residual[-1]) / deviation if deviation > 1e-12 else 0.0


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("pairs-spread", PairsSpread)
