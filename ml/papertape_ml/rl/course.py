"""A course: the candles of one symbol, and their features out of one continuous pass over all of them.

Episodes may begin at any of its candles, since what the kernels had seen before is in the features: nothing is ever
warmed up anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import CLOSE, HIGH, LOW, OPEN, TS, Floats, Ints
from papertape.contract.errors import RequestError
from papertape.features.feature_set import FeatureSet
from papertape.features.known import Known
from papertape.market.timeframe import iso, period
from papertape_ml.data.build import NOTHING, Market, computed
from papertape_ml.errors import TooLittleHistory, WrongInputs
from papertape_ml.rl.terms import Episodes

DIGITS: Final = 15
"""Significant decimal digits that a float64 holds whatever they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """`candles` (6, n): ts, open, high, low, close, volume; `values` (n, features): what a session that began with the
    first candle has after each of them, NaN where a feature has no value yet, or none here."""

    symbol: str
    timeframe: str
    candles: Floats
    feature_set: FeatureSet
    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features, as they were asked for."""
        return self.feature_set.names

    @property
    def closes(self) -> Ints:
        """When each candle closes, ms UTC."""
        found: Ints = self.candles[TS].astype(np.int64) + period(self.timeframe)
        return found

    def column(self, name: str) -> Floats:
        """The values of one feature. Raises `WrongInputs` for one that it does not have."""
        if name not in self.names:
            raise WrongInputs(f"the course of {self.symbol} has no feature {name!r}; it has {', '.join(self.names)}")
        found: Floats = self.values[:, self.names.index(name)]
        return found

    def starts(self, episodes: Episodes) -> Ints:
        """The candles at which an episode can begin: all features are known there, and all of its length lies before
        `episodes.last`. Raises `TooLittleHistory` where there is none."""
        last = len(self) if episodes.last is None else min(episodes.last, len(self))
        known: npt.NDArray[np.bool_] = np.invert(np.isnan(self.values).any(axis=1))
        first = int(np.argmax(known)) if known.any() else len(self)
        end = last - episodes.length
        candidates = np.flatnonzero(known[: max(end, 0)])
        found: Ints = candidates[candidates >= episodes.first].astype(np.int64)
        if not len(found):
            raise TooLittleHistory(
                f"no episode of {episodes.length:,} candles fits between candle {max(first, episodes.first):,}, the "
                f"first with all features, and candle {last:,} of {self.symbol}: give more candles, shorter episodes, "
                "or features that warm up sooner"
            )
        return found


def course_of(candles: Market, wanted: FeatureSet, external: Mapping[str, Known] = NOTHING) -> Course:
    """The course of the one symbol in `candles`. Raises `RequestError` for another number of symbols or candles that go
    back in time, and `WrongInputs` for a feature that is infinite somewhere."""
    if len(candles) != 1:
        raise RequestError(f"a course is of one symbol, was given {', '.join(candles) or 'none'}")
    ((symbol, one),) = candles.items()
    one = np.ascontiguousarray(one, np.float64)
    _check(symbol, one)
    values = np.empty((one.shape[1], len(wanted.features)))
    for _, first, found in computed(candles, wanted, external, [0]):
        values[first : first + len(found)] = found
    return checked_values(wanted, symbol, one, values)


def checked_values(wanted: FeatureSet, symbol: str, candles: Floats, values: Floats) -> Course:
    """A course of candles with features that were computed already. Raises `WrongInputs` for one that is infinite."""
    for column, name in enumerate(wanted.names):
        if np.isinf(values[:, column]).any():
            at = int(np.argmax(np.isinf(values[:, column])))
            raise WrongInputs(f"feature {name} of {symbol} is infinite at {iso(int(candles[TS, at]))}")
    values.setflags(write=False)
    candles.setflags(write=False)
    return Course(symbol, wanted.timeframe, candles, wanted, values)


def _check(symbol: str, candles: Floats) -> None:
    if candles.ndim != 2 or candles.shape[0] != 6 or not candles.shape[1]:
        raise RequestError(f"the candles of {symbol} must be an array (6, n), was one of shape {candles.shape}")
    if not np.isfinite(candles).all() or not (candles[1:5] > 0).all():
        at = int(np.argmax(~(np.isfinite(candles).all(axis=0) & (candles[1:5] > 0).all(axis=0))))
        raise RequestError(f"candle {at:,} of {symbol} has a price or time that is no number above 0")
    if (candles[LOW] > candles[[OPEN, CLOSE]].min(axis=0)).any() or (
        candles[HIGH] < candles[[OPEN, CLOSE]].max(axis=0)
    ).any():
        raise RequestError(
            f"a candle of {symbol} has a range that does not hold its open and close: sessions widen it, and so does "
            "`papertape_ml.data.build.read_candles`"
        )
    if not (np.diff(candles[TS]) > 0).all():
        raise RequestError(f"the candles of {symbol} must rise in time")


@dataclass(frozen=True, slots=True, eq=False)
class ExactPrices:
    """Prices as whole numbers of 10^-`decimals`: `values` (n, 4) int64, open, high, low, close."""

    values: npt.NDArray[np.int64]
    decimals: int


def exact_prices(course: Course) -> ExactPrices:
    """The prices of a course as they are read: the shortest decimals of their floats. Raises `WrongInputs` where one
    needs more than 15 digits together with the others' decimals; rounded prices would do."""
    prices = np.ascontiguousarray(course.candles[1 : CLOSE + 1].T)
    for decimals in _decimals(float(prices.max())):
        scale = 10.0**decimals
        whole = np.rint(prices * scale)
        # At most 15 digits: no two such decimals are the same float, so the one that is found is the shortest.
        if (whole / scale == prices).all():
            return ExactPrices(whole.astype(np.int64), decimals)
    raise WrongInputs(
        f"prices of {course.symbol} have too many digits for the compiled book ({DIGITS} at most): round them, or let "
        "the environment step the engine"
    )


def _decimals(highest: float) -> Iterator[int]:
    decimals = 0
    while highest * 10.0**decimals < 10.0**DIGITS and decimals <= DIGITS:
        yield decimals
        decimals += 1
