"""Divergence signal: the close makes a new extreme in the newer half of the window and an indicator does not.

With halves of n // 2 values, newer = the newest half, older = the half before it. -1 (bearish) where the highest
close of the newer is above that of the older and the indicator's highest is below its own; 1 (bullish) where the lowest
close of the newer is below that of the older and the indicator's lowest is above its own; 0 for neither or both. A
difference counts where it is above 0.05 of the range in both of the close, of the indicator. X in
divergence_signal_X: rsi of 14 candles; macd of 12 and 26; on-balance volume, added up within the window.

Source: regular divergence as in Wilder (1978), with halves of a window for swings. Inputs: close, volume. Warm-up: of
the indicators (rsi to 1e-11, macd to 1e-15), and n candles. Values: -1, 0, 1. Dead band besides
the 0.05: no signal where the range is below 1e-9 of the close for the close, 1e-4 points for rsi, 1e-8 of the close for
macd, 1e-9 of its largest value for on-balance volume.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.rsi import relative_strength, rsi_warmup
from papertape.features.families.order_flow.signed_volume import signed_volume
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup
from papertape.features.primitives.windows import window_highest, window_lowest

RSI = 14
FAST = 12
SLOW = 26
BAND = 0.05
CLOSE_BAND = 1e-9
RSI_BAND = 1e-4
MACD_BAND = 1e-8


@kernel
def extremes_moved(
    f: Any, i: Any, a: int, b: int, half: int, index: float, place: int, x: float, narrow: float
) -> tuple[float, float]:
    """How much higher the newer half's highest is, and its lowest, in ranges of both; 0 where that is `narrow`.

    6 half + 2 floats, 2 half + 8 ints. `place`: counts candles, modulo half.
    """
    high = window_highest(f, i, a, b, half, index, x)
    low = window_lowest(f, i, a + 2 * half + 1, b + half + 4, half, index, x)
    kept = a + 4 * half + 2 + place
    old_high, old_low = f[kept], f[kept + half]
    f[kept], f[kept + half] = high, low
    return in_ranges(old_high, old_low, high, low, narrow)


@kernel
def in_ranges(old_high: float, old_low: float, high: float, low: float, narrow: float) -> tuple[float, float]:
    width = max(high, old_high) - min(low, old_low)
    if width <= narrow:
        return 0.0, 0.0
    return (high - old_high) / width, (low - old_low) / width


@kernel
def flow_moved(c: Columns, t: int, half: int) -> tuple[float, float]:
    """The same of the volume signed by the change of the close, added up from the oldest candle on."""
    flow, most = 0.0, 0.0
    old_high, old_low, high, low = -math.inf, math.inf, -math.inf, math.inf
    for back in range(2 * half - 1, -1, -1):
        flow += signed_volume(c, t - back)
        most = max(most, abs(flow))
        if back >= half:
            old_high, old_low = max(old_high, flow), min(old_low, flow)
        else:
            high, low = max(high, flow), min(low, flow)
    return in_ranges(old_high, old_low, high, low, CLOSE_BAND * most)


@kernel
def divergence_sign(price_high: float, price_low: float, high: float, low: float) -> float:
    """1 bullish, -1 bearish, from how the extremes of price and indicator moved."""
    sign = 0.0
    if price_high > BAND and high < -BAND:
        sign -= 1.0
    if price_low < -BAND and low > BAND:
        sign += 1.0
    return sign


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    half = int(p[0]) // 2
    close, index = c.close[t], c.index[t]
    rsi = relative_strength(f, i, 0, 0, RSI, close - c.close[t - 1])
    macd = ema(f, i, 2, 3, FAST, close) - ema(f, i, 3, 4, SLOW, close)
    place = i[5]
    i[5] = place + 1 if place + 1 < half else 0
    floats, ints = 6 * half + 2, 2 * half + 8
    price_high, price_low = extremes_moved(f, i, 4, 6, half, index, place, close, CLOSE_BAND * close)
    high, low = extremes_moved(f, i, 4 + floats, 6 + ints, half, index, place, rsi, RSI_BAND)
    o[0] = divergence_sign(price_high, price_low, high, low)
    high, low = extremes_moved(f, i, 4 + 2 * floats, 6 + 2 * ints, half, index, place, macd, MACD_BAND * close)
    o[1] = divergence_sign(price_high, price_low, high, low)
    high, low = flow_moved(c, t, half)
    o[2] = divergence_sign(price_high, price_low, high, low)


FAMILY = FeatureFamily(
    name="divergence_signal",
    category="direction",
    memory="decaying",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 30, 4, 200, "candles of the window"),),
    outputs=(
        FeatureOutput("divergence_signal_rsi", "divergence of the close and rsi", "sign", low=-1, high=1),
        FeatureOutput("divergence_signal_macd", "divergence of the close and macd", "sign", low=-1, high=1),
        FeatureOutput("divergence_signal_obv", "divergence of the close and volume", "sign", low=-1, high=1),
    ),
    variants=((20,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: max(rsi_warmup(RSI, 1e-11), ema_warmup(SLOW, 1, 1e-15)) + int(n) + 1,
    reach=lambda n: int(n) + 1,
    floats=lambda n: 4 + 3 * (6 * (int(n) // 2) + 2),
    ints=lambda n: 6 + 3 * (2 * (int(n) // 2) + 8),
)
