"""What a model's predictions claim about the market, and what came of one, by its kind and its label."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from papertape.contract.candle import Floats
from papertape.contract.model import Claim
from papertape_ml.errors import BadLabels, BadModel
from papertape_ml.labels import Horizon, LabelSpec
from papertape_ml.models.classifier import BoostedClassifier
from papertape_ml.models.contract import Model
from papertape_ml.models.gated import GatedDirection
from papertape_ml.models.samples import SIGNAL
from papertape_ml.serving.outcomes import Outcomes
from papertape_ml.training.tasks import task

CLASS: Final = ("class",)
"""The outcome of a claim of probabilities: the place of what happened among the claim's outputs."""
RETURN: Final = ("return",)
"""The outcome of a claim of quantiles: the log return."""
ENDS: Final = ("high", "low")

Found = Callable[[Floats, int], tuple[float, ...] | None]
"""`(candles, at)` -> what happened."""

_PROBABILITY: Final = "_probability"


def claims_of(model: Model, spec: LabelSpec, outcomes: Outcomes) -> dict[Claim, Found]:
    """The claims of a model that learned a label, each with what finds out about it. Empty for kinds whose inputs their
    component brings. Raises `BadModel` for a model whose outputs are not those of its label."""
    if isinstance(model, (BoostedClassifier, GatedDirection)):
        return _of_classes(model, spec, outcomes)
    if model.kind in ("predictor", "range"):
        return {claim: find for each in spec.horizons for claim, find in _of_horizon(model, each, outcomes)}
    return {}


def _of_classes(model: BoostedClassifier | GatedDirection, spec: LabelSpec, outcomes: Outcomes) -> dict[Claim, Found]:
    try:
        learned = task(model.kind, spec)
    except BadLabels as error:
        raise BadModel(str(error)) from error
    classes = model.classes if isinstance(model, BoostedClassifier) else SIGNAL
    if classes != learned.classes:
        raise BadModel(f"it tells {', '.join(classes.names)} apart, which the label {spec} does not")
    (horizon,) = spec.horizons
    places = [None if value is None else (float(classes.values.index(value)),) for value in learned.values]

    def found(candles: Floats, at: int) -> tuple[float, ...] | None:
        y = outcomes.y(candles, at, horizon)
        return None if y is None else places[y]

    outputs = tuple(f"{name}{_PROBABILITY}" for name in classes.names)
    return {Claim(spec.kind, outcomes.due(horizon), outputs, CLASS): found}


def _of_horizon(model: Model, horizon: Horizon, outcomes: Outcomes) -> list[tuple[Claim, Found]]:
    due = outcomes.due(horizon)
    if model.kind == "range":
        outputs = _present(model, [f"{end}_{horizon}" for end in ENDS])
        return [(Claim(f"range_{horizon}", due, outputs, ENDS), lambda c, at: outcomes.extremes(c, at, horizon))]
    outputs = _present(model, [f"{way}_{horizon}" for way in ("up", "neutral", "down")])

    def way(candles: Floats, at: int) -> tuple[float, ...] | None:
        y = outcomes.y(candles, at, horizon)
        return None if y is None else (2.0 - y,)

    def gain(candles: Floats, at: int) -> tuple[float, ...] | None:
        found = outcomes.gain(candles, at, horizon)
        return None if found is None else (found,)

    made: list[tuple[Claim, Found]] = [(Claim(f"direction_{horizon}", due, outputs, CLASS), way)]
    quantiles = tuple(name for name in model.contract.outputs if re.fullmatch(rf"q\d+_{horizon}", name))
    if quantiles:
        made.append((Claim(f"return_{horizon}", due, quantiles, RETURN), gain))
    return made


def _present(model: Model, names: Sequence[str]) -> tuple[str, ...]:
    if missing := [name for name in names if name not in model.contract.outputs]:
        raise BadModel(f"a {model.kind} that learned this label has the outputs {', '.join(missing)}; this one has not")
    return tuple(names)
