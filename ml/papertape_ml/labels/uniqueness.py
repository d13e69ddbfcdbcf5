"""Weights of labels that overlap: what is decided by the same stretch of the market is not said several times.

The uniqueness of a label is the mean, over the time from its t0 to its t1, of one by the number of labels under way.
Source: López de Prado, Advances in Financial Machine Learning (2018), chapter 4, there over bars, here over time.
"""

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape_ml.labels.compiled import loaded_kernels


def uniqueness(t0: Ints, t1: Ints) -> Floats:
    """The uniqueness (n,) of one symbol's labels, above 0 and at most 1; all t0 < t1, ms UTC, in any order.

    >>> uniqueness(np.array([0, 10, 40]), np.array([20, 30, 50])).tolist()
    [0.75, 0.75, 1.0]
    """
    if not len(t0):
        return np.empty(0)
    by_begin, by_end = np.argsort(t0), np.argsort(t1)
    share = np.empty((2, len(t0)))
    share[0, by_begin], share[1, by_end] = loaded_kernels().shares(t0[by_begin], t1[by_end])
    return np.asarray((share[1] - share[0]) / (t1 - t0))
