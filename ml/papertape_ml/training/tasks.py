"""Which labels a kind of classifier learns, and what their numbers become: the one table for training and serving."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import Ints
from papertape_ml.errors import BadLabels
from papertape_ml.labels import LabelSpec
from papertape_ml.models.samples import DIRECTION, GATE, SIGNAL, Classes

TPSL: Final = Classes(("no", "yes"), (0, 1))
"""Whether the target comes before the stop."""

_MOVES: Final = ("direction", "triple-barrier")
"""Kinds of label whose numbers are 0 down (stop), 1 neither, 2 up (target)."""
_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "classifier": _MOVES,
    "gated": _MOVES,
    "gate": ("act", *_MOVES),
    "direction": _MOVES,
    "tpsl": ("tp-before-sl",),
}
_CLASSES: Final[Mapping[str, Classes]] = {
    "classifier": SIGNAL,
    "gated": SIGNAL,
    "gate": GATE,
    "direction": DIRECTION,
    "tpsl": TPSL,
}


@dataclass(frozen=True, slots=True)
class Task:
    """What a kind of model learns from a label.

    `classes`: what it tells apart; `values`: the class's value for each number of the label's `y`, None for rows that
    it does not learn from; `side`: which way it trades where it acts, 1 long, -1 short, times its `predicted_action`; 0
    for a kind that by itself does not say what to do.
    """

    kind: str
    classes: Classes
    values: tuple[int | None, ...]
    side: int

    def learned(self, y: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows it learns from, and is tested on (n,)."""
        return np.array([value is not None for value in self.values])[y]

    def labels(self, y: NDArray[np.int64]) -> Ints:
        """Values of its classes (n,), of rows that it learns from."""
        return np.array([0 if value is None else value for value in self.values], np.int64)[y]


KINDS: Final = tuple(_LABELS)


def task(kind: str, label: LabelSpec) -> Task:
    """What `kind` learns from `label`. Raises `BadLabels` for a label that it cannot learn.

    A target above the entry is a buy, one below it (`side=short`) a sell.
    """
    if label.kind not in _LABELS[kind]:
        raise BadLabels(f"a {kind} does not learn the label {str(label)!r}; it learns {', '.join(_LABELS[kind])}")
    if len(label.horizons) > 1:
        raise BadLabels(f"a {kind} learns one horizon, the label {str(label)!r} has {len(label.horizons)}")
    if kind == "tpsl":
        return Task(kind, TPSL, (0, 1), -1 if label.side == "short" else 1)
    if label.kind == "act":
        return Task(kind, GATE, (0, 1), 0)
    if kind == "gate":
        return Task(kind, GATE, (1, 0, 1), 0)
    up = -1 if label.side == "short" else 1
    return Task(kind, _CLASSES[kind], (-up, None if kind == "direction" else 0, up), 0 if kind == "direction" else 1)
