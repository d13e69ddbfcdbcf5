"""Episodes of many books on one course, step by step: what the compiled environment is made of.

`s`, `f`, `r`: one row a book, its state (`compiled_book`), its floats, its reward's state. `table` (n, features)
float32, `closes` (n,), `candles` (n, 7): the course. `t`, `x`: terms, in whole numbers and floats.
"""

from typing import Any, Final

import numpy as np

from papertape_ml.rl.compiled_book import (
    AFTER,
    AT,
    CASH,
    COST,
    EXIT,
    FAULT,
    FILLS,
    HELD,
    LEFT,
    OPENED,
    ORDER,
    PERIOD,
    TS,
    close,
    meet,
    settle_reversal,
    wish,
)  # fmt: skip
from papertape_ml.rl.compiled_book import CLOSE as CLOSE_PRICE
from papertape_ml.rl.formulas import KEEP, book_inputs, book_seen, continuous, discrete, most
from papertape_ml.rl.rewards import log_growth_of, rewarded

KNOWN: Final = 5
REGIME: Final = 6
"""Of a candle: whether all features have a value, and the market's regime."""

SPACE: Final = 10
ABSTAINS: Final = 11
REWARD: Final = 12
LENGTH: Final = 13
BEGINS: Final = 14
TERMS: Final = 15
"""Of the terms, behind those of `compiled_book`: whether actions are discrete; whether nothing is decided where a
feature is missing; the reward's number; decisions in an episode; cash to begin with."""

LEVERED: Final = 0
MOST_UNITS: Final = 1
LEAST_SHARE: Final = 2
BAND: Final = 3
SMALL: Final = 4
MEDIUM: Final = 5
BIG: Final = 6
RUIN: Final = 7
PARAMETER: Final = 8
FLOATS: Final = 11
"""Of the terms in floats: of `acting`; the equity that is ruin, quote currency; three parameters of the reward."""

EQUITY: Final = 0
BEFORE: Final = 1
PEAK: Final = 2
SHARE: Final = 3
UNIT: Final = 4
MARKS: Final = 5
"""Of a book in floats: equity now, at the close before, and at its highest; the position as a fraction of equity and
the price of a unit per unit of equity, as the newest observation has them."""

UNITS: Final = 1e8


def begin(b: int, at: int, s: Any, f: Any, r: Any, seen: Any, table: Any, closes: Any, candles: Any, t: Any, x: Any) -> None:  # fmt: skip  # noqa: E501
    """A fresh book `b` at the close of a candle."""
    own = s[b]
    own[CASH], own[HELD], own[COST], own[OPENED], own[AFTER] = t[BEGINS], 0, 0, 0, KEEP
    own[ORDER], own[EXIT], own[AT], own[LEFT], own[FILLS], own[FAULT] = 0, 0, at, t[LENGTH], 0, 0
    cash = t[BEGINS] / UNITS
    f[b, EQUITY], f[b, BEFORE], f[b, PEAK] = cash, cash, cash
    r[b, :] = 0.0
    see(own, f[b], seen[b], table, closes, candles, t, x)


def step(
    actions: Any, s: Any, f: Any, r: Any, seen: Any, rewards: Any, over: Any, log: Any, table: Any, closes: Any,
    candles: Any, t: Any, x: Any,
) -> int:  # fmt: skip
    """Carries out an action in each book, and goes on by one candle. `over` (books, 2): whether it is ruined, and
    whether its length has come to an end; such a book stays as it is. Gives how many books are over or have left the
    exact range."""
    ended = 0
    for b in range(len(s)):
        own, marks = s[b], f[b]
        if own[LEFT] <= 0:
            rewards[b] = 0.0
            ended += 1
            continue
        at = own[AT]
        regime = candles[at, REGIME]
        decide(actions[b], own, marks, candles[at], t, x)
        at += 1
        own[AT] = at
        c = candles[at]
        meet(own, t, c, log[b])
        close(own, t, c, log[b])
        cash = own[CASH] / UNITS
        equity = cash + own[HELD] / UNITS * closes[at] if own[HELD] != 0 else cash
        marks[BEFORE], marks[EQUITY] = marks[EQUITY], equity
        marks[PEAK] = max(marks[PEAK], equity)
        growth = log_growth_of(marks[BEFORE], equity)
        rewards[b] = rewarded(t[REWARD], x[PARAMETER:FLOATS], r[b], growth, regime)
        ruined = equity <= x[RUIN]
        own[LEFT] = 0 if ruined else own[LEFT] - 1
        over[b, 0] = ruined
        over[b, 1] = not ruined and own[LEFT] == 0
        if own[LEFT] == 0 or own[FAULT] != 0:
            ended += 1
        see(own, marks, seen[b], table, closes, candles, t, x)
    return ended


def decide(action: float, s: Any, marks: Any, c: Any, t: Any, x: Any) -> None:
    """Says the target that an action means, or nothing; a reversal that waits goes on either way. NaN, as an action or
    where the book has no equity, says nothing."""
    if action == action and marks[UNIT] == marks[UNIT] and not (t[ABSTAINS] == 1 and c[KNOWN] == 0):
        largest = most(marks[UNIT], x[LEVERED], x[MOST_UNITS])
        if t[SPACE] == 0:
            steps = continuous(action, marks[SHARE], largest, x[LEAST_SHARE], x[BAND])
        else:
            sizes = x[SMALL], x[MEDIUM], x[BIG]
            steps = discrete(int(action), marks[SHARE], largest, x[LEAST_SHARE], x[BAND], sizes[0], sizes[1], sizes[2])
        if steps != KEEP:
            wish(steps, s, t, c[CLOSE_PRICE])
    settle_reversal(s, t, c[CLOSE_PRICE])


def see(s: Any, marks: Any, seen: Any, table: Any, closes: Any, candles: Any, t: Any, x: Any) -> None:
    """Writes the observation at a book's newest candle."""
    at = s[AT]
    count = table.shape[1]
    for k in range(count):
        seen[k] = table[at, k]
    age = (candles[at, TS] + t[PERIOD] - s[OPENED]) / t[PERIOD] if s[HELD] != 0 else 0.0
    entry = s[COST] / abs(s[HELD]) if s[HELD] != 0 else 0.0
    held, cash, unrealised, drawdown, old, change, unit = book_inputs(
        s[HELD] / UNITS, entry, closes[at], s[CASH] / UNITS, marks[EQUITY], marks[BEFORE], marks[PEAK], age
    )
    marks[SHARE], marks[UNIT] = held, unit
    largest = most(unit, x[LEVERED], x[MOST_UNITS])
    row = book_seen(held, cash, unrealised, drawdown, old, change, largest, x[LEVERED])
    for k in range(len(row)):
        seen[count + k] = row[k]
    seen[count + len(row)] = np.float32(candles[at, KNOWN])
