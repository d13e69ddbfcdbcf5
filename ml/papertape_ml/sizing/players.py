"""What trades training signals in a session: a strategy that plays them, and a sizer that keeps what it saw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.component import Param
from papertape.contract.order import Fill
from papertape.contract.risk import Sizer, SizingRequest
from papertape.contract.signal import Signal
from papertape.contract.snapshot import Snapshot
from papertape.contract.strategy import Strategy, Wish
from papertape.risk.arithmetic import DOWN, units
from papertape_ml.sizing.inputs import FEATURES, inputs_of


@dataclass(frozen=True, slots=True)
class Plan:
    """How signals are traded. `stop`, `target`: distances from the close as fractions of it, None for no leg; `hold`:
    ms after which a position is left at the next open."""

    hold: int
    stop: float | None = None
    target: float | None = None


@dataclass(slots=True)
class Trip:
    """A position from flat to flat, as its fills say. `spent`: signed, quote currency; `notional`: of the entry."""

    signal: int
    spent: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)


@dataclass(slots=True)
class Notes:
    """What a session leaves: `entries`, each with its signal's number, inputs `(13,)` and the part of equity that was
    asked for; `returns`: by signal, profit of the closed trip as a fraction of its entry's notional, after fees."""

    entries: list[tuple[int, Floats, float]] = field(default_factory=list)
    returns: dict[int, float] = field(default_factory=dict)


class SignalPlayer(Strategy):
    """Wishes for what a script says, each time with the plan's bracket, and leaves when the time is over.

    `script`: by (symbol, close in ms UTC) the signal's number, side and confidence.
    """

    script = Param[Mapping[tuple[str, int], tuple[int, int, float]] | None](None)
    plan = Param[Plan | None](None)
    notes = Param[Notes | None](None)
    keeps = ()

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self._wished: dict[str, int] = {}
        self._open: dict[str, Trip] = {}

    def lookback(self) -> int:
        return 1

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish]:
        assert self.script is not None and self.plan is not None
        for symbol in snapshot.fresh:
            said = self.script.get((symbol, snapshot.now))
            position = snapshot.position(symbol)
            if position.opened_at is not None:
                if snapshot.now >= position.opened_at + self.plan.hold:
                    yield Signal.close(symbol, reason="its time is over")
            elif said is not None:
                self._wished[symbol] = said[0]
                yield self._wish(symbol, snapshot.close(symbol), *said)

    def _wish(self, symbol: str, close: float, number: int, side: int, confidence: float) -> Signal:
        assert self.plan is not None
        stop, target = self.plan.stop, self.plan.target
        return Signal(
            symbol,
            "buy" if side > 0 else "short",
            confidence=confidence,
            stop_loss=None if stop is None else close * (1.0 - side * stop),
            take_profit=None if target is None else close * (1.0 + side * target),
            metadata={"probability": confidence, "signal": number},
        )

    def on_fill(self, fill: Fill) -> None:
        assert self.notes is not None
        trip = self._open.setdefault(fill.symbol, Trip(self._wished.get(fill.symbol, -1)))
        worth = fill.quantity * fill.price
        trip.spent += (worth if fill.side == "buy" else -worth) + fill.fee
        if fill.role == "entry":
            trip.notional += worth
        if not fill.position:
            del self._open[fill.symbol]
            if trip.notional:
                self.notes.returns[trip.signal] = float(-trip.spent / trip.notional)


class NotingSizer(Sizer):
    """Trades for equity x what `says` answers, at least `least` of it, and keeps what it saw.

    `says`: a model with `predict`, or a fraction for all entries; where the model has no answer, `least`.
    """

    says = Param[Any](None)
    least = Param(0.0, min=0, max=1)
    notes = Param[Notes | None](None)
    keeps = ()

    def features(self) -> Iterable[str]:
        return FEATURES

    def size(self, request: SizingRequest) -> Decimal:
        assert self.notes is not None
        row = inputs_of(request)
        answer = self.says if isinstance(self.says, float) else float(self.says.predict(row[None, :])[0, 0])
        part = self.least if np.isnan(answer) else max(answer, self.least)
        self.notes.entries.append((int(request.signal.metadata["signal"]), row, part))
        return units(DOWN.multiply(request.equity, Decimal(part)), request.price)
