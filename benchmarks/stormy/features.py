"""Trades on features of every memory, timeframe and shape; its confidence carries their bits into the digest."""

from collections.abc import Iterator

from papertape import Signal, Snapshot, Strategy


class Features(Strategy):
    """Long while the close is low in its band; a bit that is another anywhere makes another confidence."""

    keeps = ()

    def features(self) -> tuple[str, ...]:
        alone = ("bb_position_8_2", "rsi_2", "psar_direction", "volume_ratio_10")
        return (*alone, "correlation_REF_10", "bb_width_4_2@5m")

    def lookback(self) -> int:
        return 1

    def on_snapshot(self, snapshot: Snapshot) -> Iterator[Signal]:
        for symbol in snapshot.fresh:
            values = snapshot.features(symbol)
            known = values.values[~values.mask]
            if not values.mask[0]:
                side = Signal.buy if values["bb_position_8_2"] < 0.4 else Signal.close
                yield side(symbol, confidence=abs(float(known.sum())) % 1.0)
