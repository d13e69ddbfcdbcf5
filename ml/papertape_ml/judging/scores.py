"""Scores of probabilities against what happened, and what share of the possible they reach.

Probabilities are ``(n, classes)``, outcomes columns ``(n,)``; scores are means over rows, in nats where logs are taken.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Columns = NDArray[np.int64]

LEAST_PROBABILITY = 1e-15
"""A probability below this counts as this, so that one impossible row does not make the whole score infinite."""


def log_losses(probabilities: Array, outcomes: Columns) -> Array:
    """-log P(outcome) of each row. Source: Good (1952), Rational Decisions.

    >>> log_losses(np.array([[0.5, 0.5]]), np.array([1])).round(6).tolist()
    [0.693147]
    """
    _check(probabilities, outcomes)
    losses: Array = -np.log(np.clip(probabilities[np.arange(len(outcomes)), outcomes], LEAST_PROBABILITY, None))
    return losses


def log_loss(probabilities: Array, outcomes: Columns) -> float:
    """The mean of `log_losses`."""
    return float(log_losses(probabilities, outcomes).mean())


def brier(probabilities: Array, outcomes: Columns) -> float:
    """Mean over rows of the sum over classes of (P - happened)^2, from 0 to 2. Source: Brier (1950), equation 2.

    >>> brier(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 1]))
    1.25
    """
    _check(probabilities, outcomes)
    happened = np.arange(probabilities.shape[1])[None, :] == outcomes[:, None]
    return float(((probabilities - happened) ** 2).sum(axis=1).mean())


def accuracy(probabilities: Array, outcomes: Columns) -> float:
    """The share of rows whose likeliest class (the first of equals) happened."""
    _check(probabilities, outcomes)
    return float((probabilities.argmax(axis=1) == outcomes).mean())


def calibration_error(probabilities: Array, outcomes: Columns, bins: int = 15) -> float:
    """Expected calibration error of the likeliest class: bins of equal width over its probability, |hits - promised|.

    Source: Guo, Pleiss, Sun, Weinberger (2017), equation 3; bins are (low, high].

    >>> round(calibration_error(np.array([[0.8, 0.2], [0.8, 0.2]]), np.array([0, 1])), 9)
    0.3
    """
    _check(probabilities, outcomes)
    promised = probabilities.max(axis=1)
    hits = (probabilities.argmax(axis=1) == outcomes).astype(np.float64)
    which = np.clip(np.ceil(promised * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(which, hits - promised, minlength=bins)
    return float(np.abs(gaps).sum() / len(outcomes))


def entropy(shares: Array) -> float:
    """-sum p log p in nats; of the prior's shares it is the log loss of knowing nothing else.

    >>> round(entropy(np.array([0.5, 0.5, 0.0])), 6)
    0.693147
    """
    present = shares[shares > 0]
    return float(-(present * np.log(present)).sum())


def skill_share(loss: float, prior_entropy: float, least_loss: float) -> float:
    """Of the information that the inputs hold about the outcome, the share that the model has: 1 is all, 0 is none.

    (H(prior) - log loss) / (H(prior) - H(outcome | inputs)); ``least_loss`` is the latter entropy, known exactly where
    the edge is planted. Below 0 the model says less than the prior alone. NaN where there is nothing to know.

    >>> round(skill_share(loss=0.65, prior_entropy=0.69, least_loss=0.61), 9)
    0.5
    """
    return _share(prior_entropy - loss, prior_entropy - least_loss)


def excess_accuracy_share(found: float, chance: float, best: float) -> float:
    """(accuracy - chance) / (Bayes accuracy - chance), where chance is the likeliest class's share.

    >>> round(excess_accuracy_share(found=0.55, chance=0.5, best=0.6), 9)
    0.5
    """
    return _share(found - chance, best - chance)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _check(probabilities: Array, outcomes: Columns) -> None:
    if probabilities.ndim != 2 or outcomes.shape != (len(probabilities),) or not len(outcomes):
        raise ValueError(f"scores need (n, classes) and (n,), got {probabilities.shape} and {outcomes.shape}")
    if not np.isfinite(probabilities).all():
        raise ValueError("a probability is not a finite number: leave out the rows that abstain")
