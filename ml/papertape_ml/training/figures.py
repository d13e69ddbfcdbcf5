"""Figures of probabilities on rows that were held out, beside those of knowing nothing."""

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import Floats, Ints
from papertape_ml.judging.bootstrap import block_bootstrap
from papertape_ml.judging.scores import accuracy, brier, calibration_error, log_loss, log_losses

DRAWS = 2_000


def scores(chances: Floats, classes: NDArray[np.int64]) -> dict[str, float]:
    """Log loss (nats), Brier score, accuracy and expected calibration error of probabilities (n, classes)."""
    return {
        "logloss": log_loss(chances, classes),
        "brier": brier(chances, classes),
        "accuracy": accuracy(chances, classes),
        "ece": calibration_error(chances, classes),
    }


def skill(chances: Floats, prior: Floats, classes: NDArray[np.int64], block: int, seed: int) -> dict[str, float | None]:
    """By how much the log loss lies below the prior's, as a share of that: 0 is the prior, 1 is to know all.

    `prior`: (n, classes), known before each row. With 95 % bounds, one-sided each, and the p-value of "it is 0 or
    less", by circular block bootstrap of the rows' gains; None where a block is as long as all rows.
    """
    before = log_losses(prior, classes)
    gain = before - log_losses(chances, classes)
    base = float(before.mean())
    found: dict[str, float | None] = {"skill": float(gain.mean()) / base}
    if block >= len(gain):
        return found | {"skill_low": None, "skill_high": None, "p_value": None}
    interval = block_bootstrap(gain, block, seed, DRAWS)
    return found | {
        "skill_low": interval.low / base,
        "skill_high": interval.high / base,
        "p_value": interval.p_value,
    }


def block_of(t0: Ints, horizon: int) -> int:
    """How many rows in time order a block needs so that labels which overlap stay together: the most that begin within
    one horizon (ms).

    >>> block_of(np.array([0, 0, 10, 10, 20, 20]), horizon=10)
    4
    """
    return max(1, int((np.searchsorted(t0, t0 + horizon, side="right") - np.arange(len(t0))).max()))
