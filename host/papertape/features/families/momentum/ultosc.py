"""Ultimate oscillator: buying pressure over three windows, the shortest weighing most.

low' = the lower of low and the close before; share_n = sum of (close - low') / sum of true ranges over n candles, 0
where they are none; ultosc = 100 (4 share_a + 2 share_b + share_c) / 7.

Source: Williams, The Ultimate Oscillator (1985); TA-Lib, ULTOSC (which sorts a, b, c; here they are to rise). Inputs:
high, low, close. Warm-up: c + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    a, b = int(p[0]), int(p[1])
    pressure, spans, total = 0.0, 0.0, 0.0
    for k in range(int(p[2])):
        pressure += c.close[t - k] - min(c.low[t - k], c.close[t - k - 1])
        spans += c.span[t - k]
        if k + 1 == a and spans > 0.0:
            total += 4.0 * pressure / spans
        if k + 1 == b and spans > 0.0:
            total += 2.0 * pressure / spans
    if spans == spans:
        o[0] = 100.0 * (total + (pressure / spans if spans > 0.0 else 0.0)) / 7.0


FAMILY = FeatureFamily(
    name="ultosc",
    category="momentum",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("a", 7, 1, 200, "candles of the short window"),
        FeatureParameter("b", 14, 1, 200, "candles of the middle window"),
        FeatureParameter("c", 28, 1, 200, "candles of the long window"),
    ),
    outputs=(FeatureOutput("ultosc", "buying pressure over three windows", "0..100", 0, 100, scale=100),),
    variants=((7, 14, 28), (14, 28, 56)),
    step=step,
    definition=__doc__,
    warmup=lambda a, b, c: int(max(a, b, c)) + 1,
    reach=lambda a, b, c: int(max(a, b, c)) + 1,
)
