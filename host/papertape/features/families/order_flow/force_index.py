"""Force index: how much volume moved the price, and which way.

With x = volume (close - close'), averaged as an EMA of n: force_index = EMA of x; force_balance = EMA of x / EMA of
|x|, 0 where nothing moved the price.

Source: Elder, Trading for a Living (1993); TA-Lib, EFI. The averages are cut off after 14 (n + 1) candles, where the
weights are below 1e-12 (see adosc). Inputs: close, volume. Warm-up: 14 (n + 1) + 1 candles. Range of the balance: -1
to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.faded_windows import fade_length, faded_floats, window_faded
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    length = fade_length(int(p[0]))
    weight = 2.0 / (p[0] + 1.0)
    force = c.volume[t] * (c.close[t] - c.close[t - 1])
    net = window_faded(f, i, 0, 0, length, 1.0 - weight, c.index[t], force)
    gross = window_faded(f, i, 2 * length + 2, length + 4, length, 1.0 - weight, c.index[t], abs(force))
    o[0] = weight * net
    if gross > 0.0:
        o[1] = max(-1.0, min(1.0, net / gross))
    elif gross == 0.0:
        o[1] = 0.0


FAMILY = FeatureFamily(
    name="force_index",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 13, 2, 500, "candles of the average"),),
    outputs=(
        FeatureOutput("force_index", "price change times volume", "base times quote", level=True),
        FeatureOutput("force_balance", "force upwards less downwards, against both", "-1..1", low=-1, high=1),
    ),
    variants=((2,), (13,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: fade_length(int(n)) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * faded_floats(fade_length(int(n))),
    ints=lambda n: 2 * window_ints(fade_length(int(n))),
)
