"""How many candles fading averages need until what came before them no longer shows."""

import math
from functools import cache

TOLERANCE = 1e-9
"""What may remain of the past, as a part of the value's own scale."""


def ema_warmup(n: float, stages: int = 1, tolerance: float = TOLERANCE) -> int:
    """Candles for an exponential average of `n`, taken `stages` times over: 10.4 to 11.4 times (n + 1) for one.

    What remains of the past after t candles is the chance of fewer than `stages` successes in t trials of 2 / (n + 1).
    """
    return fading_warmup(2 / (n + 1), stages, tolerance) + stages * math.ceil(n)


def wilder_warmup(n: float, stages: int = 1, tolerance: float = TOLERANCE) -> int:
    """The same for Wilder's average, which weighs the newest value 1 / n."""
    return fading_warmup(1 / n, stages, tolerance) + stages * math.ceil(n)


@cache
def fading_warmup(weight: float, stages: int = 1, tolerance: float = TOLERANCE) -> int:
    """The same for an average that weighs the newest value `weight`, seeding not counted."""
    if weight >= 1:
        return stages
    least, most = stages, 2 * stages
    while _remains(weight, stages, most) > tolerance:
        least, most = most, 2 * most
    while most - least > 1:
        middle = (least + most) // 2
        if _remains(weight, stages, middle) > tolerance:
            least = middle
        else:
            most = middle
    return most


def _remains(weight: float, stages: int, candles: int) -> float:
    logs = (
        math.lgamma(candles + 1) - math.lgamma(k + 1) - math.lgamma(candles - k + 1)
        + k * math.log(weight)
        + (candles - k) * math.log1p(-weight)
        for k in range(stages)
    )  # fmt: skip
    return sum(map(math.exp, logs))
