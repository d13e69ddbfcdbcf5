"""Ichimoku: midpoints of three windows, and where the close stands among them.

M(n) = (highest high + lowest low of the last n candles) / 2. tenkan = M(short), kijun = M(middle), senkou_a = (tenkan
+ kijun) / 2, senkou_b = M(long): levels, each as it is known now. The senkou lines are not shifted forward, as on a
chart; the cloud that a chart draws at this candle is theirs from `middle` candles ago.

price_vs_tenkan = close / tenkan - 1, price_vs_kijun = close / kijun - 1. tenkan_kijun_spread = (tenkan - kijun) /
close. cloud_distance = (close - nearest senkou line) / close outside of the lines, 0 between them. cloud_thickness =
(senkou_a - senkou_b) / close.

Source: Hosoda, Ichimoku Kinko Hyo (1969). Inputs: high, low, close. Warm-up: the longest of the windows.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def middle(f: Any, i: Any, a: int, b: int, n: int, c: Columns, t: int) -> float:
    """The midpoint of the last n candles."""
    highest = window_highest(f, i, a, b, n, c.index[t], c.high[t])
    return float(0.5 * (highest + window_lowest(f, i, a + 2 * n + 1, b + n + 4, n, c.index[t], c.low[t])))


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    short, long = int(p[0]), int(p[1])
    close = c.close[t]
    tenkan = middle(f, i, 0, 0, short, c, t)
    a = 4 * short + 2
    b = 2 * short + 8
    kijun = middle(f, i, a, b, long, c, t)
    a += 4 * long + 2
    b += 2 * long + 8
    one = 0.5 * (tenkan + kijun)
    other = middle(f, i, a, b, int(p[2]), c, t)
    o[0] = tenkan
    o[1] = kijun
    o[2] = one
    o[3] = other
    o[4] = close / tenkan - 1.0
    o[5] = close / kijun - 1.0
    o[6] = (tenkan - kijun) / close
    o[7] = (max(close - max(one, other), 0.0) + min(close - min(one, other), 0.0)) / close
    o[8] = (one - other) / close


PRICE = "quote currency"

FAMILY = FeatureFamily(
    name="ichimoku",
    category="trend",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("short", 9, 2, 1000, "candles of the tenkan line"),
        FeatureParameter("middle", 26, 2, 1000, "candles of the kijun line"),
        FeatureParameter("long", 52, 2, 1000, "candles of the second senkou line"),
    ),
    outputs=(
        FeatureOutput("tenkan", "middle of the short window", PRICE, low=0, scale="close", level=True),
        FeatureOutput("kijun", "middle of the middle window", PRICE, low=0, scale="close", level=True),
        FeatureOutput("senkou_a", "middle of tenkan and kijun", PRICE, low=0, scale="close", level=True),
        FeatureOutput("senkou_b", "middle of the long window", PRICE, low=0, scale="close", level=True),
        FeatureOutput("price_vs_tenkan", "close above tenkan", "fraction", low=-1),
        FeatureOutput("price_vs_kijun", "close above kijun", "fraction", low=-1),
        FeatureOutput("tenkan_kijun_spread", "tenkan above kijun, against the close", "fraction"),
        FeatureOutput("cloud_distance", "close above or below both senkou lines, against the close", "fraction"),
        FeatureOutput("cloud_thickness", "senkou_a above senkou_b, against the close", "fraction"),
    ),
    variants=((9, 26, 52), (20, 60, 120)),
    step=step,
    definition=__doc__,
    warmup=lambda short, middle, long: int(max(short, middle, long)),
    floats=lambda short, middle, long: 2 * (sum_floats(short) + sum_floats(middle) + sum_floats(long)),
    ints=lambda short, middle, long: 2 * (window_ints(short) + window_ints(middle) + window_ints(long)),
)
