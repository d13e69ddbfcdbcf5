"""Training of stacking: tested walk-forward beside a weighted vote, then fitted on everything for serving."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import Floats, Ints
from papertape_ml.data.build import Market
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import BadSettings
from papertape_ml.judging.scores import log_losses
from papertape_ml.models.calibration import Calibrator, fit_calibrator
from papertape_ml.models.contract import ModelContract
from papertape_ml.models.samples import Sample, check_learnable
from papertape_ml.models.softmax import softmax
from papertape_ml.models.stacking import CLASSES, OUTPUTS, StackingModel
from papertape_ml.splits import Learned
from papertape_ml.stacking.logistic import fit_logistic
from papertape_ml.training import acting
from papertape_ml.training.figures import block_of, scores, skill
from papertape_ml.training.folds import folds_of, tail
from papertape_ml.training.trained import Trained

RIDGES: Final = (1.0, 10.0, 100.0, 1_000.0)
"""Strengths, in rows, of which the one is taken that does best on the part that stops."""
THRESHOLD: Final = 0.5
"""From which probability, or which score of a vote, a side is taken: the default of both fusions."""
_COLUMN: Final = np.array([CLASSES.index(name) for name in ("down", "neutral", "up")])
"""The model's class of each number of a direction's label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackingConfig:
    """`folds`: tests. `ridges`: strengths to choose from. `seed`: of the bootstraps; nothing else is left to chance."""

    folds: int = 5
    ridges: tuple[float, ...] = RIDGES
    seed: int = 7

    def __post_init__(self) -> None:
        if not self.ridges or not all(0 < ridge < float("inf") for ridge in self.ridges):
            raise BadSettings(f"ridges are one or more finite numbers above 0, not {self.ridges!r}")


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """Coefficients (3, inputs) and shifts (3,), what calibrates their margins, and the ridge that was chosen."""

    weights: Floats
    shifts: Floats
    calibrator: Calibrator
    ridge: float

    def chances(self, rows: Floats) -> Floats:
        """(n, inputs) -> (n, 3)."""
        return self.calibrator.probabilities(_margins(self.weights, self.shifts, rows)).T


def train_stacking(dataset: Dataset, candles: Market, sessions: Sequence[str], config: StackingConfig) -> Trained:
    """A trained stacking model. The same rows and settings give the same bytes.

    `dataset`, `candles`: of `rows_of`; `sessions`: where the stances are from. Raises `TooLittleHistory` and
    `BadLabels`.
    """
    whole = Sample(dataset.features, _COLUMN[dataset.y], dataset.weight)
    votes = Sample(_score(dataset.features)[:, None], whole.classes, dataset.weight)
    folds = folds_of(dataset, config.folds)
    tests, found, voted, prior, ridges = [], [], [], [], []
    for parts, test in zip(folds.learned, folds.tests, strict=True):
        fitted = _fit(whole, parts, config.ridges)
        tests.append(test)
        found.append(_model(dataset.names, fitted).predict(dataset.features[test]))
        voted.append(_fit(votes, parts, config.ridges).chances(votes.rows[test]))
        prior.append(_prior(whole, parts.rows, len(test)))
        ridges.append(fitted.ridge)
    rows, chances = np.concatenate(tests), np.concatenate(found)
    ridge = float(np.exp(np.median(np.log(ridges))))
    before, last = tail(dataset)
    shipped = _model(dataset.names, _calibrated(_part(whole, before), _part(whole, last), ridge))
    classes, knew = whole.classes, np.concatenate(prior)
    score = _score(dataset.features[rows])
    sides = (chances[:, 0] >= THRESHOLD).astype(np.int64) - (chances[:, 1] >= THRESHOLD)
    quiet = acting.act(dataset, candles, rows, np.zeros(len(rows), np.int64))
    return Trained(
        model=shipped,
        rows=dataset.features,
        feature_set=dataset.feature_set,
        label=dataset.label.document(),
        training={**dataset.document(), "sessions": list(sessions)},
        config={**asdict(config), "window": 1, "ridge": ridge, "embargo": folds.embargo},
        metrics={
            "test": {
                "rows": len(rows),
                **_figures(dataset, candles, rows, chances, knew, classes, config.seed),
                **acting.acted_figures(acting.act(dataset, candles, rows, sides), sides),
            },
            "folds": [
                {
                    "span": [int(dataset.t0[test].min()), int(dataset.t1[test].max())],
                    "rows": len(test),
                    "ridge": chosen,
                    **_figures(dataset, candles, test, said, known, classes, config.seed),
                    "prior_logloss": scores(known, classes[test])["logloss"],
                    "vote_logloss": scores(vote, classes[test])["logloss"],
                }
                for test, said, known, vote, chosen in zip(tests, found, prior, voted, ridges, strict=True)
            ],
            "over_vote": skill(
                chances, np.concatenate(voted), classes[rows], block_of(dataset.t0[rows], dataset.horizon), config.seed
            ),
        },
        baseline={
            **scores(knew, classes[rows]),
            "weighted_vote": {
                **scores(np.concatenate(voted), classes[rows]),
                **_acted(dataset, candles, rows, score),
            },
            **acting.opponents(candles, quiet, dataset.label.fee_bps),
        },
        seeds={"seed": config.seed},
        statistics={"importances": importances(shipped, dataset.features), "importances_by": "coefficients"},
        test_span=(int(dataset.t0[rows].min()), int(dataset.t1[rows].max())),
    )


def importances(model: StackingModel, rows: Floats) -> dict[str, float]:
    """By input: the standard deviation of its share in the margins, mean over classes, as a part of all."""
    sizes = np.abs(np.array(model.weights)).mean(axis=0) * rows.std(axis=0)
    whole = float(sizes.sum()) or 1.0
    return {name: float(size) / whole for name, size in zip(model.contract.inputs, sizes, strict=True)}


def _fit(whole: Sample, parts: Learned, ridges: Sequence[float]) -> _Fitted:
    """Chooses the ridge on the part that stops, fits again on both, calibrates on the last."""
    first, stop = _part(whole, parts.fit), _part(whole, parts.stop)
    check_learnable(first, CLASSES)
    losses = []
    for ridge in ridges:
        weights, shifts = fit_logistic(first.rows, first.classes, first.weights, len(CLASSES), ridge)
        chances = softmax(_margins(weights, shifts, stop.rows)).T
        losses.append(float((stop.weights * log_losses(np.ascontiguousarray(chances), stop.classes)).mean()))
    both = _part(whole, np.concatenate((parts.fit, parts.stop)))
    return _calibrated(both, _part(whole, parts.calibrate), ridges[int(np.argmin(losses))])


def _calibrated(part: Sample, last: Sample, ridge: float) -> _Fitted:
    check_learnable(part, CLASSES)
    weights, shifts = fit_logistic(part.rows, part.classes, part.weights, len(CLASSES), ridge)
    calibrator = fit_calibrator("vector", np.ascontiguousarray(_margins(weights, shifts, last.rows)), last)
    return _Fitted(weights, shifts, calibrator, ridge)


def _model(names: tuple[str, ...], fitted: _Fitted) -> StackingModel:
    weights = tuple(tuple(row) for row in fitted.weights.tolist())
    return StackingModel(ModelContract(names, OUTPUTS), weights, tuple(fitted.shifts.tolist()), fitted.calibrator)


def _part(whole: Sample, rows: Ints) -> Sample:
    weights = whole.weights[rows]
    return Sample(whole.rows[rows], whole.classes[rows], weights / weights.mean())


def _margins(weights: Floats, shifts: Floats, rows: Floats) -> Floats:
    return np.asarray(weights @ rows.T + shifts[:, None])


def _prior(whole: Sample, learned: Ints, count: int) -> Floats:
    counts = np.bincount(whole.classes[learned], minlength=len(CLASSES)) + 1.0
    return np.tile(counts / counts.sum(), (count, 1))


def _score(rows: Floats) -> Floats:
    """What an even vote of all members comes to (n,), above 0 for up: silent ones count against either side."""
    return np.asarray(rows[:, ::2].mean(axis=1))


def _figures(
    dataset: Dataset,
    candles: Market,
    rows: Ints,
    chances: Floats,
    prior: Floats,
    classes: NDArray[np.int64],
    seed: int,
) -> dict[str, Any]:
    block = block_of(dataset.t0[rows], dataset.horizon)
    return {**scores(chances, classes[rows]), **skill(chances, prior, classes[rows], block, seed)}


def _acted(dataset: Dataset, candles: Market, rows: Ints, score: Floats) -> dict[str, float | None]:
    sides = (score >= THRESHOLD).astype(np.int64) - (score <= -THRESHOLD)
    return acting.acted_figures(acting.act(dataset, candles, rows, sides), sides)
