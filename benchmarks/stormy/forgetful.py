"""Its state is not kept, so on resume it is called over the tape again; its module holds some of it, too."""

from collections.abc import Iterator

from papertape import Context, Signal, Snapshot, Strategy

CALLS = [0]


class Forgetful(Strategy):
    def lookback(self) -> int:
        return 12

    def on_start(self, context: Context) -> None:
        self.turn = 0.0

    def on_snapshot(self, snapshot: Snapshot) -> Iterator[Signal]:
        CALLS[0] += 1
        for symbol in snapshot.fresh:
            closes = snapshot.candles(symbol).close
            self.turn = 0.9 * self.turn + (closes[-1] / closes.mean() - 1.0)
            if CALLS[0] % 7 == 0:
                yield Signal.buy(symbol) if self.turn > 0 else Signal.close(symbol)
            if CALLS[0] % 101 == 0:
                raise RuntimeError(f"call {CALLS[0]} fails")
