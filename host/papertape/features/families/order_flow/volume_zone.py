"""Volume zone oscillator: rising less falling volume as a share of all, in exponential averages.

vzo = 100 EMA of the volume with the sign of the close's change / EMA of the volume, both of n; NaN where there was no
trade.

Source: Khalil, Steckler, In the volume zone, Stocks & Commodities (2011). The averages are cut off after 14 (n + 1)
candles, where the weights are below 1e-12 (see adosc). Inputs: close, volume. Warm-up: 14 (n + 1) + 1 candles. Range:
-100 to 100.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.signed_volume import signed_volume
from papertape.features.primitives.faded_windows import fade_length, faded_floats, window_faded
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    length = fade_length(int(p[0]))
    keep = 1.0 - 2.0 / (p[0] + 1.0)
    net = window_faded(f, i, 0, 0, length, keep, c.index[t], signed_volume(c, t))
    total = window_faded(f, i, 2 * length + 2, length + 4, length, keep, c.index[t], c.volume[t])
    if total > 0.0 and net == net:
        o[0] = 100.0 * max(-1.0, min(1.0, net / total))


FAMILY = FeatureFamily(
    name="volume_zone",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 14, 2, 500, "candles of the averages"),),
    outputs=(FeatureOutput("vzo", "volume zone oscillator", "-100..100", low=-100, high=100, scale=100),),
    variants=((14,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: fade_length(int(n)) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * faded_floats(fade_length(int(n))),
    ints=lambda n: 2 * window_ints(fade_length(int(n))),
)
