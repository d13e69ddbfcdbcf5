"""Twiggs money flow: Chaikin's, with true ranges and Wilder's averages.

With high and low that take in the close before (true high, true low): twiggs_money_flow = average of volume ((close -
low) - (high - close)) / (high - low) / average of volume, both Wilder's of n; a candle without range adds 0. NaN where
there was no trade.

Source: Twiggs, Incredible Charts (the formula is public on its pages). The averages are cut off after 28 n candles,
where the weights are below 1e-12 (see adosc). Inputs: high, low, close, volume, span. Warm-up: 28 n + 1 candles. Range:
-1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.faded_windows import fade_length, faded_floats, window_faded
from papertape.features.primitives.windows import window_ints


@kernel
def wilder_length(n: int) -> int:
    """Candles after which the weights of Wilder's average of n, that is an exponential one of 2 n - 1, have faded."""
    return fade_length(2 * n - 1)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    length = wilder_length(int(p[0]))
    keep = 1.0 - 1.0 / p[0]
    v, span = c.volume[t], c.span[t]
    low = min(c.low[t], c.close[t - 1])
    place = 0.0 if span == 0.0 else 2.0 * (c.close[t] - low) / span - 1.0
    net = window_faded(f, i, 0, 0, length, keep, c.index[t], v * place)
    total = window_faded(f, i, 2 * length + 2, length + 4, length, keep, c.index[t], v)
    if total > 0.0 and net == net:
        o[0] = max(-1.0, min(1.0, net / total))


FAMILY = FeatureFamily(
    name="twiggs_money_flow",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close", "volume", "span"),
    parameters=(FeatureParameter("n", 21, 2, 500, "candles of the averages"),),
    outputs=(FeatureOutput("twiggs_money_flow", "money flow by true ranges", "-1..1", low=-1, high=1),),
    variants=((21,),),
    step=step,
    definition=__doc__,
    warmup=lambda n: wilder_length(int(n)) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * faded_floats(wilder_length(int(n))),
    ints=lambda n: 2 * window_ints(wilder_length(int(n))),
)
