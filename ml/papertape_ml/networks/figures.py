"""Figures of a predictor on rows that were held out, horizon by horizon, beside those of knowing nothing."""

from typing import Any

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape_ml.judging.scores import log_losses
from papertape_ml.networks.part import Part
from papertape_ml.networks.shape import CLASSES, QUANTILES
from papertape_ml.training.figures import block_of, scores, skill

_SCORES = ("logloss", "brier", "accuracy", "ece")


def prior_of(part: Part) -> tuple[Floats, Floats]:
    """What is known without looking: of each horizon the shares of the classes (horizons, 3), one added to each count,
    and the quantiles of the log return (horizons, 3)."""
    counts = np.stack([np.bincount(column, minlength=CLASSES) + 1.0 for column in part.classes.T])
    return counts / counts.sum(axis=1, keepdims=True), np.quantile(part.moves, QUANTILES, axis=0).T


def figures_of(
    told: Floats, prior: tuple[Floats, Floats], part: Part, t0: Ints, horizons: dict[str, int], seed: int
) -> dict[str, Any]:
    """Scores, and skill beyond the prior with its 95 % bounds; of quantiles how often the return lies below each, and
    their loss as a share below that of the prior's. The means over horizons, then each horizon under its name.

    ``told``: (n, outputs), NaN nowhere; ``prior``: as `prior_of`, with an axis of rows in front, known before each row;
    ``t0``: (n,) ms UTC, rising; ``horizons``: names and lengths in ms.
    """
    size = told.shape[1] // len(horizons)
    by_horizon, gains, bases = {}, [], []
    for number, (name, length) in enumerate(horizons.items()):
        mine = told[:, number * size : (number + 1) * size]
        chances, classes = np.ascontiguousarray(mine[:, :CLASSES]), part.classes[:, number]
        before = np.ascontiguousarray(prior[0][:, number])
        found: dict[str, Any] = {
            **scores(chances, classes),
            **skill(chances, before, classes, block_of(t0, length), seed),
        }
        if size > CLASSES:
            found |= _quantile_figures(mine[:, CLASSES:], prior[1][:, number], part.moves[:, number])
        by_horizon[name] = found
        gains.append(log_losses(before, classes) - log_losses(chances, classes))
        bases.append(float(log_losses(before, classes).mean()))
    means = {key: float(np.mean([each[key] for each in by_horizon.values()])) for key in _SCORES}
    share = float(np.mean(gains) / np.mean(bases))
    return {"rows": len(part), **means, "skill": share, **by_horizon}


def prior_figures(prior: Floats, part: Part, horizons: dict[str, int]) -> dict[str, Any]:
    """The scores of the prior (n, horizons, 3): means, and under `prior` these with those of each horizon."""
    found = {
        name: scores(np.ascontiguousarray(prior[:, number]), part.classes[:, number])
        for number, name in enumerate(horizons)
    }
    means = {key: float(np.mean([each[key] for each in found.values()])) for key in _SCORES}
    return {**means, "prior": {**means, **found}}


def _quantile_figures(quantiles: Floats, prior: Floats, moves: Floats) -> dict[str, float]:
    """Coverage is the share of returns at or below each quantile."""
    below = {
        f"below_q{round(100 * share)}": float((moves <= quantiles[:, at]).mean()) for at, share in enumerate(QUANTILES)
    }
    base = _pinball(prior, moves)
    return below | {"pinball_skill": 1 - _pinball(quantiles, moves) / base if base > 0 else 0.0}


def _pinball(quantiles: Floats, moves: Floats) -> float:
    """The mean over rows of the sum over quantiles. Source: Koenker, Bassett (1978)."""
    shares, apart = np.array(QUANTILES), moves[:, None] - quantiles
    return float(np.maximum(shares * apart, (shares - 1) * apart).sum(axis=1).mean())
