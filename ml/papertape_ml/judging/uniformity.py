"""Whether p-values are drawn evenly from 0 to 1, as they are where there is nothing to find.

Source: Kolmogorov (1933) and Smirnov (1948); the correction for small samples is that of Stephens (1970), Use of the
Kolmogorov-Smirnov, Cramer-von Mises and Related Statistics Without Extensive Tables.
"""

import math
from collections.abc import Sequence

import numpy as np

_TERMS = 100


def uniform_p(values: Sequence[float]) -> float:
    """The p-value of "these are drawn evenly from 0 to 1": small where too many lie in one place.

    >>> round(uniform_p([0.1, 0.3, 0.5, 0.7, 0.9]), 6), round(uniform_p([0.01] * 20), 6)
    (1.0, 0.0)
    """
    ordered = np.sort(np.asarray(values, np.float64))
    count = len(ordered)
    if not count or ordered[0] < 0.0 or ordered[-1] > 1.0 or np.isnan(ordered).any():
        raise ValueError(f"the test of evenness needs values from 0 to 1, got {count} of them")
    places = np.arange(count + 1) / count
    reach = max(float((places[1:] - ordered).max()), float((ordered - places[:-1]).max()))
    scaled = (math.sqrt(count) + 0.12 + 0.11 / math.sqrt(count)) * reach
    if scaled < 0.3:
        return 1.0  # the series converges slowly here, and is above 0.99999
    return float(
        min(1.0, 2.0 * sum((-1) ** (k - 1) * math.exp(-2.0 * (k * scaled) ** 2) for k in range(1, _TERMS + 1)))
    )
