"""Volume-synchronised probability of informed trading: how one-sided trade is, in buckets of the same volume.

The volume of the last n candles is cut into b buckets of the same size, a candle at an edge going into both in
proportion; buys and sells of a candle are those of bulk-volume classification (see trade_imbalance), with the deviation
of the last n changes. vpin = sum of |buys - sells| over the buckets / volume; NaN where there was no trade.

Source: Easley, Lopez de Prado, O'Hara, Flow toxicity and liquidity in a high-frequency world, Review of Financial
Studies 25 (2012). They fill buckets of a fixed size (a 50th of a day's mean volume) one after the other since the
beginning and average the last 50 that are full; here the buckets are cut out of the last n candles and end with the
newest one, so the value does not depend on where the record begins. Inputs: close, volume. Warm-up: 2 n + 1 candles.
Range: 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.bulk_classification import bulk_imbalance
from papertape.features.primitives.windows import moments_floats, sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    ring, place = 5 * n + 3, 2 * n + 8
    f[ring + i[place]] = bulk_imbalance(f, i, 0, 0, n, c, t)
    i[place] = i[place] + 1 if i[place] + 1 < n else 0
    total = window_sum(f, i, 3 * n + 2, n + 4, n, c.index[t], c.volume[t])
    size = total / p[1]
    if not size > 0.0:
        return
    room, net, unequal = size, 0.0, 0.0
    at = i[place]
    for k in range(n - 1, -1, -1):
        v, share = c.volume[t - k], f[ring + at]
        if v < room:
            net += v * share
            room -= v
        else:
            unequal += abs(net + room * share)
            left = v - room
            while left >= size:
                unequal += size * abs(share)
                left -= size
            net = left * share
            room = size - left
        at = at + 1 if at + 1 < n else 0
    o[0] = min(1.0, (unequal + abs(net)) / total) if net == net and unequal == unequal else math.nan


FAMILY = FeatureFamily(
    name="vpin",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(
        FeatureParameter("n", 50, 5, 500, "candles"),
        FeatureParameter("b", 10, 1, 100, "buckets of the same volume"),
    ),
    outputs=(FeatureOutput("vpin", "one-sidedness of trade over buckets of the same volume", "0..1", low=0, high=1),),
    variants=((50, 5), (50, 10), (100, 10)),
    step=step,
    definition=__doc__,
    warmup=lambda n, b: 2 * int(n) + 1,
    reach=lambda n, b: int(n) + 1,
    floats=lambda n, b: moments_floats(n) + sum_floats(n) + int(n),
    ints=lambda n, b: 2 * window_ints(n) + 1,
)
