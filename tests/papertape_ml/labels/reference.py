"""Labels as a reader would work them out by hand: plain loops over rows, for comparison."""

from typing import NamedTuple

from papertape.contract.candle import Floats


class Row(NamedTuple):
    """A label's row: when it was decided, its class, and the price at which the position is left."""

    t1: int
    y: int
    price: float


def end_of(candles: Floats, i: int, horizon: int) -> int | None:
    """The first candle that opens when the time of row i is over; None where the data end before."""
    due = candles[0, i + 1] + horizon
    return next((j for j in range(i + 1, candles.shape[1]) if candles[0, j] >= due), None)


def gaps(candles: Floats, first: int, last: int, period: int, horizon: int) -> bool:
    """Whether between two candles of these there is more time than the horizon."""
    return any(candles[0, j + 1] - candles[0, j] - period > horizon for j in range(first, last))


def bracketed(candles: Floats, i: int, stop: float, target: float, horizon: int, period: int, sign: int) -> Row | None:
    """An entry at the open after candle i, with a bracket in fractions of the entry; None where it is dropped."""
    if i + 1 >= candles.shape[1] or (end := end_of(candles, i, horizon)) is None:
        return None
    if gaps(candles, i, end, period, horizon):
        return None
    entry = float(candles[1, i + 1])
    below, above = entry * (1.0 - sign * stop), entry * (1.0 + sign * target)

    def stopped(price: float) -> bool:
        return price <= below if sign > 0 else price >= below

    def reached(price: float) -> bool:
        return price > above if sign > 0 else price < above

    for j in range(i + 1, end + 1):
        ts, open, high, low = (float(value) for value in candles[:4, j])
        if stopped(open):
            return Row(int(ts), 0, open)
        if reached(open):
            return Row(int(ts), 2, open)
        if j == end:
            return Row(int(ts), 1, open)
        if stopped(low if sign > 0 else high):
            return Row(int(ts) + period, 0, below)
        if reached(high if sign > 0 else low):
            return Row(int(ts) + period, 2, above)
    raise AssertionError("its time is never over")


def forward_range(candles: Floats, i: int, horizon: int, period: int) -> tuple[int, float, float] | None:
    """When the range after candle i is known, and its highest and lowest as fractions of the entry."""
    if i + 1 >= candles.shape[1]:
        return None
    due = float(candles[0, i + 1]) + horizon
    inside = [j for j in range(i + 1, candles.shape[1]) if candles[0, j] < due]
    if candles[0, -1] + period < due and inside[-1] == candles.shape[1] - 1:
        return None
    if gaps(candles, i, min(inside[-1] + 1, candles.shape[1] - 1), period, horizon):
        return None
    entry = float(candles[1, i + 1])
    high, low = max(candles[2, j] for j in inside), min(candles[3, j] for j in inside)
    return int(max(due, candles[0, inside[-1]] + period)), float(high / entry - 1), float(low / entry - 1)
