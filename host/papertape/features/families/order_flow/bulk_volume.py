"""Buys less sells of a candle, by bulk-volume classification.

trade_imbalance = (buys - sells) / volume = 2 CDF(z) - 1, NaN where there was no trade; z is the change of the close
over the standard deviation of the last n changes, CDF the normal one. delta_volume = volume trade_imbalance, 0 without
a trade; delta_volume_ratio = delta_volume / mean volume of the last n candles, NaN where that is 0.

Source: Easley, Lopez de Prado, O'Hara, Flow toxicity and liquidity in a high-frequency world, Review of Financial
Studies 25 (2012). Theirs takes the deviation over the whole sample; this one looks back only. Inputs: close, volume.
Warm-up: n + 1 candles. Range of the imbalance: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.bulk_classification import bulk_imbalance
from papertape.features.primitives.windows import moments_floats, sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    v = c.volume[t]
    imbalance = bulk_imbalance(f, i, 0, 0, n, c, t)
    total = window_sum(f, i, 3 * n + 2, n + 4, n, c.index[t], v)
    o[1] = v * imbalance
    if v > 0.0:
        o[0] = imbalance
    if total > 0.0:
        o[2] = v * imbalance * n / total


FAMILY = FeatureFamily(
    name="bulk_volume",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 50, 3, 2000, "candles of the standard deviation and of the mean volume"),),
    outputs=(
        FeatureOutput("trade_imbalance", "buys less sells, as a share of the volume", "-1..1", low=-1, high=1),
        FeatureOutput("delta_volume", "buys less sells", "base", level=True),
        FeatureOutput("delta_volume_ratio", "buys less sells, against the mean volume", "ratio"),
    ),
    variants=((20,), (50,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: moments_floats(n) + sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
