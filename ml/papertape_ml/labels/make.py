"""Labels of one symbol's candles.

A decision at a candle's close is entered at the next candle's open, where the broker fills a market order. Horizons are
wall time from that entry, and what is held to the end is left at the first open after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import CLOSE, HIGH, LOW, OPEN, TS, Floats, Ints
from papertape.contract.errors import InvalidValue
from papertape.contract.feature import FeatureFamily
from papertape.features.catalogue import Catalogue
from papertape.features.timeframes import whole_history
from papertape.market.timeframe import period
from papertape_ml.labels.compiled import loaded_kernels
from papertape_ml.labels.spec import Distance, LabelSpec, Side

Bools: TypeAlias = npt.NDArray[np.bool_]

BEYOND: Final = "beyond the data"
GAP: Final = "a gap longer than the horizon"
UNSCALED: Final = "no distance yet"
"""Why rows are dropped. The last: a distance follows a volatility that is not there yet, or is nothing."""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """What came of the decisions of some candles, in time order; every array has one entry a row.

    `rows`: which candle decided; `ts`: its open. `t0`: its close, when the decision is made; `t1`: when the label was
    decided, ms UTC. `y`: int64 (m,) or (m, outputs) for classes, float64 for quantities, never NaN. `profit`: what
    entering and leaving brings after fees, as a fraction of the entry's notional; None where nothing is left.
    `dropped`: candles without a label, by reason. `horizon`: the longest, ms.
    """

    spec: LabelSpec
    rows: Ints
    ts: Ints
    t0: Ints
    t1: Ints
    y: npt.NDArray[Any]
    profit: Floats | None
    dropped: dict[str, int]
    horizon: int

    def __len__(self) -> int:
        return len(self.rows)


def label(candles: Floats, timeframe: str, spec: LabelSpec) -> LabelSet:
    """The labels of one symbol's candles (6, n): ts, open, high, low, close, volume, in time order.

    A row whose time could run out beyond the data, or that spans a gap longer than its horizon, is dropped, even if a
    bracket's leg was reached before: else only the quick ones would be left there. Raises `InvalidValue`.
    """
    history = _History(candles, timeframe, spec)
    if spec.kind == "range":
        t1, y, profit = history.extremes()
    elif spec.kind == "direction":
        t1, y, profit = history.direction()
    elif spec.stop is None:
        t1, y, profit = history.worth_moving()
    else:
        t1, y, profit = history.bracketed()
    rows = np.flatnonzero(history.stands)
    return LabelSet(
        spec=spec,
        rows=rows,
        ts=history.ts[rows],
        t0=history.ts[rows] + history.period,
        t1=t1[rows],
        y=y[rows],
        profit=None if profit is None else profit[rows],
        dropped={reason: count for reason, count in history.dropped.items() if count},
        horizon=spec.horizon(history.period),
    )


class _History:
    """One symbol's candles, and which rows of them stand."""

    def __init__(self, candles: Floats, timeframe: str, spec: LabelSpec) -> None:
        self.candles = _checked(candles)
        self.timeframe = timeframe
        self.period = period(timeframe)
        self.spec = spec
        self.fee = spec.fee_bps / 10_000
        spec.horizon(self.period)
        self.ts = self.candles[TS].astype(np.int64)
        self.entry = np.append(self.candles[OPEN, 1:], np.nan)
        self.stands = np.ones(len(self.ts), np.bool_)
        self.dropped: dict[str, int] = {}
        self._known: dict[str, Floats] = {}

    def drop(self, reason: str, which: Bools) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + int((self.stands & which).sum())
        self.stands &= ~which

    def spans(self, needs_open: bool) -> list[tuple[int, Ints]]:
        """Each horizon (ms), and the first candle at or after its end (n,)."""
        kernels, found = loaded_kernels(), []
        for each in self.spec.horizons:
            horizon = each.ms(self.period)
            ends, fate = kernels.spans(self.ts, self.period, horizon, needs_open)
            self.drop(BEYOND, fate == kernels.BEYOND)
            self.drop(GAP, fate == kernels.GAP)
            found.append((horizon, ends))
        return found

    def direction(self) -> tuple[Ints, npt.NDArray[Any], Floats]:
        """Where the price went: beyond the band above or below, or neither. Profit: of a long, the last horizon's."""
        assert self.spec.band is not None
        t1, columns = self.ts, []
        for horizon, ends in self.spans(needs_open=True):
            band = self.fraction(self.spec.band, horizon)
            self.drop(UNSCALED, np.isnan(band))
            t1, ratio = np.maximum(t1, self._at(self.ts, ends)), self._left(ends)
            columns.append(1 + (ratio - 1.0 > band).astype(np.int64) - (ratio - 1.0 < -band))
        return t1, columns[0] if len(columns) == 1 else np.stack(columns, axis=1), self.net(ratio, "long")

    def worth_moving(self) -> tuple[Ints, npt.NDArray[Any], Floats]:
        """Whether holding for the horizon brings more than it costs."""
        ((_, ends),) = self.spans(needs_open=True)
        profit = self.net(self._left(ends), self.spec.side)
        return self._at(self.ts, ends), (profit > 0.0).astype(np.int64), profit

    def bracketed(self) -> tuple[Ints, npt.NDArray[Any], Floats]:
        """What came of an entry with a stop and a target."""
        ((horizon, ends),) = self.spans(needs_open=True)
        sides: Sequence[Side] = ("long", "short") if self.spec.side == "either" else (self.spec.side,)
        levels = [self._levels(side, horizon) for side in sides]
        for sign, stop, target in levels:
            self.drop(UNSCALED, ~((stop < sign * self.entry) & (sign * self.entry < target)))
        found = [self._touched(side, ends, *level) for side, level in zip(sides, levels, strict=True)]
        code, profit, t1 = found[0]
        for _, other, when in found[1:]:
            profit, t1 = np.maximum(profit, other), np.maximum(t1, when)
        if self.spec.kind == "act":
            return t1, (profit > 0.0).astype(np.int64), profit
        y = code.astype(np.int64)
        return t1, y if self.spec.kind == "triple-barrier" else (y == loaded_kernels().TARGET).astype(np.int64), profit

    def extremes(self) -> tuple[Ints, npt.NDArray[Any], None]:
        """How far the price goes up and down from the entry, as fractions of it: highest, lowest, by horizon."""
        t1, columns = self.ts, []
        for horizon, ends in self.spans(needs_open=False):
            top, bottom = loaded_kernels().extremes(self.candles[HIGH], self.candles[LOW], ends, self.stands)
            due = self._at(self.ts, np.arange(1, len(self.ts) + 1)) + horizon
            t1 = np.maximum(t1, np.maximum(due, self._at(self.ts, ends - 1) + self.period))
            columns += [top / self.entry - 1.0, bottom / self.entry - 1.0]
        return t1, np.stack(columns, axis=1), None

    def fraction(self, distance: Distance, horizon: int) -> Floats:
        """A distance as a fraction of the entry (n,); NaN where it is not known yet."""
        if distance.unit == "atr":
            return np.asarray(distance.amount * self._feature("atr_14") / self.entry)
        if distance.unit == "vol":
            deviation = self._feature("volatility_100")
            return np.asarray(distance.amount * np.sqrt(horizon / self.period) * deviation)
        part = distance.amount / 100 if distance.unit == "%" else distance.amount * 2 * self.fee
        return np.full(len(self.ts), part)

    def net(self, ratio: Floats, side: Side) -> Floats:
        """Profit of a price that leaves at `ratio` times the entry, both fees paid; of the better side for either."""
        long = ratio * (1.0 - self.fee) - (1.0 + self.fee)
        short = (1.0 - self.fee) - ratio * (1.0 + self.fee)
        return long if side == "long" else short if side == "short" else np.maximum(long, short)

    def _levels(self, side: Side, horizon: int) -> tuple[float, Floats, Floats]:
        """Sign, stop and target (n,) of a bracket around the entry. A short's prices are those of a long in a market
        below zero, where stop and target stand as a long's do."""
        assert self.spec.stop is not None and self.spec.target is not None
        sign = -1.0 if side == "short" else 1.0
        stop, target = (self.fraction(each, horizon) for each in (self.spec.stop, self.spec.target))
        return sign, sign * (self.entry * (1.0 - sign * stop)), sign * (self.entry * (1.0 + sign * target))

    def _touched(self, side: Side, ends: Ints, sign: float, stop: Floats, target: Floats) -> Any:
        """Class, profit and time of the first leg that is reached, or of the end (n,)."""
        open, top, bottom = self.candles[OPEN], self.candles[HIGH], self.candles[LOW]
        if sign < 0:
            open, top, bottom = -open, -bottom, -top
        highs, lows = _blocks(top, np.maximum, -np.inf), _blocks(bottom, np.minimum, np.inf)
        code, price, when = loaded_kernels().first_touch(
            self.ts, open, top, bottom, self.period, ends, self.stands, stop, target, highs, lows
        )
        return code, self.net(sign * price / self.entry, side), when

    def _left(self, ends: Ints) -> Floats:
        """The price at the first open after the end, as a multiple of the entry."""
        return np.asarray(self._at(self.candles[OPEN], ends) / self.entry)

    def _at(self, values: npt.NDArray[Any], where: Ints) -> npt.NDArray[Any]:
        """Values of these candles; of the last one for those beyond the data, whose rows are dropped."""
        return np.asarray(values[np.minimum(where, len(values) - 1)])

    def _feature(self, name: str) -> Floats:
        """A feature at each close (n,), as sessions have it."""
        if name not in self._known:
            feature = Catalogue([_family(name)]).find(name)
            self._known[name] = whole_history([feature], ["X"], [self.candles], self.timeframe)[:, 0, 0]
        return self._known[name]


def _family(name: str) -> FeatureFamily:
    from papertape.features.families.volatility import atr, realised

    return atr.FAMILY if name.startswith("atr") else realised.FAMILY


def _blocks(values: Floats, extreme: np.ufunc, least: float) -> tuple[Floats, Floats, Floats]:
    """The extremes of 16, 256 and 4096 values each, the last ones filled up with what is never the extreme."""
    size, found = loaded_kernels().BLOCK, []
    for _ in range(3):
        padded = np.append(values, np.full(-len(values) % size, least))
        values = extreme.reduce(padded.reshape(-1, size), axis=1)
        found.append(values)
    return found[0], found[1], found[2]


def _checked(candles: Floats) -> Floats:
    """Candles as the kernels take them. Raises `InvalidValue` for what are none."""
    rows = np.ascontiguousarray(candles, np.float64)
    if rows.ndim != 2 or rows.shape[0] != 6:
        raise InvalidValue(f"candles must have the shape (6, n), ts to volume; these have {rows.shape}")
    if not rows.shape[1]:
        raise InvalidValue("no candles to label")
    prices = rows[OPEN : CLOSE + 1]
    if not (np.isfinite(prices).all() and (prices > 0).all()):
        raise InvalidValue("candles to label hold a price that is not finite and above 0")
    if (prices.max(axis=0) > rows[HIGH]).any() or (prices.min(axis=0) < rows[LOW]).any():
        raise InvalidValue("candles to label have an open or close outside their range")
    if not (np.diff(rows[TS]) > 0).all():
        raise InvalidValue("candles to label must be in time order, each open time once")
    return rows
