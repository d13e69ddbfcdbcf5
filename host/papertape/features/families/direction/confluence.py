"""Confluence: how many of seven indicators point the same way, signed.

A vote is 1 up, -1 down, 0 within its dead band: (1) close against its exponential average of n, band 1e-9 of the close;
(2) that average against the one of 2 n, 1e-9 of the close; (3) that average against itself one candle ago, 1e-9 of the
close; (4) rsi of n against 50, band 1 point; (5) close against the close n candles ago, 1e-9 of the close; (6) place of
the close in the range of n candles, -1 at its bottom and 1 at its top, band 0.1; (7) volume of rising less that of
falling candles, as a share of the volume of n candles, band 0.05.

confluence = sum of the votes / 7. confluence_score = mean of the same seven as numbers in -1..1: (1), (2) and (5) in
mean true ranges of n candles, (3) in n-ths of one, each as x / (1 + |x|), 0 where that range is below 1e-6 of the
close; (4) as rsi / 50 - 1, (6) and (7) as they are; 0 where there is no movement, no range or no volume.

Source: our own rule over classical indicators. Inputs: high, low, close, volume. Warm-up: of rsi, and of the averages,
seeds below 1e-15.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.rsi import rises_and_falls, rsi_warmup
from papertape.features.families.order_flow.signed_volume import signed_volume
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest, window_sum

VOTES = 7.0
BAND = 1e-9
NARROW = 1e-6


@kernel
def vote(x: float, band: float) -> float:
    return 1.0 if x > band else (-1.0 if x < -band else 0.0)


@kernel
def squashed(x: float, unit: float) -> float:
    return x / (unit + abs(x)) if unit > 0.0 else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    close, index = c.close[t], c.index[t]
    change = close - c.close[t - 1]
    before = f[0]
    near = ema(f, i, 0, 0, n, close)
    far = ema(f, i, 1, 1, 2 * n, close)
    up, down = rises_and_falls(f, i, 2, 2, n, change)
    highest = window_highest(f, i, 4, 5, n, index, c.high[t])
    lowest = window_lowest(f, i, 2 * n + 5, n + 9, n, index, c.low[t])
    a, b = 4 * n + 6, 2 * n + 13
    span = window_sum(f, i, a, b, n, index, c.span[t]) / n
    flow = window_sum(f, i, a + 2 * n + 1, b + n + 4, n, index, signed_volume(c, t))
    volume = window_sum(f, i, a + 4 * n + 2, b + 2 * n + 8, n, index, c.volume[t])
    if far != far or up != up or span != span or flow != flow:
        return
    band = BAND * close
    share = flow / volume if volume > 0.0 else 0.0
    spot = (2.0 * close - highest - lowest) / (highest - lowest) if highest > lowest else 0.0
    strength = (up - down) / (up + down) if up + down > 0.0 else 0.0
    moved = close - c.close[t - n]
    votes = vote(close - near, band) + vote(near - far, band) + vote(near - before, band) + vote(strength, 0.02)
    votes += vote(moved, band) + vote(spot, 0.1) + vote(share, 0.05)
    o[0] = votes / VOTES
    unit = span if span > NARROW * close else 0.0
    score = squashed(close - near, unit) + squashed(near - far, unit) + squashed(near - before, unit / n)
    score += strength + squashed(moved, unit) + spot + share
    o[1] = score / VOTES


FAMILY = FeatureFamily(
    name="confluence",
    category="direction",
    memory="decaying",
    inputs=("high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 14, 3, 300, "candles of the indicators"),),
    outputs=(
        FeatureOutput("confluence", "share of indicators that point up, less those down", "fraction", low=-1, high=1),
        FeatureOutput("confluence_score", "mean of the indicators as numbers", "-1..1", low=-1, high=1),
    ),
    variants=((7,), (14,), (40,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: max(rsi_warmup(n), ema_warmup(2 * n, 1, 1e-15)) + 1,
    reach=lambda n: int(n) + 1,
    floats=lambda n: 4 + 5 * sum_floats(n),
    ints=lambda n: 5 + 5 * window_ints(n),
)
