"""What came of a decision that a session made: the label that training would give it, one decision at a time."""

import math
from collections.abc import Mapping
from typing import Any, Final

from papertape.contract.candle import OPEN, Floats
from papertape.contract.errors import MissingExtra
from papertape.market.timeframe import period
from papertape_ml.labels import Distance, Horizon, LabelSpec
from papertape_ml.labels.spec import Side
from papertape_ml.serving.late_start import LateStart

FEATURE_OF: Final = {"atr": "atr_14", "vol": "volatility_100"}
"""The feature behind a distance that follows how much the market moves."""


class Outcomes:
    """The labels of one definition, asked for one row. `lookback`: candles up to the decision, it included, that a
    distance needs to be known.

    Equal to `papertape_ml.labels.label` to the bit, but for distances in `atr`: Wilder's average never quite forgets
    where it began, so they agree to 1e-9. Raises `MissingExtra` where the compiler is not installed.
    """

    def __init__(self, spec: LabelSpec, timeframe: str) -> None:
        try:
            from papertape_ml.serving import one_row
        except ImportError:
            raise MissingExtra("the completion of predictions", "features") from None
        self.spec = spec
        self.period = period(timeframe)
        spec.horizon(self.period)
        self._row: Any = one_row
        self._fee = spec.fee_bps / 10_000
        self._known = {unit: _late(name, self.period) for unit, name in FEATURE_OF.items() if _asks(spec, unit)}
        self.lookback = max([1, *(each.warmup for each in self._known.values())])

    def due(self, horizon: Horizon) -> int:
        """ms after the decision's close when a row of that horizon is decided, if no candle is missing after it."""
        return horizon.ms(self.period) + (0 if self.spec.kind == "range" else self.period)

    def extremes(self, candles: Floats, at: int, horizon: Horizon) -> tuple[float, float] | None:
        """How far the price goes up and down from the entry, as fractions of it; of labels of the kind `range`."""
        end = self._row.end(candles, at, float(self.period), float(horizon.ms(self.period)), False)
        if end < 0:
            return None
        top, bottom = self._row.extremes(candles, at, end)
        entry = float(candles[OPEN, at + 1])
        return top / entry - 1.0, bottom / entry - 1.0

    def gain(self, candles: Floats, at: int, horizon: Horizon) -> float | None:
        """The log return from the entry to the first open after the horizon."""
        end = self._end(candles, at, horizon)
        return None if end is None else math.log(float(candles[OPEN, end]) / float(candles[OPEN, at + 1]))

    def y(self, candles: Floats, at: int, horizon: Horizon) -> int | None:
        """The class of the decision at the close of candle `at` of (6, n), as the label numbers it; None where the
        candles do not tell."""
        end = self._end(candles, at, horizon)
        if end is None:
            return None
        spec, length = self.spec, horizon.ms(self.period)
        entry = float(candles[OPEN, at + 1])
        moves = {unit: each.at(candles, at) for unit, each in self._known.items()}
        if spec.kind == "direction":
            assert spec.band is not None
            band = self._fraction(spec.band, moves, length, entry)
            change = float(candles[OPEN, end]) / entry - 1.0
            return None if math.isnan(band) else 1 + (change > band) - (change < -band)
        if spec.stop is None or spec.target is None:
            return int(self._net(float(candles[OPEN, end]) / entry, spec.side) > 0.0)
        stop = self._fraction(spec.stop, moves, length, entry)
        target = self._fraction(spec.target, moves, length, entry)
        sides: tuple[Side, ...] = ("long", "short") if spec.side == "either" else (spec.side,)
        code, profits = 0, []
        for side in sides:
            sign = -1.0 if side == "short" else 1.0
            below, above = sign * (entry * (1.0 - sign * stop)), sign * (entry * (1.0 + sign * target))
            if not below < sign * entry < above:
                return None
            code, price = self._row.touched(candles, at, end, sign, below, above)
            profits.append(self._net(sign * price / entry, side))
        if spec.kind == "act":
            return int(max(profits) > 0.0)
        return int(code) if spec.kind == "triple-barrier" else int(code == self._row.TARGET)

    def _end(self, candles: Floats, at: int, horizon: Horizon) -> int | None:
        end = self._row.end(candles, at, float(self.period), float(horizon.ms(self.period)), True)
        return None if end < 0 else end

    def _fraction(self, distance: Distance, moves: Mapping[str, float], horizon: int, entry: float) -> float:
        """A distance as a fraction of the entry; NaN where how much the market moves is not known."""
        if distance.unit == "atr":
            return distance.amount * moves["atr"] / entry
        if distance.unit == "vol":
            return distance.amount * math.sqrt(horizon / self.period) * moves["vol"]
        return distance.amount / 100 if distance.unit == "%" else distance.amount * 2 * self._fee

    def _net(self, ratio: float, side: Side) -> float:
        """Profit of a price that leaves at `ratio` times the entry, both fees paid; of the better side for either."""
        long = ratio * (1.0 - self._fee) - (1.0 + self._fee)
        short = (1.0 - self._fee) - ratio * (1.0 + self._fee)
        return long if side == "long" else short if side == "short" else max(long, short)


def _asks(spec: LabelSpec, unit: str) -> bool:
    return any(each is not None and each.unit == unit for each in (spec.stop, spec.target, spec.band))


def _late(name: str, span: int) -> LateStart:
    from papertape.features.families.volatility import atr, realised

    return LateStart(atr.FAMILY if name.startswith("atr") else realised.FAMILY, name, span)
