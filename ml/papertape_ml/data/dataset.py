"""What models learn from: features at the close of candles, and what came of deciding there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Floats, Ints
from papertape_ml.labels import LabelSpec
from papertape_ml.splits import needed_embargo

FORM: Final = 1
"""Of what is hashed."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows in order of t0, then of their symbol; every array has one entry a row and cannot be written to.

    `features`: (n, features) float64, NaN where missing, under `names`; `feature_set`: its document, with its hash.
    `symbol`: a row's place in `symbols`. `ts`: open of the candle at whose close is decided, `t0`: that close, `t1`:
    when the label was decided, ms UTC. `y`, `profit`: as `LabelSet` has them. `weight`: the label's uniqueness among
    those of its symbol, 1 on average over the rows that were built together. `dropped`: candles that are no rows, by
    reason. `horizon`: the label's longest; `warmup`: the features' longest, ms.
    """

    features: Floats
    names: tuple[str, ...]
    feature_set: Mapping[str, Any]
    label: LabelSpec
    timeframe: str
    symbols: tuple[str, ...]
    symbol: Ints
    ts: Ints
    t0: Ints
    t1: Ints
    y: npt.NDArray[Any]
    profit: Floats | None
    weight: Floats
    dropped: Mapping[str, int]
    horizon: int
    warmup: int

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __len__(self) -> int:
        return len(self.t0)

    @property
    def feature_set_hash(self) -> str:
        return str(self.feature_set["hash"])

    @property
    def span(self) -> tuple[int, int]:
        """The time that it speaks of: first t0 and last t1, ms UTC; it must have a row."""
        return int(self.t0.min()), int(self.t1.max())

    @property
    def missing(self) -> int:
        """How many rows lack a value of some feature."""
        return int(np.isnan(self.features).any(axis=1).sum())

    @property
    def embargo(self) -> int:
        """The least embargo, ms, that keeps what is learned apart from what is tested."""
        return needed_embargo(self.horizon, self.warmup)

    def document(self) -> dict[str, Any]:
        """What a manifest says of the data that a model learned from."""
        return {
            "hash": self.hash,
            "span": list(self.span),
            "rows": len(self),
            "symbols": list(self.symbols),
            "timeframe": self.timeframe,
            "dropped": dict(self.dropped),
        }

    def take(self, rows: Ints) -> "Dataset":
        """The dataset of some of its rows, in the order given."""
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in _ROWS if getattr(self, name) is not None},
            features=self.features[rows],
        )

    @property
    def hash(self) -> str:
        """`sha256:...` over its rows and what they mean, whatever machine: all that training depends on."""
        arrays = {name: getattr(self, name) for name in ("features", *_ROWS) if getattr(self, name) is not None}
        canonical = {name: _canonical(value) for name, value in arrays.items()}
        about = {
            "form": FORM,
            "feature_set": self.feature_set_hash,
            "names": list(self.names),
            "label": str(self.label),
            "timeframe": self.timeframe,
            "symbols": list(self.symbols),
            "arrays": [[name, value.dtype.str, list(value.shape)] for name, value in canonical.items()],
        }
        digest = sha256(json.dumps(about, sort_keys=True, separators=(",", ":")).encode())
        for value in canonical.values():
            digest.update(value.data)
        return f"sha256:{digest.hexdigest()}"


_ROWS: Final = ("symbol", "ts", "t0", "t1", "y", "profit", "weight")


def _canonical(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Little-endian, row after row, and one NaN for all."""
    if values.dtype.kind == "f":
        return np.ascontiguousarray(np.where(np.isnan(values), np.nan, values), "<f8")
    return np.ascontiguousarray(values, "<i8")
