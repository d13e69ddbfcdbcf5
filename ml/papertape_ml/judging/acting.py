"""What acting on a model brings, candle by candle: one trade at a time, after fees.

A decision at a candle's close is entered at the next open and left when its label is decided, with the profit that the
label says it has; decisions in between are passed over. While a trade is open it is marked at each open.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from papertape.contract.candle import OPEN, TS, Floats, Ints
from papertape_ml.labels import LabelSpec


@dataclass(frozen=True, slots=True, eq=False)
class Acted:
    """`times`: open times of candles, ms UTC, rising; `returns`: from each open to the next, net of fees, as a fraction
    of what was put in at the entry, and the mean over all symbols; `trades`: how many were entered."""

    times: Ints
    returns: Floats
    trades: int


def acted(
    candles: Mapping[str, Floats], label: LabelSpec, symbol: Ints, at: Ints, t1: Ints, profit: Floats, stances: Ints
) -> Acted:
    """Acts on decisions in order of time.

    `candles`: (6, n) of each symbol; of each decision: `symbol`, its place among them; `at`, the candle at whose close
    it is made; `t1`, when the label is decided, ms UTC; `profit`, that of the label; `stances`: 1 long, -1 short, 0.
    The series begins with the first decision's entry, acted on or not, and ends with the last label.
    """
    slots = [np.flatnonzero(symbol == slot) for slot in range(len(candles))]
    series = [_open_times(one, at[rows], t1[rows]) for one, rows in zip(candles.values(), slots, strict=True)]
    times = np.unique(np.concatenate(series)) if series else np.empty(0, np.int64)
    total, trades = np.zeros(len(times)), 0
    for one, rows in zip(candles.values(), slots, strict=True):
        which = rows[stances[rows] != 0]
        ts = one[TS].astype(np.int64)
        for row, entry, left in _trades(ts, which, at, t1):
            sign = int(stances[row])
            marks = sign * np.diff(one[OPEN, entry:left]) / one[OPEN, entry]
            gained = np.append(marks, 0.0)
            gained[0] -= label.fee_bps / 10_000
            gained[-1] += profit_of(label, float(profit[row]), sign) - gained.sum()
            total[np.searchsorted(times, ts[entry:left])] += gained
            trades += 1
    return Acted(times, total / max(len(candles), 1), trades)


def held(candles: Mapping[str, Floats], times: Ints, fee_bps: float) -> Floats:
    """Buying all symbols in equal parts and holding them over `times`: returns as `Acted` has them, fees paid once at
    each end."""
    total = np.zeros(len(times))
    for one in candles.values():
        ts = one[TS].astype(np.int64)
        inside = np.flatnonzero((ts >= times[0]) & (ts <= times[-1]))
        if len(inside) < 2:
            continue
        opens = one[OPEN, inside]
        gained = np.append(np.diff(opens) / opens[0], 0.0)
        gained[0] -= fee_bps / 10_000
        gained[-1] -= fee_bps / 10_000 * opens[-1] / opens[0]
        where = np.searchsorted(times, ts[inside])
        known = where < len(times)
        known[known] = times[where[known]] == ts[inside][known]
        np.add.at(total, np.minimum(where, len(times) - 1), np.where(known, gained, 0.0))
    return total / max(len(candles), 1)


def profit_of(label: LabelSpec, profit: float, sign: int) -> float:
    """The profit of a trade of that sign that leaves when the label is decided, both fees paid: the label's own, or
    what follows for the other side from the price at which it leaves.

    >>> from papertape_ml.labels import parse
    >>> round(profit_of(parse("direction:6,fee=10"), 0.01798, -1), 9)
    -0.02202
    """
    own, fee = -1 if label.side == "short" else 1, label.fee_bps / 10_000
    if sign == own:
        return profit
    if own > 0:
        return (1.0 - fee) - (profit + 1.0 + fee) / (1.0 - fee) * (1.0 + fee)
    return (1.0 - fee - profit) / (1.0 + fee) * (1.0 - fee) - (1.0 + fee)


def apart(t0: Ints, t1: Ints) -> int:
    """How many labels there are of which no two overlap, whatever their symbols: the most that can be picked.

    >>> apart(np.array([0, 5, 10, 12]), np.array([10, 8, 20, 15]))
    2
    """
    count, free = 0, np.iinfo(np.int64).min
    for begin, end in zip(*(each[np.argsort(t1, kind="stable")].tolist() for each in (t0, t1)), strict=True):
        if begin >= free:
            count, free = count + 1, end
    return count


def _open_times(candles: Floats, at: Ints, t1: Ints) -> Ints:
    """The open times from a symbol's first entry to the end of its last label."""
    ts: Ints = candles[TS].astype(np.int64)
    if not len(at):
        return ts[:0]
    return ts[int(at.min()) + 1 : max(int(at.min()) + 2, int(np.searchsorted(ts, t1.max())))]


def _trades(ts: Ints, rows: Ints, at: Ints, t1: Ints) -> Iterator[tuple[int, int, int]]:
    """One symbol's trades, one after the other: the decision, the candle of the entry, and the first one without it."""
    free = 0
    for row, entry, left in zip(
        rows.tolist(), (at[rows] + 1).tolist(), np.searchsorted(ts, t1[rows]).tolist(), strict=True
    ):
        if entry >= free and entry < len(ts):
            free = max(left, entry + 1)
            yield row, entry, free
