"""Buy and hold: own everything from the first close on. What every other idea has to beat.

That few do is the point of Burton Malkiel, "A Random Walk Down Wall Street" (1973).
"""

from collections.abc import Callable

from papertape import Context, Signal, Snapshot, Strategy, hookimpl


class BuyAndHold(Strategy):
    """Asks to be long in every symbol at each of its closes; the first time buys, the others change nothing."""

    keeps = ()

    def lookback(self) -> int:
        return 1

    def on_start(self, context: Context) -> None:
        self._long = {symbol: Signal.buy(symbol, reason="hold") for symbol in context.symbols}

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        return [self._long[symbol] for symbol in snapshot.fresh]


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("buy-and-hold", BuyAndHold)
