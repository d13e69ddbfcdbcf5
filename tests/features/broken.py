"""Families that break one promise each, to see that it is noticed."""

import math
from typing import Any

from papertape import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.contract.feature import Memory


@kernel
def looks_ahead(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = c.close[t + 1] / c.close[t]


@kernel
def remembers_all(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    f[0] += 1.0
    f[1] += c.volume[t]
    o[0] = f[1] / f[0]


@kernel
def drifts(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    """A running sum that adds and subtracts."""
    old = c.close[t - 10]
    f[0] += c.close[t] - (old if old == old else 0.0)
    o[0] = f[0] / 10.0


@kernel
def reaches_too_far(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = c.close[t] / c.close[t - 40]


@kernel
def leaves_its_range(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = c.gain[t]


@kernel
def writes_to_candles(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    c.volume[t] = 1.0
    o[0] = c.close[t] / c.close[t]


@kernel
def writes_to_gains(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    c.gain[t] = 0.0
    o[0] = c.close[t] / c.close[t]


@kernel
def writes_late(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    f[0] += 1.0
    if f[0] == 350.0:
        c.close[t] = 1.0
    o[0] = c.open[t] / c.open[t]


@kernel
def writes_before_the_first(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    """Where NaNs stand in place of candles that are not known."""
    if not c.close[t - 10] > 0.0:
        c.close[t - 10] = 1.0
    o[0] = c.open[t] / c.open[t]


@kernel
def keeps_to_itself(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = c.close[t] / c.close[t - 1] - 1.0


@kernel
def overflows(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = math.exp(1.0 / (c.close[t] - c.close[t]))


def family(
    step: Any, memory: Memory = "window", warmup: int = 11, low: float = -math.inf, high: float = math.inf
) -> FeatureFamily:
    """A family of one feature around a step, named after it."""
    name = step.__name__
    return FeatureFamily(
        name=name,
        category="broken",
        memory=memory,
        inputs=("close",),
        outputs=(FeatureOutput(name, "broken", "none", low=low, high=high),),
        parameters=(FeatureParameter("n", 10, 1, 100, "nothing"),),
        variants=((10,),),
        step=step,
        definition="Broken. Source: nobody's.",
        warmup=lambda n: warmup,
        reach=lambda n: 11,
        floats=lambda n: 2,
        ints=lambda n: 1,
    )
