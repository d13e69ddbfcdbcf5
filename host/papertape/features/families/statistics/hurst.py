"""Hurst exponent of the log returns of the last n candles, by rescaled range.

The n returns are cut into chunks of m, from the newest back, for m = 8, 16, 32 .. while m is at most n / 2. Of each
chunk: the range of the sums of differences from the chunk's mean (the empty sum among them), over the standard
deviation (population); R(m) is the mean over the chunks whose returns vary. hurst = 0.5 + the least-squares slope of
log R(m) - log E(m) on log m, E(m) being the expectation for independent normal returns: E(m) = G((m - 1) / 2) / (G(m /
2) sqrt(pi)) * sum for k = 1 .. m - 1 of sqrt((m - k) / k). So 0.5 is no memory, above it trends go on, below it they
turn. Undefined where for some m no chunk has returns that vary.

Source: Mandelbrot, Wallis (1969); Anis, Lloyd, The expected value of the adjusted rescaled Hurst range of independent
normal summands (1976). Inputs: close. Computed once in n / 8 candle numbers, anchored in absolute time, and held in
between. Warm-up: n + 1 + n / 8 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel

# State: floats: the value held, the number of the cadence's block, then log E(m) for each m; ints: candles had.
HELD = 0
BLOCK = 1
EXPECTED = 2
SCALES = 8
SMALLEST = 8


@kernel
def expected_range(m: int) -> float:
    """Logarithm of E(m)."""
    total = 0.0
    for k in range(1, m):
        total += math.sqrt((m - k) / k)
    return math.lgamma((m - 1) / 2.0) - math.lgamma(m / 2.0) - 0.5 * math.log(math.pi) + math.log(total)


@kernel
def mean_rescaled_range(c: Columns, t: int, n: int, m: int) -> float:
    """R(m) of the n returns up to t; NaN where no chunk's returns vary."""
    total, counted = 0.0, 0
    for chunk in range(n // m):
        newest = t - chunk * m
        mean = 0.0
        for k in range(m):
            mean += c.gain[newest - k]
        mean /= m
        at, highest, lowest, squares = 0.0, 0.0, 0.0, 0.0
        for k in range(m):
            off = c.gain[newest - k] - mean
            at += off
            highest = max(highest, at)
            lowest = min(lowest, at)
            squares += off * off
        if squares > 0.0:
            total += (highest - lowest) / math.sqrt(squares / m)
            counted += 1
    return total / counted if counted > 0 else math.nan


@kernel
def rescaled_range_exponent(f: Any, c: Columns, t: int, n: int) -> float:
    scales, mean_x, mean_y, xx, xy = 0, 0.0, 0.0, 0.0, 0.0
    m = SMALLEST
    while 2 * m <= n:
        if f[EXPECTED + scales] == 0.0:
            f[EXPECTED + scales] = expected_range(m)
        y = math.log(mean_rescaled_range(c, t, n, m)) - f[EXPECTED + scales]
        x = math.log(float(m))
        scales += 1
        off = x - mean_x
        mean_x += off / scales
        mean_y += (y - mean_y) / scales
        xx += off * (x - mean_x)
        xy += off * (y - mean_y)
        m *= 2
    return 0.5 + xy / xx


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    block = math.floor(c.index[t] / (n // 8))
    if i[0] == 0:
        f[HELD] = math.nan
    elif block != f[BLOCK]:
        f[HELD] = rescaled_range_exponent(f, c, t, n)
    f[BLOCK] = block
    i[0] = 1
    o[0] = f[HELD]


FAMILY = FeatureFamily(
    name="hurst",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 128, 64, 1024, "returns of the window"),),
    outputs=(FeatureOutput("hurst", "Hurst exponent: 0.5 no memory, above it trends go on", "1"),),
    variants=((128,), (256,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1 + int(n) // 8,
    reach=lambda n: int(n),
    floats=lambda n: EXPECTED + SCALES,
    ints=lambda n: 1,
)
