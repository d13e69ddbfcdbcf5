"""What each input did to one answer: Shapley values of the trees' margins, and what a model loses without an input.

Source of the former: Lundberg, Erion, Chen et al. (2020), From local explanations to global understanding with
explainable AI for trees; the libraries compute them themselves. Of the latter: Breiman (2001), Random Forests, section
10: the values of an input are shuffled among the rows.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadModel
from papertape_ml.models.classifier import BoostedClassifier
from papertape_ml.models.contract import Model
from papertape_ml.models.gated import GatedDirection

EXPLAINED: Final = ("xgboost", "lightgbm")


@dataclass(frozen=True, slots=True)
class Explained:
    """One margin of a row: `base`, what the trees say on average, and what each input adds (in the contract's order),
    in log-odds; they sum to `margin`. `part`: of a pair, which model it is of."""

    part: str
    output: str
    base: float
    added: tuple[float, ...]
    margin: float


def contributions(model: Model, row: Floats) -> list[Explained]:
    """Of a row `(inputs,)`, one entry for each margin that the trees give. Raises `BadModel` for kinds without trees,
    and for libraries that do not tell."""
    if isinstance(model, GatedDirection):
        parts = (("gate", model.gate), ("direction", model.direction))
        return [each for name, part in parts for each in _of_trees(part, row, name)]
    if isinstance(model, BoostedClassifier):
        return _of_trees(model, row, "")
    raise BadModel(
        f"a {model.kind} has no trees whose margin could be taken apart; without --at the importances of its inputs "
        "are shown"
    )


def permuted(
    model: Model, rows: Floats, losses: Callable[[Floats], Floats], groups: Sequence[Sequence[int]], seed: int
) -> Floats:
    """How much more is lost `(groups,)` on rows `(n, inputs)`, on average, when the inputs of a group (places) are
    those of another row. `losses`: of answers, `(n,)`; NaN counts for nothing."""
    random = np.random.default_rng(seed)
    before = losses(model.predict(rows))
    found = np.zeros(len(groups))
    for place, group in enumerate(groups):
        other = rows.copy()
        columns = list(group)
        other[:, columns] = rows[random.permutation(len(rows))][:, columns]
        found[place] = np.nanmean(losses(model.predict(other)) - before)
    return found


def _of_trees(model: BoostedClassifier, row: Floats, part: str) -> list[Explained]:
    if model.library not in EXPLAINED:
        raise BadModel(f"trees of {model.library} are not taken apart here; those of {' and '.join(EXPLAINED)} are")
    values = _values(model, row)
    margins = model.exact(row[None, :])[0]
    names = model.classes.names if len(values) > 1 else model.classes.names[1:]
    shown = margins if len(values) > 1 else margins[1:]
    return [
        Explained(part, name, float(each[-1]), tuple(map(float, each[:-1])), float(margin))
        for name, each, margin in zip(names, values, shown, strict=True)
    ]


def _values(model: BoostedClassifier, row: Floats) -> Floats:
    """`(margins, inputs + 1)`, the last one the base."""
    try:
        library: Any = importlib.import_module(model.library)
    except ImportError as missing:
        raise MissingExtra("taking trees apart", "ml" if model.library == "xgboost" else model.library) from missing
    if model.library == "xgboost":
        booster = library.Booster({"nthread": 1, "device": "cpu"})
        booster.load_model(bytearray(model.data))
        found = booster.predict(library.DMatrix(row[None, :].astype(np.float32), nthread=1), pred_contribs=True)
    else:
        found = library.Booster(model_str=model.data.decode("ascii")).predict(row[None, :], pred_contrib=True)
    return np.asarray(found, np.float64).reshape(-1, len(row) + 1)
