"""Enters by chance, long or short, with a stop and a target around the close, and lets go after a while."""

from collections.abc import Iterator

from papertape import Context, Fill, Param, Signal, Snapshot, Strategy


class Brackets(Strategy):
    far = Param(0.003, min=0.0001, max=0.5, help="stop and target, as a fraction of the close")
    patience = Param(40, min=1, help="candles after which a position is closed")
    keeps = ("waited", "filled")

    def lookback(self) -> int:
        return 1

    def on_start(self, context: Context) -> None:
        self.waited = dict.fromkeys(context.symbols, 0)
        self.filled = 0
        self.shorts = {symbol for symbol, rules in context.instruments.items() if rules.margin}

    def on_fill(self, fill: Fill) -> None:
        self.filled += 1

    def on_snapshot(self, snapshot: Snapshot) -> Iterator[Signal]:
        chances = snapshot.rng.random(len(snapshot.symbols)).tolist()
        for symbol, chance in zip(snapshot.symbols, chances, strict=True):
            close = snapshot.close(symbol)
            above, below = close * (1 + self.far), close * (1 - self.far)
            if snapshot.position(symbol).quantity:
                self.waited[symbol] += 1
                if self.waited[symbol] >= self.patience:
                    self.waited[symbol] = 0
                    yield Signal.close(symbol, reason=f"no patience after {self.filled} fills")
            elif chance < 0.2:
                yield Signal.buy(symbol, stop_loss=below, take_profit=above)
            elif chance > 0.8 and symbol in self.shorts:
                yield Signal.short(symbol, stop_loss=above, take_profit=below)
