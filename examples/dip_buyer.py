"""A single file with nothing installed: `papertape run --strategy examples/dip_buyer.py:drop=0.03`.

Buys a symbol that has fallen by `drop` from its highest close of the last hours, with a bracket around the entry.
"""

from collections.abc import Iterator

from papertape import Param, Signal, Snapshot, Strategy


class DipBuyer(Strategy):
    """Long once the close is `drop` below the highest close of `window` candles; stop and target make the exit."""

    window = Param(240, min=2, max=10_000, help="candles whose highest close counts")
    drop = Param(0.02, min=0.001, max=0.9, help="fall from there that makes a dip, as a fraction")
    target = Param(0.01, min=0.001, max=1, help="rise above the entry's close at which profit is taken")
    stop = Param(0.02, min=0.001, max=0.9, help="fall below the entry's close at which the loss is taken")
    keeps = ()

    def lookback(self) -> int:
        return self.window

    def on_snapshot(self, snapshot: Snapshot) -> Iterator[Signal]:
        for symbol in snapshot.fresh:
            closes = snapshot.candles(symbol).close
            close = float(closes[-1])
            if len(closes) == self.window and close <= closes.max() * (1 - self.drop):
                yield Signal.buy(
                    symbol,
                    stop_loss=close * (1 - self.stop),
                    take_profit=close * (1 + self.target),
                    reason=f"fallen {self.drop:.1%} from its high",
                )
