"""How the log returns of the last candles go with those `lag` candles before.

Over n pairs (r', r) of a return r' and the one `lag` candles later, with Pearson's correlation: autocorrelation = of
r' and r; volatility_autocorrelation = of |r'| and |r|; leverage = of r' and |r|, below 0 where falls are followed by
larger moves. 0 where either side does not move. Each side has its own mean, as in pandas' Series.autocorr; the
textbook estimator has one mean for both.

Source: Box, Jenkins, Time Series Analysis (1970); Bouchaud, Matacz, Potters, Leverage effect in financial markets
(2001). Inputs: close. Warm-up: n + lag + 1 candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, lag = int(p[0]), int(p[1])
    floats, ints = 7 * n + 5, n + 4
    at, now, before = c.index[t], c.gain[t], c.gain[t - lag]
    _, xx, _, yy, xy = window_comoments(f, i, 0, 0, n, at, before, now)
    o[0] = correlation(xx, yy, xy)
    _, aa, _, bb, ab = window_comoments(f, i, floats, ints, n, at, abs(before), abs(now))
    o[1] = correlation(aa, bb, ab)
    _, dd, _, ee, de = window_comoments(f, i, 2 * floats, 2 * ints, n, at, before, abs(now))
    o[2] = correlation(dd, ee, de)


FAMILY = FeatureFamily(
    name="autocorrelation",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 100, 5, 1000, "pairs of returns"),
        FeatureParameter("lag", 1, 1, 100, "candles from the first of a pair to the second"),
    ),
    outputs=(
        FeatureOutput("autocorrelation", "correlation of returns with earlier ones", "1", low=-1, high=1),
        FeatureOutput(
            "volatility_autocorrelation",
            "correlation of the size of returns with that of earlier ones",
            "1",
            low=-1,
            high=1,
        ),
        FeatureOutput("leverage", "correlation of the size of returns with earlier returns", "1", low=-1, high=1),
    ),
    variants=((50, 1), (100, 1), (100, 2), (100, 5), (300, 1)),
    step=step,
    definition=__doc__,
    warmup=lambda n, lag: int(n + lag) + 1,
    reach=lambda n, lag: int(lag) + 1,
    floats=lambda n, lag: 3 * comoments_floats(n),
    ints=lambda n, lag: 3 * window_ints(n),
)
