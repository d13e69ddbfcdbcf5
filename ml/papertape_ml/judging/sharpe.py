"""Sharpe ratios that allow for luck: few or skewed returns, and a choice among many trials.

Sources: Bailey, Lopez de Prado (2012), The Sharpe Ratio Efficient Frontier, for the probabilistic ratio; Bailey, Lopez
de Prado (2014), The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest Overfitting and Non-Normality, for
the deflated one. Nothing is annualised: ratios are per return.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_EULER = 0.5772156649015329
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Returns:
    """What the ratios need of a series of returns: how many, mean over deviation, skew, and kurtosis (3 is normal)."""

    count: int
    sharpe: float
    skew: float
    kurtosis: float


def described(returns: Array) -> Returns:
    """Count, Sharpe ratio and moments (all divided by n). A series that never moves has ratio 0, skew 0, kurtosis 3.

    >>> described(np.array([0.0, 2.0]))
    Returns(count=2, sharpe=1.0, skew=0.0, kurtosis=1.0)
    """
    if returns.ndim != 1 or len(returns) < 2 or not np.isfinite(returns).all():
        raise ValueError(f"a Sharpe ratio needs two finite returns or more, got the shape {returns.shape}")
    around = returns - returns.mean()
    size = float(np.abs(around).max())
    if size <= 1e-14 * float(np.abs(returns).max()):  # what rounding leaves of a constant
        return Returns(len(returns), 0.0, 0.0, 3.0)
    scaled = around / size
    variance = float((scaled**2).mean())
    return Returns(
        len(returns),
        float(returns.mean()) / (size * math.sqrt(variance)),
        float((scaled**3).mean()) / variance**1.5,
        float((scaled**4).mean()) / variance**2,
    )


def probabilistic_sharpe(found: Returns, benchmark: float = 0.0) -> float:
    """The probability that the true ratio is above ``benchmark``, given how long, skewed and heavy-tailed the returns.

    Phi((SR - SR*) sqrt(T - 1) / sqrt(1 - skew SR + (kurtosis - 1) / 4 SR^2)).
    """
    spread = 1 - found.skew * found.sharpe + (found.kurtosis - 1) / 4 * found.sharpe**2
    # kurtosis >= skew^2 + 1 makes this a square or more; rounding may take the last bit of it
    spread = max(spread, 1e-12)
    return _NORMAL.cdf((found.sharpe - benchmark) * math.sqrt(found.count - 1) / math.sqrt(spread))


def expected_best_sharpe(trials: int, variance: float) -> float:
    """The ratio that the best of ``trials`` worthless trials is expected to show, whose ratios have that variance.

    sqrt(V) ((1 - g) Phi^-1(1 - 1/N) + g Phi^-1(1 - 1/(N e))) with Euler's g; 0 for a single trial.
    """
    if trials < 1 or variance < 0:
        raise ValueError(f"there are {trials} trials with a variance of {variance}; one and 0 are the least")
    if trials == 1:
        return 0.0
    first = _NORMAL.inv_cdf(1 - 1 / trials)
    second = _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - _EULER) * first + _EULER * second)


def deflated_sharpe(found: Returns, trials: int, variance: float) -> float:
    """The probability that the chosen trial is better than luck, given that it is the best of ``trials``.

    ``trials`` counts all of them, pruned ones too; ``variance`` is that of the trials' own ratios.
    """
    return probabilistic_sharpe(found, expected_best_sharpe(trials, variance))
