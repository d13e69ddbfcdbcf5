"""Training of a range predictor: tested walk-forward, then fitted on everything for serving.

Its figures are pinball losses, in basis points of the entry's price, and how often the quantiles are met, beside those
of a naive scale: every range the same multiple of the true range of the moment and of the root of the horizon, whatever
else is known. A model that does not beat that has found nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape.features.feature_set import FeatureSet
from papertape.market.timeframe import period
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import BadLabels
from papertape_ml.judging.bootstrap import block_bootstrap
from papertape_ml.models.contract import ModelContract
from papertape_ml.models.ranges.fitting import (
    DEFAULT,
    FittedRange,
    RangePart,
    fit_range,
    pinball,
    weighted_quantiles,
)
from papertape_ml.models.ranges.model import QUANTILES, SCALE, Reach, range_contract, scales
from papertape_ml.models.settings import BoosterSettings
from papertape_ml.splits import Learned
from papertape_ml.training.evidence import drift_bins
from papertape_ml.training.figures import DRAWS, block_of
from papertape_ml.training.fit import Watch
from papertape_ml.training.folds import Folds, folds_of, tail
from papertape_ml.training.importances import spread
from papertape_ml.training.trained import Trained

BPS: Final = 1e4


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """What a fold's model said of its test. `rows`: numbers in the dataset; `said`, `naive`: quantiles of each end
    (n, ends, 3), as distances from the entry, rising; `rounds`: of each end."""

    rows: Ints
    said: Floats
    naive: Floats
    rounds: tuple[int, ...]


def train(
    dataset: Dataset,
    wanted: FeatureSet,
    folds: int,
    settings: BoosterSettings = DEFAULT,
    watch: Watch | None = None,
) -> Trained:
    """A trained range predictor. The same data, settings and libraries give the same bytes.

    `wanted`: of the dataset. Raises `BadLabels`, `BadSettings`, `TooLittleHistory`, `DeviceAbsent`.
    """
    if dataset.label.kind != "range":
        raise BadLabels(f"a range predictor does not learn the label {str(dataset.label)!r}; it learns range:N[,N...]")
    reaches = reaches_of(dataset)
    contract = range_contract(dataset.names, reaches)
    known = np.flatnonzero((scales(dataset.names, dataset.features, reaches[:1]) > 0).all(axis=1))
    if not len(known):
        raise BadLabels(f"no row has a value of {SCALE}, of which ranges are multiples")
    dataset = dataset if len(known) == len(dataset) else dataset.take(known)
    plan = folds_of(dataset, folds)
    tested = [
        _tested(dataset, reaches, parts, test, settings, watch, f"fold {number} of {folds}")
        for number, (parts, test) in enumerate(zip(plan.learned, plan.tests, strict=True), 1)
    ]
    rounds = tuple(round(float(np.median(each))) for each in zip(*(one.rounds for one in tested), strict=True))
    before, last = tail(dataset)
    shipped = _fitted(dataset, reaches, (before, None, last), settings, rounds, watch, "last fit")
    return _described(dataset, wanted, contract, reaches, settings, plan, tested, shipped)


def reaches_of(dataset: Dataset) -> tuple[Reach, ...]:
    """The label's horizons, with their lengths in candles."""
    length = period(dataset.timeframe)
    return tuple(Reach(str(each), each.ms(length) / length) for each in dataset.label.horizons)


def _fitted(
    dataset: Dataset,
    reaches: Sequence[Reach],
    parts: tuple[Ints, Ints | None, Ints],
    settings: BoosterSettings,
    rounds: tuple[int, ...] | None,
    watch: Watch | None,
    step: str,
) -> FittedRange:
    first, stop, last = (None if rows is None else _part(dataset, rows) for rows in parts)
    assert first is not None and last is not None, "only the part that stops may be missing"
    heard = None if watch is None else lambda done, most, loss: watch(step, done, most, loss)
    return fit_range(dataset.names, reaches, first, stop, last, settings, rounds, heard)


def _part(dataset: Dataset, rows: Ints) -> RangePart:
    return RangePart(np.ascontiguousarray(dataset.features[rows]), dataset.y[rows], dataset.weight[rows])


def _tested(
    dataset: Dataset,
    reaches: Sequence[Reach],
    parts: Learned,
    test: Ints,
    settings: BoosterSettings,
    watch: Watch | None,
    step: str,
) -> Tested:
    fitted = _fitted(dataset, reaches, (parts.fit, parts.stop, parts.calibrate), settings, None, watch, step)
    units = np.repeat(scales(dataset.names, dataset.features, reaches), 2, axis=1)
    rows = np.ascontiguousarray(dataset.features[test])
    said = np.stack([end.multiples(rows) for end in fitted.model.ends], axis=1) * units[test][:, :, None]
    seen = np.abs(dataset.y[parts.rows]) / units[parts.rows]
    usual = np.stack([weighted_quantiles(each, dataset.weight[parts.rows]) for each in seen.T])
    return Tested(test, said, usual[None, :, :] * units[test][:, :, None], fitted.rounds)


def _described(
    dataset: Dataset,
    wanted: FeatureSet,
    contract: ModelContract,
    reaches: Sequence[Reach],
    settings: BoosterSettings,
    plan: Folds,
    tested: Sequence[Tested],
    shipped: FittedRange,
) -> Trained:
    rows = np.concatenate([each.rows for each in tested])
    said, naive = (np.concatenate(each) for each in ([one.said for one in tested], [one.naive for one in tested]))
    return Trained(
        model=shipped.model,
        rows=np.ascontiguousarray(dataset.features),
        feature_set=wanted.document(),
        label=dataset.label.document(),
        training={**dataset.document(), "missing": dataset.missing},
        config={
            **{name: getattr(settings, name) for name in settings.__slots__},
            "window": 1,
            "rounds": list(shipped.rounds),
            "quantiles": list(QUANTILES),
            "embargo": plan.embargo,
            "needed_embargo": plan.needed,
        },
        metrics={
            "test": figures(dataset, contract.outputs, rows, said, naive, settings.seed),
            "folds": [
                {
                    "span": [int(dataset.t0[each.rows].min()), int(dataset.t1[each.rows].max())],
                    "rounds": list(each.rounds),
                    **figures(dataset, contract.outputs, each.rows, each.said, each.naive, settings.seed),
                }
                for each in tested
            ],
        },
        baseline={"naive": figures(dataset, contract.outputs, rows, naive, naive, settings.seed)},
        seeds={"seed": settings.seed},
        statistics={"bins": drift_bins(dataset, dataset.names), "importances": _importances(dataset, shipped)},
        test_span=(int(dataset.t0[rows].min()), int(dataset.t1[rows].max())),
    )


def figures(
    dataset: Dataset, names: Sequence[str], rows: Ints, said: Floats, naive: Floats, seed: int
) -> dict[str, Any]:
    """Of all ends together and of each by its name: `pinball` (bps of the price, mean of the quantiles), `coverage`
    (share of rows between the outer quantiles; 0.8 is meant), `beyond` (share of rows beyond the median; 0.5), and
    `skill`: by how much the pinball loss lies below the naive one's, as a share of that, with 95 % bounds by circular
    block bootstrap of all ends' gains together, each in units of its own naive loss."""
    truth = np.abs(dataset.y[rows])
    losses, before = (
        np.stack([pinball(each[:, end], truth[:, end]).mean(axis=1) for end in range(truth.shape[1])], axis=1)
        for each in (said, naive)
    )
    by_end = {
        names[end]: {
            "pinball": BPS * float(losses[:, end].mean()),
            "skill": 1.0 - float(losses[:, end].mean() / before[:, end].mean()),
            "coverage": float(((truth[:, end] >= said[:, end, 0]) & (truth[:, end] <= said[:, end, 2])).mean()),
            "beyond": float((truth[:, end] > said[:, end, 1]).mean()),
        }
        for end in range(truth.shape[1])
    }
    whole = {key: float(np.mean([each[key] for each in by_end.values()])) for key in ("pinball", "coverage", "beyond")}
    gain = ((before - losses) / before.mean(axis=0)).mean(axis=1)
    block = block_of(dataset.t0[rows], dataset.horizon)
    found: dict[str, Any] = {"rows": len(rows), **whole, "skill": float(gain.mean())}
    if block < len(gain):
        interval = block_bootstrap(gain, block, seed, DRAWS)
        found |= {"skill_low": interval.low, "skill_high": interval.high, "p_value": interval.p_value}
    return found | {"ends": by_end}


def _importances(dataset: Dataset, shipped: FittedRange) -> dict[str, float]:
    """The mean absolute SHAP value of each feature over the ends, as a share of all features'."""
    from papertape_ml.training.importances import shap_sizes

    rows = spread(np.ascontiguousarray(dataset.features), 500)
    sizes = [shap_sizes(end.data, 3, rows, 1) for end in shipped.model.ends]
    shares = np.mean([each / each.sum() if each.sum() > 0 else each for each in sizes], axis=0)
    total = float(shares.sum())
    shares = shares / total if total > 0 else np.full(len(shares), 1.0 / len(shares))
    return dict(zip(dataset.names, shares.tolist(), strict=True))
