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

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.bulk_classification import bulk_imbalance
from papertape.features.primitives.windows import moments_floats, window_ints

FULL: Final = 1e-9
"""Part of a bucket that is not worth another round."""


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    ring, place = 3 * n + 2, n + 4
    f[ring + i[place]] = bulk_imbalance(f, i, 0, 0, n, c, t)
    i[place] = i[place] + 1 if i[place] + 1 < n else 0
    total = 0.0
    for k in range(n):
        total += c.volume[t - k]
    if not total > 0.0:
        return
    size = total / p[1]
    room, net, unequal = size, 0.0, 0.0
    at = i[place]
    for k in range(n - 1, -1, -1):
        left = c.volume[t - k]
        while left > 0.0:
            taken = min(left, room)
            net += taken * f[ring + at]
            left -= taken
            room -= taken
            if room <= FULL * size:
                unequal += abs(net)
                room, net = size, 0.0
        at = at + 1 if at + 1 < n else 0
    o[0] = (unequal + abs(net)) / total


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
    floats=lambda n, b: moments_floats(n) + int(n),
    ints=lambda n, b: window_ints(n) + 1,
)
