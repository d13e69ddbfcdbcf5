"""Divergence signal: the close makes a new extreme in the newer half of the window and an indicator does not.

Of the last n values, older = those but the newest n // 2, newer = the newest n // 2. -1 (bearish) where the highest
close of the newer is above that of the older and the indicator's highest is below its own; 1 (bullish) where the lowest
close of the newer is below that of the older and the indicator's lowest is above its own; 0 for neither or both. A
difference counts where it is above 0.05 of the window's range of the close, of the indicator. X in
divergence_signal_X: rsi of 14 candles; macd of 12 and 26; on-balance volume, added up within the window.

Source: regular divergence as in Wilder (1978), with halves of a window for swings. Inputs: close, volume. Warm-up: of
the indicator, seeds below 1e-15, and n candles. Values: -1, 0, 1. Dead band besides the 0.05: no signal where the range
is below 1e-9 of the close for the close, 1e-4 points for rsi, 1e-8 of the close for macd, 1e-9 of its largest value for
on-balance volume.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.rsi import relative_strength, rsi_warmup
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

RSI = 14
FAST = 12
SLOW = 26
BAND = 0.05
CLOSE_BAND = 1e-9
RSI_BAND = 1e-4
MACD_BAND = 1e-8


@kernel
def extremes_moved(f: Any, a: int, place: int, n: int, narrow: float) -> tuple[float, float]:
    """How much higher the newer half's highest is, and its lowest, in ranges of the n values in the ring at `f[a:]`.

    `place`: of the newest. Both 0 where the range is at most `narrow`.
    """
    high, low = f[a + place], f[a + place]
    newer_high, newer_low = high, low
    for k in range(n):
        if k == n // 2:
            newer_high, newer_low = high, low
            high, low = f[a + place], f[a + place]
        high = max(high, f[a + place])
        low = min(low, f[a + place])
        place = place - 1 if place > 0 else n - 1
    width = max(high, newer_high) - min(low, newer_low)
    if width <= narrow:
        return 0.0, 0.0
    return (newer_high - high) / width, (newer_low - low) / width


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
    n = int(p[0])
    close = c.close[t]
    place = i[5]
    f[4 + place] = close
    f[4 + n + place] = relative_strength(f, i, 0, 0, RSI, close - c.close[t - 1])
    f[4 + 2 * n + place] = ema(f, i, 2, 3, FAST, close) - ema(f, i, 3, 4, SLOW, close)
    i[5] = place + 1 if place + 1 < n else 0
    flow, most = 0.0, 0.0
    for k in range(n):
        back = n - 1 - k
        change = c.close[t - back] - c.close[t - back - 1]
        flow += c.volume[t - back] if change > 0.0 else (-c.volume[t - back] if change < 0.0 else 0.0)
        most = max(most, abs(flow))
        f[4 + 3 * n + k] = flow
    price_high, price_low = extremes_moved(f, 4, place, n, CLOSE_BAND * close)
    high, low = extremes_moved(f, 4 + n, place, n, RSI_BAND)
    o[0] = divergence_sign(price_high, price_low, high, low)
    high, low = extremes_moved(f, 4 + 2 * n, place, n, MACD_BAND * close)
    o[1] = divergence_sign(price_high, price_low, high, low)
    high, low = extremes_moved(f, 4 + 3 * n, n - 1, n, CLOSE_BAND * most)
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
    warmup=lambda n: max(rsi_warmup(RSI), ema_warmup(SLOW, 1, 1e-15)) + int(n) + 1,
    reach=lambda n: int(n) + 1,
    floats=lambda n: 4 + 4 * int(n),
    ints=lambda n: 6,
)
