"""How sure one may be of a mean of dependent values: the circular block bootstrap.

Source: Politis, Romano (1992), A Circular Block-Resampling Procedure for Stationary Data. A draw joins blocks of
neighbours that begin anywhere (the end goes on at the beginning) until it is as long as the series, the last block cut.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DRAWS = 2_000
HORIZONS = 4
"""Lengths of the label that a block has at least."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The mean, its percentile bounds, and the p-value of "the mean is 0 or less"."""

    mean: float
    low: float
    high: float
    p_value: float


def block_bootstrap(
    values: Array, block: int, seed: int, draws: int = DRAWS, confidence: float = 0.95, null: float = 0.0
) -> Interval:
    """Bounds of the mean of ``values`` (differences of losses, say), by blocks of ``block`` neighbours.

    ``block`` is at least the horizon of the labels, so that labels that overlap stay together. ``low`` and ``high``
    each leave ``1 - confidence`` outside: either alone is a one-sided bound. The p-value is that of "the mean is
    ``null`` or less": it counts the means that lie as far above the mean found as that lies above ``null``, as
    (1 + so many) / (1 + draws); it is never 0.
    """
    means = drawn_means(values, block, seed, draws)
    mean = float(values.mean())
    low, high = np.quantile(means, (1 - confidence, confidence)).tolist()
    beyond = int((means - mean >= mean - null).sum())
    return Interval(mean, low, high, (1 + beyond) / (1 + draws))


def drawn_means(values: Array, block: int, seed: int, draws: int) -> Array:
    """The means of ``draws`` resampled series ``(draws,)``."""
    if values.ndim != 1:
        raise ValueError(f"a bootstrap of means needs a series of values, got the shape {values.shape}")
    return drawn_columns(values[:, None], block, seed, draws)[:, 0]


def drawn_columns(values: Array, block: int, seed: int, draws: int) -> Array:
    """The means ``(draws, k)`` of series ``(n, k)`` that are resampled together: what is next to each other stays so.

    Whatever is a function of means (a Sharpe ratio, a calibration error) has its bootstrap in them.
    """
    count = len(values)
    if values.ndim != 2 or not 1 <= block <= count or not np.isfinite(values).all():
        raise ValueError(f"blocks of {block} need a series of as many finite values, got the shape {values.shape}")
    whole, rest = divmod(count, block)
    rng = np.random.default_rng(seed)
    # A block's sum, for every place where it may begin, from centred running sums: no draw touches single values.
    centre = values.mean(axis=0)
    around = np.concatenate((values, values[: block - 1])) - centre
    running = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(around, axis=0)))
    sums = running[block : block + count] - running[:count]
    cut = running[rest : rest + count] - running[:count]
    means = np.empty((draws, values.shape[1]))
    for draw in range(draws):
        starts = rng.integers(0, count, whole + 1)
        means[draw] = sums[starts[:whole]].sum(axis=0) + (cut[starts[whole]] if rest else 0.0)
    result: Array = centre + means / count
    return result


def block_for(count: int, horizon: int) -> int:
    """The length of a block for ``count`` values in a row whose labels span ``horizon`` of them.

    Four horizons at least: within one, the sum of neighbouring labels that overlap is taken for steadier than it is
    (their variance by a third). At least the root of the count too, since a model errs for as long as its inputs stay
    as they are; and at most a tenth of the count, so that there are ten blocks.

    >>> block_for(10_000, 6), block_for(10_000, 60), block_for(100, 60)
    (100, 240, 10)
    """
    return max(1, min(max(HORIZONS * horizon, math.isqrt(count)), count // 10))
