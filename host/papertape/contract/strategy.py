"""Strategies: the class that authors write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from papertape.contract.candle import CandleFlag
from papertape.contract.component import Component
from papertape.contract.instrument import Instrument
from papertape.contract.order import Cancel, Fill, OrderRequest
from papertape.contract.signal import Signal
from papertape.contract.snapshot import Snapshot

Wish: TypeAlias = Signal | OrderRequest | Cancel
"""What a strategy may yield."""


@dataclass(frozen=True, slots=True)
class Context:
    """The session as a strategy finds it at its start. `timeframe`: of the feed, such as 1m."""

    name: str
    symbols: tuple[str, ...]
    timeframe: str
    instruments: Mapping[str, Instrument]


class Strategy(Component):
    """Base of class-style strategies; one instance per book, called once for every batch that closes.

    `timeframes`: higher timeframes whose windows it reads (`snapshot.candles(symbol, "15m")`). `refuses`: flags of a
    newest candle on which its entries are blocked. Hooks run again on resume and verify: they must have no outside
    effects. An exception in one is recorded; after several in a row the strategy is quarantined.
    """

    timeframes: ClassVar[tuple[str, ...]] = ()
    refuses: ClassVar[CandleFlag] = CandleFlag(0)

    def lookback(self) -> int:
        """How many closed candles `snapshot.candles` holds, in each timeframe; at least 1."""
        return 500

    def features(self) -> Iterable[str]:
        """Names of the features that `snapshot.features` holds, in their order, such as "rsi_14" or "ema_50@1h"."""
        return ()

    def on_start(self, context: Context) -> None:
        """Called once before the first snapshot, and again on resume before `state` is put back."""

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish] | None:
        """Called when a batch has closed. Yield or return signals, order requests, cancels; silence keeps all as is."""
        raise NotImplementedError(f"{type(self).__name__} needs an on_snapshot method")

    def on_fill(self, fill: Fill) -> None:
        """Called for each fill in the strategy's own book, before the batch's snapshot. It may not signal."""

    def on_stop(self) -> None:
        """Called once when the session finishes or stops."""
