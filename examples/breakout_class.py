"""Class style: a strategy with typed parameters, run as `--strategy examples/breakout_class.py`, or installed.

To install it, name this module in the pyproject.toml of your own package:

    [project.entry-points.papertape]
    breakout = "breakout_class"
"""

from collections.abc import Callable, Iterator

from papertape import Param, Signal, Snapshot, Strategy, hookimpl


class Breakout(Strategy):
    """Long after a close above the highest high of the last `window` candles, until its stop."""

    window = Param(55, min=2, max=500, help="candles looked back")
    keeps = ()  # it decides from the window alone, so there is nothing to keep over a restart

    def lookback(self) -> int:
        return self.window + 1

    def on_snapshot(self, snapshot: Snapshot) -> Iterator[Signal]:
        for symbol in snapshot.fresh:  # those with a new candle
            candles = snapshot.candles(symbol)  # closed candles only, oldest first, read-only columns
            if len(candles) > self.window and candles.close[-1] > candles.high[:-1].max():
                stop = float(candles.low[-20:].min())
                yield Signal.buy(symbol, confidence=0.7, stop_loss=stop, reason=f"above the {self.window}-candle high")


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("breakout", Breakout)
