"""Axes: round values to mark, and times to mark."""

import math
from collections.abc import Iterator

from papertape.market.timeframe import iso

_DAY = 86_400_000
_STEPS = [60_000 * minutes for minutes in (1, 5, 10, 15, 30, 60, 120, 240, 360, 720)]
_STEPS += [_DAY * days for days in (1, 2, 7, 14, 30, 90, 180, 365)]


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from `low` to `high`, `most` at the very most.

    >>> ticks(97.2, 104.9, 5)
    [98.0, 100.0, 102.0, 104.0]
    """
    if not (high > low and math.isfinite(high - low) and most > 0):
        return []
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 2.5, 5, 10, 20) if power * each >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(count * step, 12) for count in range(first, last + 1)][:most]


def decimals(values: list[float]) -> int:
    """How many decimals tell the values apart.

    >>> decimals([99.5, 100.0]), decimals([42_000.0, 42_500.0])
    (1, 0)
    """
    for places in range(10):
        if all(abs(round(value, places) - value) <= 1e-9 * max(1.0, abs(value)) for value in values):
            return places
    return 10


def time_marks(first: int, last: int, most: int) -> Iterator[tuple[int, str]]:
    """Round times, ms UTC, from `first` to `last`, `most` at the most, each with its label: a clock time, or a date
    where the day begins."""
    if last <= first or most < 1:
        return
    step = next((each for each in _STEPS if (last - first) / each <= most), _STEPS[-1] * 4)
    at = -(-first // step) * step
    while at <= last:
        text = iso(at)
        yield at, text[5:10] if at % _DAY == 0 else text[11:16]
        at += step
