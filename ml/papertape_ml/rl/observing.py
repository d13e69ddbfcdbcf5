"""What a policy sees at a close: one builder, for training and for serving.

An observation is the features, normalised, and then the book. Raw values come in as float64, in the order of `inputs`;
what comes out is float32, in the order of `names`, none further from 0 than 10.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Floats
from papertape.features.named_sets import CORE
from papertape_ml.errors import BadSettings, WrongInputs
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.formulas import REACH, book_seen, most

Observations = npt.NDArray[np.float32]

FEATURES: Final = CORE
"""What is seen of the market where nothing else is chosen: 28 features without a scale of their own, and with the book
36 values."""

BOOK: Final = (
    "book.held", "book.cash", "book.unrealised", "book.drawdown", "book.age", "book.change", "book.unit",
)  # fmt: skip
"""Raw values of a book, in their order; fractions are of its equity.

- `book.held`: signed value of the position. `book.cash`: cash.
- `book.unrealised`: profit of the position at the close, fees apart.
- `book.drawdown`: how far equity is below its highest mark, as a fraction of that.
- `book.age`: candles since the position was opened, 0 where there is none.
- `book.change`: what equity has changed by since the close before.
- `book.unit`: the price of one unit, per unit of equity.
"""

SEEN: Final = (
    "position", "balance", "unrealised", "drawdown", "age", "change", "room", "known",
)  # fmt: skip
"""The last values of an observation.

- `position`: the position as a share of the largest one that is allowed, -1 to 1; `balance`: cash / equity.
- `unrealised`, `drawdown`: fractions of equity x 10; `change`: x 100.
- `age`: a / (a + 24) for a position that is a candles old.
- `room`: the largest position as a fraction of equity x leverage: below 1 where the units are what limits it.
- `known`: 1 where every feature has a value, 0 where one is missing.
"""

MISSING: Final = ("abstain", "mask")
"""What becomes of a candle at which a feature has no value (warm-up, or undefined there), which an observation has as
0, the mean: `abstain`, the policy decides nothing there and keeps what it holds; `mask`, it decides all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimes:
    """Weights of features by the market's regime. `feature`: by whose value regimes are told; `edges`, rising: where
    one ends and the next begins (a value on an edge is of the next); `weights`: one for each regime and feature. Where
    the feature has no value, every weight is 1. Raises `BadSettings`."""

    feature: str
    edges: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if list(self.edges) != sorted(set(self.edges)) or not np.isfinite(self.edges).all():
            raise BadSettings(f"regimes: edges must be numbers that rise, were {self.edges}")
        if len(self.weights) != len(self.edges) + 1:
            raise BadSettings(f"regimes: {len(self.edges)} edges part {len(self.edges) + 1} regimes, there are weights "
                              f"for {len(self.weights)}")  # fmt: skip
        if not all(np.isfinite(row).all() for row in self.weights):
            raise BadSettings("regimes: weights must be finite numbers")

    def of(self, values: Floats) -> npt.NDArray[np.intp]:
        """The number of the regime for each value of the feature; NaN counts as beyond all edges."""
        found: npt.NDArray[np.intp] = np.searchsorted(np.array(self.edges), values, side="right")
        return found

    def document(self) -> dict[str, Any]:
        """JSON values."""
        weights = [list(row) for row in self.weights]
        return {"feature": self.feature, "edges": list(self.edges), "weights": weights}

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """What `document` gave. Raises `BadSettings` for anything else."""
        if not isinstance(document, Mapping) or document.keys() != {"feature", "edges", "weights"}:
            raise BadSettings("regimes are said by feature, edges and weights")
        try:
            edges = tuple(map(float, document["edges"]))
            weights = tuple(tuple(map(float, row)) for row in document["weights"])
        except (TypeError, ValueError, OverflowError) as wrong:
            raise BadSettings(f"regimes cannot be read: {wrong}") from wrong
        return cls(feature=str(document["feature"]), edges=edges, weights=weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationBuilder:
    """Makes observations. A feature is seen as (value - centre) / scale x weight, no further than 10 from 0.

    `features`: names, in order; `centre`, `scale`: of each, from the training part alone (`fitted`). `acting`: what the
    largest position is. Every operation is elementwise float64, rounded to float32 at the end, so a row has the same
    bits alone and among others. Raises `BadSettings`.
    """

    features: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    acting: Acting = field(default_factory=Acting)
    missing: Literal["abstain", "mask"] = "abstain"
    regimes: Regimes | None = None

    def __post_init__(self) -> None:
        count = len(self.features)
        if not count or len(set(self.features)) != count or set(self.features) & {*BOOK, *SEEN}:
            raise BadSettings(f"an observation needs features, each once, was given {', '.join(self.features)}")
        if len(self.centre) != count or len(self.scale) != count:
            raise BadSettings(f"there are {count} features, {len(self.centre)} centres and {len(self.scale)} scales")
        if not np.isfinite((self.centre, self.scale)).all() or min(self.scale) <= 0.0:
            raise BadSettings("centres must be finite, and scales finite and above 0")
        if self.missing not in MISSING:
            raise BadSettings(f"rule for missing values {self.missing!r} is not known: {' or '.join(MISSING)} would do")
        if self.regimes is not None:
            if self.regimes.feature not in self.features:
                raise BadSettings(f"regimes are told by {self.regimes.feature!r}, which is none of the features")
            if any(len(row) != count for row in self.regimes.weights):
                raise BadSettings(f"regimes: each needs a weight for each of {count} features")

    @classmethod
    def fitted(cls, names: Sequence[str], values: Floats, **settings: Any) -> Self:
        """With mean and standard deviation of `values` (n, features) as centre and scale, NaN left out; a feature that
        never changes has scale 1. `values` must be of the training part alone. Raises `WrongInputs` for a feature that
        has no value there."""
        if values.ndim != 2 or values.shape[1] != len(names):
            raise WrongInputs(f"there are {len(names)} features, and values of shape {values.shape}")
        absent = np.isnan(values)
        if without := [name for at, name in enumerate(names) if absent[:, at].all()]:
            raise WrongInputs(f"feature {', '.join(without)} has no value among {len(values):,} candles: all are NaN")
        scale = np.nanstd(values, axis=0)
        scale[~(scale > 1e-12)] = 1.0
        centre = np.nanmean(values, axis=0)
        return cls(features=tuple(names), centre=tuple(centre.tolist()), scale=tuple(scale.tolist()), **settings)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the raw values of a row, in order: the input contract of a policy."""
        return (*self.features, *BOOK)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the values of an observation, in order."""
        return (*self.features, *SEEN)

    def market(self, values: Floats) -> Observations:
        """The part of observations that features make: `(n, features)` float64 -> float32."""
        centred = (values - np.array(self.centre)) / np.array(self.scale)
        if self.regimes is not None:
            regimes = self.regimes
            told = values[:, self.features.index(regimes.feature)]
            weights = np.array(regimes.weights)[regimes.of(told)]
            centred = centred * np.where(np.isnan(told)[:, None], 1.0, weights)
        kept = np.where(np.isnan(centred), 0.0, np.clip(centred, -REACH, REACH))
        return kept.astype(np.float32)

    def known(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Whether every feature has a value: `(n, features)` -> `(n,)`."""
        return np.invert(np.isnan(values).any(axis=1))

    def observe(self, rows: Floats) -> Observations:
        """Observations of raw rows: `(n, inputs)` float64 -> `(n, names)` float32."""
        count = len(self.features)
        found = np.empty((len(rows), len(self.names)), np.float32)
        found[:, :count] = self.market(rows[:, :count])
        for place, (held, cash, unrealised, drawdown, age, change, unit) in enumerate(rows[:, count:].tolist()):
            largest = most(unit, self.acting.leverage, self.acting.most_units)
            seen = book_seen(held, cash, unrealised, drawdown, age, change, largest, self.acting.leverage)
            found[place, count:-1] = seen
        found[:, -1] = self.known(rows[:, :count])
        return found

    def document(self) -> dict[str, Any]:
        """JSON values that say all of it."""
        return {
            "features": list(self.features),
            "seen": list(self.names),
            "dtype": "float32",
            "centre": list(self.centre),
            "scale": list(self.scale),
            "acting": self.acting.document(),
            "missing": self.missing,
            "regimes": None if self.regimes is None else self.regimes.document(),
        }

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """What `document` gave. Raises `BadSettings` for anything else, another order of what is seen above all."""
        keys = ("features", "seen", "dtype", "centre", "scale", "acting", "missing", "regimes")
        if not isinstance(document, Mapping) or document.keys() != set(keys):
            raise BadSettings(f"an observation is said by {', '.join(keys)}")
        regimes = document["regimes"]
        try:
            made = cls(
                features=tuple(map(str, document["features"])),
                centre=tuple(map(float, document["centre"])),
                scale=tuple(map(float, document["scale"])),
                acting=Acting.from_document(document["acting"]),
                missing=document["missing"],
                regimes=None if regimes is None else Regimes.from_document(regimes),
            )
        except (TypeError, ValueError, KeyError, OverflowError) as wrong:
            if isinstance(wrong, BadSettings):
                raise
            raise BadSettings(f"an observation cannot be read: {wrong}") from wrong
        if tuple(document["seen"]) != made.names or document["dtype"] != "float32":
            raise BadSettings(f"this papertape sees {', '.join(SEEN)} of a book as float32, the document says another")
        return made
