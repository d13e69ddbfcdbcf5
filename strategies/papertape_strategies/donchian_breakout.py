"""Donchian breakout: go with a close beyond the range of the last weeks, leave on a shorter range the other way.

Richard Donchian's channel, as the turtles traded it: Curtis Faith, "Way of the Turtle" (2007).
"""

from collections.abc import Callable

from papertape import Context, Param, Signal, Snapshot, Strategy, hookimpl


class DonchianBreakout(Strategy):
    """Long at a close above the highest high of the `enter` candles before it, flat below the lowest low of `leave`.

    With `short` also the mirror image.
    """

    enter = Param(55, min=2, max=10_000, help="candles whose range must be left to get in")
    leave = Param(20, min=1, max=10_000, help="candles whose range must be left the other way to get out")
    short = Param(False, help="trade breaks downwards too, which needs margin")
    keeps = ("side",)

    def lookback(self) -> int:
        return max(self.enter, self.leave) + 1

    def on_start(self, context: Context) -> None:
        self.side = dict.fromkeys(context.symbols, 0)  # what was asked for last: 1 long, -1 short, 0 flat

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        signals = []
        for symbol in snapshot.fresh:
            candles = snapshot.candles(symbol)
            if len(candles) < self.lookback():
                continue
            close, highs, lows = candles.close[-1], candles.high[:-1], candles.low[:-1]
            side = self.side[symbol]
            if close > highs[-self.enter :].max() and side != 1:
                self.side[symbol] = 1
                signals.append(Signal.buy(symbol, reason=f"above the {self.enter}-candle high"))
            elif self.short and close < lows[-self.enter :].min() and side != -1:
                self.side[symbol] = -1
                signals.append(Signal.short(symbol, reason=f"below the {self.enter}-candle low"))
            elif side == 1 and close < lows[-self.leave :].min():
                self.side[symbol] = 0
                signals.append(Signal.close(symbol, reason=f"below the {self.leave}-candle low"))
            elif side == -1 and close > highs[-self.leave :].max():
                self.side[symbol] = 0
                signals.append(Signal.close(symbol, reason=f"above the {self.leave}-candle high"))
        return signals


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("donchian-breakout", DonchianBreakout)
