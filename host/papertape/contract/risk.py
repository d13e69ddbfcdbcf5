"""Sizers and risk rules: how much, and whether at all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from papertape.contract.candle import Candles
from papertape.contract.component import Component
from papertape.contract.feature import Features
from papertape.contract.instrument import Instrument
from papertape.contract.order import Side
from papertape.contract.signal import Signal


@dataclass(frozen=True, slots=True)
class SizingRequest:
    """An entry to be sized at a close.

    `price`: the symbol's close, quote currency, exact. `equity`, `cash`: of the book, exact, quote currency. `symbols`:
    how many symbols the session trades. `window()`: the symbol's last closed candles, as many as `Sizer.lookback` asks.
    `period`: ms per candle.
    `trips`: profits of this book's closed round trips as fractions of their entry notional, oldest first (last 100).
    `drawdown`: how far equity is below its highest mark, as a fraction of that. `notionals()`: signed notional at the
    last closes by symbol, of what the book holds, quote currency. `features(symbol)`: those that `Sizer.features` asks
    for, at this close.
    """

    now: int
    signal: Signal
    side: Side
    instrument: Instrument
    price: Decimal
    equity: Decimal
    cash: Decimal
    symbols: int
    period: int
    trips: tuple[float, ...]
    window: Callable[[], Candles]
    drawdown: float = 0.0
    notionals: Callable[[], Mapping[str, float]] = dict
    features: Callable[[str], Features] = lambda symbol: Features({}, b"")


class Sizer(Component):
    """Base of sizers. One instance per book; never called for an exit."""

    def lookback(self) -> int:
        """How many candles `SizingRequest.window` must hold."""
        return 1

    def features(self) -> Iterable[str]:
        """Names of the features that `SizingRequest.features` holds, such as "atr_pct"."""
        return ()

    def size(self, request: SizingRequest) -> Decimal | float:
        """Units to trade, 0 or more, before rounding down to the lot and the buying power."""
        raise NotImplementedError(f"{type(self).__name__} needs a size method")

    def explain(self, request: SizingRequest) -> str:
        """How `size` comes to its answer for this request, in a few plain words with their figures: `papertape why`
        prints it. Asked right after `size`, on a fold and never while a session runs; it must change nothing."""
        return ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A position or order seen by a rule. `notional`, `exposure`, `equity`: quote currency at the batch's closes.

    `exposure` is the book's gross exposure without the entry, `position` the symbol's signed units, `age` how long ago
    the symbol's last candle closed, in ms.
    """

    now: int
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    instrument: Instrument
    position: Decimal
    equity: Decimal
    exposure: Decimal
    age: int


Verdict: TypeAlias = None | Decimal | str
"""None lets an entry pass, a Decimal shrinks it to that many units, a text refuses it for that reason."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a rule does to a book as long as it stands: `block` entries, `reduce` to `fraction` of the position (once),
    or `flatten` everything and block."""

    action: Literal["block", "reduce", "flatten"]
    reason: str
    fraction: float = 0.5


class RiskRule(Component):
    """Base of risk rules. One instance per book. Exits, stops and liquidations never pass through `check`."""

    def on_mark(self, now: int, equity: float, exposure: float) -> Standing | None:
        """Called for every batch after the book is marked; floats, quote currency. None: nothing stands."""
        return None

    def check(self, entry: Mark) -> Verdict:
        """Called for every entry once it is sized. Reasons should not vary from candle to candle for one cause."""
        return None

    def on_round_trip(self, now: int, profit: Decimal) -> None:
        """Called when a position has gone flat; `profit` net of all its fees, quote currency."""
