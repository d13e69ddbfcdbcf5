"""How high and how low the price goes: quantiles of the forward range, by boosted trees.

A bracket needs to know how likely a target or a stop is reached, so quantiles are answered and no means: half of the
highs reach the middle one, one in ten stays below the lower and one in ten goes beyond the upper. Trees cannot say what
they have not seen, and a range is first of all a matter of how volatile the market is; so they learn it as a multiple
of the way that a random walk of the true range of the moment makes, and a market more volatile than any before is
answered in proportion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.models.contract import Array, ModelContract
from papertape_ml.models.documents import from_bytes, numbers, to_bytes
from papertape_ml.models.forests.forest import Forest
from papertape_ml.models.forests.read_xgboost import read

SCALE: Final = "atr_pct"
"""The input that ranges are multiples of: the average true range of a candle, as a fraction of the price."""

QUANTILES: Final = (0.1, 0.5, 0.9)
OBJECTIVE: Final = "reg:quantileerror"
_ABOUT: Final = "model.json"
_FORMAT: Final = 1
_ENDS: Final = ("high", "low")
_LONGEST: Final = 64
"""Horizons of one model, at most."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A horizon: its name as the label has it (`6c`), and its length in candles."""

    name: str
    candles: float


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """One end of a horizon's range: its trees, and what their quantiles are multiplied with to be met as often as they
    say. ``data``: the trees in XGBoost's bytes."""

    data: bytes
    trees: Forest
    factors: tuple[float, float, float]

    def multiples(self, rows: Array) -> Array:
        """Quantiles ``(n, 3)`` of the reach, in units of the scale, rising and from 0 on."""
        found: Array = np.sort(np.maximum(self.trees.margins(rows) * np.array(self.factors), 0.0), axis=1)
        return found


def range_contract(inputs: Sequence[str], reaches: Sequence[Reach]) -> ModelContract:
    """The contract of a range predictor: medians of high and low by horizon, then their other quantiles.

    All are fractions of the entry's price, as the label `range:` has them: highs from 0 up, lows from 0 down.
    """
    if SCALE not in inputs:
        raise BadSettings(f"a range predictor reads {SCALE}, of which ranges are multiples: add it to the features")
    names = [f"{end}_{reach.name}" for reach in reaches for end in _ENDS]
    others = [f"{name}_q{round(100 * share)}" for name in names for share in (QUANTILES[0], QUANTILES[-1])]
    return ModelContract(tuple(inputs), (*names, *others))


def scales(inputs: Sequence[str], rows: Array, reaches: Sequence[Reach]) -> Array:
    """What one unit of a multiple is, ``(n, horizons)``: a candle's true range, times the root of the horizon."""
    unit = np.abs(rows[:, list(inputs).index(SCALE)])
    return np.asarray(unit[:, None] * np.sqrt(np.array([reach.candles for reach in reaches])))


@dataclass(frozen=True, slots=True, eq=False)
class RangePredictor:
    """Quantiles of the highest high and the lowest low by horizon. Without a scale, all are NaN.

    ``ends``: high and low of the first horizon, then of the second, and so on.
    """

    contract: ModelContract
    reaches: tuple[Reach, ...]
    ends: tuple[End, ...]
    kind: str = "range"
    tolerance: float = 1e-6

    def files(self) -> dict[str, bytes]:
        """A file of trees for each end, and `model.json`."""
        about: dict[str, Any] = {
            "format": _FORMAT,
            "contract": self.contract.as_document(),
            "reaches": [[reach.name, reach.candles] for reach in self.reaches],
            "factors": [list(end.factors) for end in self.ends],
        }
        trees = {name: end.data for name, end in zip(file_names(self.reaches), self.ends, strict=True)}
        return {_ABOUT: to_bytes(about), **trees}

    def exact(self, rows: Array) -> Array:
        """The trees' own sums ``(n, 3 x ends)``."""
        rows = self.contract.check_rows(rows)
        return np.hstack([end.trees.margins(rows) for end in self.ends])

    def predict(self, rows: Array) -> Array:
        """As `Model.predict`; every operation is a row's own, and exact by the rules of floating point."""
        rows = self.contract.check_rows(rows)
        units = scales(self.contract.inputs, rows, self.reaches)
        middles, others = [], []
        for number, end in enumerate(self.ends):
            way = end.multiples(rows) * units[:, number // 2, None]
            if number % 2:
                way = -np.minimum(way[:, ::-1], 1.0)  # no price falls by more than all of it
            middles.append(way[:, 1])
            others += [way[:, 0], way[:, 2]]
        return np.column_stack(middles + others)

    @classmethod
    def from_files(cls, kind: str, files: Mapping[str, bytes]) -> Self:
        """The model of `files`; anything else is `BadModelFiles`."""
        if _ABOUT not in files:
            raise BadModelFiles(
                f"a {kind} model has the file {_ABOUT}, there are: {', '.join(sorted(files)) or 'none'}"
            )
        about = from_bytes(files[_ABOUT], _ABOUT)
        if about.get("format") != _FORMAT:
            raise BadModelFiles(f"{_ABOUT} is no {kind} model of format {_FORMAT}")
        contract, reaches = ModelContract.from_document(about.get("contract")), _reaches(about.get("reaches"))
        try:
            fits = contract == range_contract(contract.inputs, reaches)
        except BadSettings as wrong:
            raise BadModelFiles(str(wrong)) from wrong
        names = file_names(reaches)
        if not fits or set(files) != {_ABOUT, *names}:
            raise BadModelFiles(f"{_ABOUT}: the contract and the files do not fit the horizons")
        factors = about.get("factors")
        if not isinstance(factors, list) or len(factors) != len(names):
            raise BadModelFiles(f"{_ABOUT} has no factors for each end")
        ends = tuple(
            end_of(files[name], name, len(contract.inputs), numbers(each, 3, "factors"))
            for name, each in zip(names, factors, strict=True)
        )
        return cls(contract, reaches, ends, kind)


def end_of(data: bytes, name: str, inputs: int, factors: Sequence[float]) -> End:
    """An end out of its file ``name``. Raises `BadModelFiles`."""
    if min(factors) < 0:
        raise BadModelFiles("a factor of a range is below 0")
    return End(data, read(data, name, OBJECTIVE, inputs, 3, 3), (factors[0], factors[1], factors[2]))


def file_names(reaches: Sequence[Reach]) -> list[str]:
    """Of the trees of each end, in the order of the ends."""
    return [f"{end}-{reach.name}.ubj" for reach in reaches for end in _ENDS]


def _reaches(document: Any) -> tuple[Reach, ...]:
    if not isinstance(document, list) or not 0 < len(document) <= _LONGEST:
        raise BadModelFiles("a range predictor has horizons")
    found = []
    for each in document:
        if not isinstance(each, list) or len(each) != 2 or not isinstance(each[0], str) or not each[0].isalnum():
            raise BadModelFiles("a horizon has a name and a length in candles")
        found.append(Reach(each[0], numbers([each[1]], 1, "candles")[0]))
        if found[-1].candles < 1:
            raise BadModelFiles("a horizon is shorter than a candle")
    return tuple(found)
