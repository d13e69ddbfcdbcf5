"""Sentiment and pressure: which side the candles of a window were on.

Over the last n candles, with body = close - open and range = high - low:

- candle_sentiment_n = mean of (2 close - high - low) / range, 1 where every candle closed at its high; 0 for a candle
  without range.
- body_pressure_n = sum of body / sum of range.
- wick_pressure_n = sum of lower wicks less upper wicks / sum of range.
- buying_pressure_n = sum of (close - lower of low and close before) / sum of true range.

Where a sum below the line is 0: 0, and 0.5 for buying_pressure.

Source: our own definition; buying pressure and true range as in the ultimate oscillator (Williams, 1985). Inputs: open,
high, low, close, span. Warm-up: n + 1 candles. Range: -1 to 1; buying_pressure 0 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.candlestick.anatomy import lower, upper
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def share(part: float, whole: float, otherwise: float) -> float:
    return part / whole if whole != 0.0 else otherwise


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    a, b, at = 2 * n + 1, n + 4, c.index[t]
    size = c.high[t] - c.low[t]
    located = share((c.close[t] - c.low[t]) - (c.high[t] - c.close[t]), size, 0.0)
    bought = c.close[t] - min(c.low[t], c.close[t - 1])
    sizes = window_sum(f, i, 0, 0, n, at, size)
    spans = window_sum(f, i, a, b, n, at, c.span[t])
    o[0] = window_sum(f, i, 2 * a, 2 * b, n, at, located) / n
    o[1] = share(window_sum(f, i, 3 * a, 3 * b, n, at, c.close[t] - c.open[t]), sizes, 0.0)
    o[2] = share(window_sum(f, i, 4 * a, 4 * b, n, at, lower(c, t) - upper(c, t)), sizes, 0.0)
    o[3] = share(window_sum(f, i, 5 * a, 5 * b, n, at, bought), spans, 0.5)


FAMILY = FeatureFamily(
    name="candle_sentiment",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close", "span"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of the window"),),
    outputs=(
        FeatureOutput("candle_sentiment", "where candles close in their ranges, mean", "fraction", low=-1, high=1),
        FeatureOutput("body_pressure", "all bodies against all ranges", "fraction", low=-1, high=1),
        FeatureOutput("wick_pressure", "lower wicks less upper ones against all ranges", "fraction", low=-1, high=1),
        FeatureOutput("buying_pressure", "rises from the true lows against true ranges", "fraction", low=0, high=1),
    ),
    variants=((5,), (20,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 6 * sum_floats(n),
    ints=lambda n: 6 * window_ints(n),
)
