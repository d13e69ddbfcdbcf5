"""Buys less sells over a window, by bulk-volume classification.

With d = buys - sells of a candle (see trade_imbalance; the deviation is that of the last s changes): flow_imbalance =
sum of d / volume, over the last n candles; flow_intensity = sum of |d| / volume, which is VPIN with candles for
buckets; flow_persistence = correlation of d with d of the candle before, over n pairs, 0 where d does not vary. The
first two are NaN where there was no trade.

Source: Easley, Lopez de Prado, O'Hara, Flow toxicity and liquidity in a high-frequency world, Review of Financial
Studies 25 (2012). Inputs: close, volume. Warm-up: n + s + 1 candles. Range: -1 to 1, the intensity from 0.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.bulk_classification import bulk_imbalance
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import moments_floats, sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, s = int(p[0]), int(p[1])
    at = c.index[t]
    v = c.volume[t]
    d = v * bulk_imbalance(f, i, 1, 0, s, c, t)
    a, b = 3 * s + 3, s + 4
    total = window_sum(f, i, a, b, n, at, v)
    net = window_sum(f, i, a + 2 * n + 1, b + n + 4, n, at, d)
    gross = window_sum(f, i, a + 4 * n + 2, b + 2 * n + 8, n, at, abs(d))
    _, xx, _, yy, xy = window_comoments(f, i, a + 6 * n + 3, b + 3 * n + 12, n, at, d, f[0])
    f[0] = d
    if total > 0.0:
        o[0] = max(-1.0, min(1.0, net / total)) if net == net else net
        o[1] = min(1.0, gross / total) if gross == gross else gross
    o[2] = correlation(xx, yy, xy)


FAMILY = FeatureFamily(
    name="flow_imbalance",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(
        FeatureParameter("n", 20, 2, 1000, "candles that are summed"),
        FeatureParameter("s", 50, 3, 1000, "candles of the standard deviation"),
    ),
    outputs=(
        FeatureOutput("flow_imbalance", "buys less sells, as a share of the volume", "-1..1", low=-1, high=1),
        FeatureOutput("flow_intensity", "buys less sells of each candle, without sign", "0..1", low=0, high=1),
        FeatureOutput("flow_persistence", "correlation of buys less sells with those before", "-1..1", low=-1, high=1),
    ),
    variants=((10, 50), (20, 50), (100, 100)),
    step=step,
    definition=__doc__,
    warmup=lambda n, s: int(n + s) + 1,
    reach=lambda n, s: 2,
    floats=lambda n, s: 1 + moments_floats(s) + 3 * sum_floats(n) + comoments_floats(n),
    ints=lambda n, s: window_ints(s) + 4 * window_ints(n),
)
