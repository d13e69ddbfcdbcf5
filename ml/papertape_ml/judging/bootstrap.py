"""How sure one may be of a mean of dependent values: the circular block bootstrap.

Source: Politis, Romano (1992), A Circular Block-Resampling Procedure for Stationary Data. A draw joins blocks of
neighbours that begin anywhere (the end goes on at the beginning) until it is as long as the series, the last block cut.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """The mean, its percentile bounds, and the p-value of "the mean is 0 or less"."""

    mean: float
    low: float
    high: float
    p_value: float


def block_bootstrap(values: Array, block: int, seed: int, draws: int = 2_000, confidence: float = 0.95) -> Interval:
    """Bounds of the mean of ``values`` (differences of losses, say), by blocks of ``block`` neighbours.

    ``block`` is at least the horizon of the labels, so that labels that overlap stay together. ``low`` and ``high``
    each leave ``1 - confidence`` outside: either alone is a one-sided bound. The p-value counts the means that lie as
    far above the mean found as that lies above 0, as (1 + so many) / (1 + draws); it is never 0.
    """
    means = drawn_means(values, block, seed, draws)
    mean = float(values.mean())
    low, high = np.quantile(means, (1 - confidence, confidence)).tolist()
    beyond = int((means - mean >= mean).sum())
    return Interval(mean, low, high, (1 + beyond) / (1 + draws))


def drawn_means(values: Array, block: int, seed: int, draws: int) -> Array:
    """The means of ``draws`` resampled series ``(draws,)``."""
    count = len(values)
    if values.ndim != 1 or not 1 <= block <= count or not np.isfinite(values).all():
        raise ValueError(f"blocks of {block} need a series of as many finite values, got the shape {values.shape}")
    whole, rest = divmod(count, block)
    rng = np.random.default_rng(seed)
    # A block's sum, for every place where it may begin, from centred running sums: no draw touches single values.
    centre = values.mean()
    around = np.concatenate((values, values[: block - 1])) - centre
    running = np.concatenate(([0.0], np.cumsum(around)))
    sums = running[block : block + count] - running[:count]
    cut = running[rest : rest + count] - running[:count]
    means = np.empty(draws)
    for draw in range(draws):
        starts = rng.integers(0, count, whole + 1)
        means[draw] = sums[starts[:whole]].sum() + (cut[starts[whole]] if rest else 0.0)
    result: Array = centre + means / count
    return result
