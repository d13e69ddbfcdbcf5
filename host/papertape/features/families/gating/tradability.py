"""Tradability: whether there is volume to trade against.

traded_share = share of the last n candles that have volume; volume_evenness = (sum of v)^2 / (n * sum of v^2), v their
volumes in quote currency (close * volume): 1 where all are alike, 1 / n where one candle is all, 0 where nothing is
traded; tradability = traded_share * u / (1 + u), u = mean v over the last n candles against that over the last m, 0
where nothing is traded: about one half of a usual market.

Source: our own; the evenness is the inverse of Herfindahl's index over n. Inputs: close, volume. Warm-up: the longer of
n and m. Unit: 0 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.gating.opportunity import against
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, m = int(p[0]), int(p[1])
    floats, ints = 2 * n + 1, n + 4
    v = c.close[t] * c.volume[t]
    traded = window_sum(f, i, 0, 0, n, c.index[t], 1.0 if v > 0.0 else 0.0) / n
    total = window_sum(f, i, floats, ints, n, c.index[t], v)
    squares = window_sum(f, i, 2 * floats, 2 * ints, n, c.index[t], v * v)
    usual = window_sum(f, i, 3 * floats, 3 * ints, m, c.index[t], v)
    o[0] = traded
    o[1] = min(total / squares * total / n, 1.0) if squares > 0.0 else 0.0
    o[2] = traded * against(total / n, usual / m)


FAMILY = FeatureFamily(
    name="tradability",
    category="gating",
    memory="window",
    inputs=("close", "volume"),
    parameters=(
        FeatureParameter("n", 20, 2, 1000, "candles of what is going on"),
        FeatureParameter("m", 100, 2, 1000, "candles of what is usual"),
    ),
    outputs=(
        FeatureOutput("traded_share", "share of candles with volume", "fraction", low=0, high=1),
        FeatureOutput("volume_evenness", "how evenly the volume is spread over candles", "fraction", low=0, high=1),
        FeatureOutput("tradability", "candles with volume, weighed by how much", "0..1", low=0, high=1),
    ),
    variants=((10, 50), (20, 100), (50, 250)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: int(max(n, m)),
    floats=lambda n, m: 3 * sum_floats(n) + sum_floats(m),
    ints=lambda n, m: 3 * window_ints(n) + window_ints(m),
)
