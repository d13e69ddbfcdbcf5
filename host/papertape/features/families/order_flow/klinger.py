"""Klinger volume oscillator.

The trend of a candle is 1 where high + low + close is above that of the candle before, else -1; d = high - low; m = d
summed over the run of candles of the same trend and the one candle before it, the last 100 candles of it at most. With
x = 100 trend volume |2 (d / m - 1)|, 0 where m is 0: kvo = EMA(fast) - EMA(slow) of x; kvo_signal = EMA(signal) of kvo;
klinger = kvo / (100 EMA(slow) of the volume), klinger_hist = (kvo - kvo_signal) / the same; NaN where that is 0.

Source: Klinger, Identifying trends with volume analysis, Stocks & Commodities (1997), in the form that Skender's
indicators and tulip give it; a run has no limit there. The averages are cut off after 14 (n + 1) candles, where the
weights are below 1e-12 (see adosc). Inputs: high, low, close, volume. Warm-up: 102 candles and those of the slow
average and of the signal.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.faded_windows import fade_length, faded_floats, window_faded
from papertape.features.primitives.windows import window_ints

RUN: Final = 100


@kernel
def rises(c: Columns, t: int) -> bool:
    """Whether a candle's prices are above those of the candle before."""
    return c.high[t] + c.low[t] + c.close[t] > c.high[t - 1] + c.low[t - 1] + c.close[t - 1]  # type: ignore[no-any-return]


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    at, v = c.index[t], c.volume[t]
    up = rises(c, t)
    height = c.high[t] - c.low[t]
    run = height
    for k in range(1, RUN):
        run += c.high[t - k] - c.low[t - k]
        if rises(c, t - k) != up:
            break
    x = 0.0 if run == 0.0 else 200.0 * v * (1.0 - height / run) * (1.0 if up else -1.0)
    short, long, last = fade_length(int(p[0])), fade_length(int(p[1])), fade_length(int(p[2]))
    fast, slow, signal = 2.0 / (p[0] + 1.0), 2.0 / (p[1] + 1.0), 2.0 / (p[2] + 1.0)
    a, b = 2 * short + 2, short + 4
    near = fast * window_faded(f, i, 0, 0, short, 1.0 - fast, at, x)
    far = slow * window_faded(f, i, a, b, long, 1.0 - slow, at, x)
    a, b = a + 2 * long + 2, b + long + 4
    volume = slow * window_faded(f, i, a, b, long, 1.0 - slow, at, v)
    a, b = a + 2 * long + 2, b + long + 4
    smooth = signal * window_faded(f, i, a, b, last, 1.0 - signal, at, near - far)
    o[0] = near - far
    o[1] = smooth
    if volume > 0.0:
        o[2] = (near - far) / (100.0 * volume)
        o[3] = (near - far - smooth) / (100.0 * volume)


FAMILY = FeatureFamily(
    name="klinger",
    category="volume and order flow",
    memory="path",
    inputs=("high", "low", "close", "volume"),
    parameters=(
        FeatureParameter("fast", 34, 2, 200, "candles of the fast average"),
        FeatureParameter("slow", 55, 2, 200, "candles of the slow average"),
        FeatureParameter("signal", 13, 2, 200, "candles of the signal's average"),
    ),
    outputs=(
        FeatureOutput("kvo", "Klinger volume oscillator", "base", level=True),
        FeatureOutput("kvo_signal", "its signal line", "base", level=True),
        FeatureOutput("klinger", "the oscillator against the mean volume", "ratio"),
        FeatureOutput("klinger_hist", "the oscillator less its signal, against the mean volume", "ratio"),
    ),
    variants=((10, 20, 5), (34, 55, 13)),
    step=step,
    definition=__doc__,
    warmup=lambda fast, slow, signal: RUN + 2 + fade_length(int(max(fast, slow))) + fade_length(int(signal)),
    reach=lambda fast, slow, signal: RUN + 1,
    floats=lambda fast, slow, signal: (
        faded_floats(fade_length(int(fast)))
        + 2 * faded_floats(fade_length(int(slow)))
        + faded_floats(fade_length(int(signal)))
    ),
    ints=lambda fast, slow, signal: (
        window_ints(fade_length(int(fast)))
        + 2 * window_ints(fade_length(int(slow)))
        + window_ints(fade_length(int(signal)))
    ),
)
