"""Price oscillator: a fast exponential average of the close against a slow one, with its signal.

apo = ema_fast - ema_slow; ppo = 100 apo / ema_slow, ppo_signal = ema_s(ppo), ppo_hist = ppo - ppo_signal.

Source: Appel, Technical Analysis (2005); TA-Lib, APO and PPO with exponential averages; StockCharts, PPO, for the
signal. Inputs: close. Warm-up: until the seeds' weights are below 1e-12, as ppo is a small part of the price.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    fast = ema(f, i, 0, 0, int(p[0]), c.close[t])
    slow = ema(f, i, 1, 1, int(p[1]), c.close[t])
    o[0] = fast - slow
    if fast == fast and slow == slow:
        o[1] = 100.0 * (fast - slow) / slow if slow != 0.0 else 0.0
        o[2] = ema(f, i, 2, 2, int(p[2]), o[1])
        o[3] = o[1] - o[2]


FAMILY = FeatureFamily(
    name="ppo",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("fast", 12, 2, 500, "candles of the fast average"),
        FeatureParameter("slow", 26, 2, 500, "candles of the slow average"),
        FeatureParameter("s", 9, 2, 300, "candles of the signal"),
    ),
    outputs=(
        FeatureOutput("apo", "fast average less the slow one", "quote currency", scale="close", level=True),
        FeatureOutput("ppo", "fast average above the slow one", "percent"),
        FeatureOutput("ppo_signal", "average of ppo", "percent"),
        FeatureOutput("ppo_hist", "ppo less its signal", "percent"),
    ),
    variants=((3, 10, 16), (50, 100, 20)),
    step=step,
    definition=__doc__,
    warmup=lambda fast, slow, s: ema_warmup(max(fast, slow, s), 2, 1e-12),
    floats=lambda fast, slow, s: 3,
    ints=lambda fast, slow, s: 3,
)
