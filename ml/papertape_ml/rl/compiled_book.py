"""One book of one symbol in whole numbers, as the engine has it: compiled, and held equal to the engine by tests.

It knows what a policy's targets need and no more: market orders at the next open, fees of a taker, spot, or cross
margin with liquidation. Every rule is the host's; where one is named, the host's code is in brackets. Cash, costs and
quantities are multiples of 1e-8, prices of 10^-decimals.
"""

from typing import Any, Final

import numpy as np

from papertape_ml.rl.exact import POWERS, ZERO, booked, divided, less, minus, nearest, plus, product, times
from papertape_ml.rl.formulas import GRID, KEEP

CASH: Final = 0
HELD: Final = 1
COST: Final = 2
OPENED: Final = 3
AFTER: Final = 4
ORDER: Final = 5
EXIT: Final = 6
AT: Final = 7
LEFT: Final = 8
FILLS: Final = 9
FAULT: Final = 10
STATE: Final = 11
"""Of a book `s`: cash; signed units; cost of what is held; when it was opened, ms UTC; the target of a reversal, KEEP
where there is none; the working order in signed units, 0 where there is none, and whether it is an exit; the newest
candle; decisions left; fills so far; whether a number has left the range in which all of this is exact."""

DECIMALS: Final = 0
RATE: Final = 1
RATE_DECIMALS: Final = 2
LOT: Final = 3
LEAST: Final = 4
MARGIN: Final = 5
LEVERAGE: Final = 6
KEPT: Final = 7
KEPT_DECIMALS: Final = 8
PERIOD: Final = 9
"""Of the terms `t`: decimals of prices; the fee and its decimals; lot and least notional; whether there is margin, its
leverage, and the maintenance with its decimals; ms of a candle."""

TS: Final = 0
OPEN: Final = 1
HIGH: Final = 2
LOW: Final = 3
CLOSE: Final = 4
"""Of a candle `c`: its open time and its prices."""

ENTERED: Final = 0
EXITED: Final = 1
LIQUIDATED: Final = 2
"""Roles of fills."""

LARGEST: Final = 1 << 53
"""Every amount of a book stays below this: exact as a float, and products of it fit."""


def equity(s: Any, t: Any, price: int) -> Any:
    """Cash and position at a price: sign, and the amount (high, low) in 1e-8 x 10^-decimals [Book.exact_equity]."""
    high, low = product(np.uint64(abs(s[CASH])), POWERS[t[DECIMALS]])
    high2, low2 = product(np.uint64(abs(s[HELD])), np.uint64(price))
    if (s[CASH] < 0) == (s[HELD] < 0):
        high, low = plus(high, low, high2, low2)
        return (-1 if s[CASH] < 0 else 1), high, low
    if less(high, low, high2, low2):
        high, low = minus(high2, low2, high, low)
        return (-1 if s[HELD] < 0 else 1), high, low
    high, low = minus(high, low, high2, low2)
    return (-1 if s[CASH] < 0 else 1), high, low


def target(steps: int, s: Any, t: Any, price: int) -> int:
    """The signed units that a target of steps/GRID of equity asks for [Desk._target]."""
    sign, high, low = equity(s, t, price)
    high, low = times(high, low, np.uint64(abs(steps)))
    _, units, _ = divided(high, low, np.uint64(GRID) * np.uint64(price))
    found = np.int64(units - units % np.uint64(t[LOT]))
    return int(found if (steps < 0) == (sign < 0) else -found)


def wish(steps: int, s: Any, t: Any, price: int) -> None:
    """Has the book follow a target [Desk._begin_target]: nothing works when it is said, since orders meet the very
    next candle."""
    held = s[HELD]
    wanted = target(steps, s, t, price)
    s[AFTER] = KEEP
    if held != 0 and wanted != 0 and (held > 0) != (wanted > 0):
        s[ORDER], s[EXIT], s[AFTER] = -held, 1, steps
    elif held != 0 and abs(wanted) < abs(held):
        s[ORDER], s[EXIT] = wanted - held, 1
    elif wanted != held:
        enter(steps, s, t, price)


def settle_reversal(s: Any, t: Any, price: int) -> None:
    """Enters the new side of a reversal once the old one is closed [Desk.settle_reversals]."""
    if s[AFTER] != KEEP and s[HELD] == 0:
        enter(s[AFTER], s, t, price)
        s[AFTER] = KEEP


def enter(steps: int, s: Any, t: Any, price: int) -> None:
    """Orders what is missing of a target, as much as the book can pay [Desk._enter, Dealings.covered]."""
    more = target(steps, s, t, price) - s[HELD]
    if more == 0 or (more < 0 and t[MARGIN] == 0 and s[HELD] <= 0):
        return
    units = np.uint64(abs(more))
    unit = np.uint64(price) * (POWERS[t[RATE_DECIMALS]] + np.uint64(t[RATE]))
    high, low = power(s, t, price)
    high, low = times(high, low, POWERS[t[RATE_DECIMALS]])
    high2, low2 = product(units, unit)
    if less(high, low, high2, low2):
        _, units, _ = divided(high, low, unit)
        units = units - units % np.uint64(t[LOT])
        if units == ZERO:
            return
    high, low = product(units, np.uint64(price))
    high2, low2 = product(np.uint64(t[LEAST]), POWERS[t[DECIMALS]])
    if less(high, low, high2, low2):
        return
    s[ORDER], s[EXIT] = (np.int64(units) if more > 0 else -np.int64(units)), 0


def power(s: Any, t: Any, price: int) -> Any:
    """What can be spent, in 1e-8 x 10^-decimals, 0 where it is less [Dealings.power, buying_power]."""
    if t[MARGIN] == 0:
        return product(np.uint64(max(s[CASH], 0)), POWERS[t[DECIMALS]])
    sign, high, low = equity(s, t, price)
    if sign < 0:
        return ZERO, ZERO
    high, low = times(high, low, np.uint64(t[LEVERAGE]))
    high2, low2 = product(np.uint64(abs(s[HELD])), np.uint64(price))
    if less(high, low, high2, low2):
        return ZERO, ZERO
    return minus(high, low, high2, low2)


def meet(s: Any, t: Any, c: Any, log: Any) -> None:
    """Lets the book meet a candle [Meeting.run]: liquidation at the open, the order, liquidation inside."""
    places = t[DECIMALS]
    price, decimals = liquidation(s, t)
    if price > 0 and beyond(s, c[OPEN], places, price, decimals):
        liquidate(s, t, c[OPEN], places, c[TS], log)
    if s[ORDER] != 0:
        order, s[ORDER] = s[ORDER], 0
        if s[EXIT] == 1:
            if s[HELD] != 0 and (s[HELD] > 0) != (order > 0):
                size = min(abs(order), abs(s[HELD]))
                fill(s, t, size if order > 0 else -size, c[OPEN], places, c[TS], EXITED, log)
        elif order > 0 and t[MARGIN] == 0:
            size = affordable(s, t, order, c[OPEN])
            if size > 0:
                fill(s, t, size, c[OPEN], places, c[TS], ENTERED, log)
        else:
            fill(s, t, order, c[OPEN], places, c[TS], ENTERED, log)
    price, decimals = liquidation(s, t)
    if price > 0 and beyond(s, c[LOW] if s[HELD] > 0 else c[HIGH], places, price, decimals):
        # What was entered in this candle may be beyond it from the start.
        if beyond(s, c[OPEN], places, price, decimals):
            price, decimals = c[OPEN], places
        liquidate(s, t, price, decimals, c[TS] + t[PERIOD], log)


def close(s: Any, t: Any, c: Any, log: Any) -> None:
    """Liquidates at the close what no more than its maintenance stands for there [Exchange.liquidate_at_close]."""
    if t[MARGIN] == 0 or s[HELD] == 0:
        return
    sign, high, low = equity(s, t, c[CLOSE])
    high, low = times(high, low, POWERS[t[KEPT_DECIMALS]])
    high2, low2 = product(np.uint64(abs(s[HELD])), np.uint64(c[CLOSE]))
    high2, low2 = times(high2, low2, np.uint64(t[KEPT]))
    if sign < 0 or not less(high2, low2, high, low):
        liquidate(s, t, c[CLOSE], t[DECIMALS], c[TS] + t[PERIOD], log)


def liquidation(s: Any, t: Any) -> Any:
    """The price at which equity falls to the maintenance, and its decimals; 0 where none does it
    [liquidation_price]: -cash / (held - maintenance x |held|), to 16 digits."""
    if t[MARGIN] == 0 or s[HELD] == 0 or s[CASH] == 0 or (s[CASH] > 0) == (s[HELD] > 0):
        return 0, 0
    whole = POWERS[t[KEPT_DECIMALS]]
    part = np.uint64(t[KEPT])
    by = np.uint64(abs(s[HELD])) * (whole - part if s[HELD] > 0 else whole + part)
    amount = np.uint64(abs(s[CASH])) * whole
    decimals = 15 - int(np.floor(np.log10(np.float64(amount) / np.float64(by))))
    price = _digits(amount, by, decimals)
    if price >= POWERS[16]:
        decimals -= 1
        price = _digits(amount, by, decimals)
    elif price < POWERS[15]:
        decimals += 1
        price = _digits(amount, by, decimals)
    return np.int64(price), decimals


def _digits(amount: Any, by: Any, decimals: int) -> Any:
    """amount / by x 10^decimals, rounded half-even."""
    first = min(decimals, 19)
    high, low = product(amount, POWERS[first])
    left = decimals - first
    while left > 0:  # each power fits, and so does the product: it is about by x 10^16
        first = min(left, 19)
        high, low = times(high, low, POWERS[first])
        left -= first
    _, found = nearest(high, low, by)
    return found


def beyond(s: Any, price: int, places: int, limit: int, decimals: int) -> bool:
    """Whether a price has reached a limit, for the side that is held [Meeting._beyond]."""
    more = decimals - places
    if more > 19:  # the limit is far below every price
        return bool(s[HELD] < 0)
    if more >= 0:
        high, low = product(np.uint64(price), POWERS[more])
        high2, low2 = ZERO, np.uint64(limit)
    else:
        high, low = ZERO, np.uint64(price)
        high2, low2 = product(np.uint64(limit), POWERS[-more])
    if s[HELD] > 0:
        return not less(high2, low2, high, low)
    return not less(high, low, high2, low2)


def liquidate(s: Any, t: Any, price: int, places: int, at: int, log: Any) -> None:
    """Closes the whole position [Meeting.liquidate]; an exit that worked for it goes with it."""
    fill(s, t, -s[HELD], price, places, at, LIQUIDATED, log)


def affordable(s: Any, t: Any, order: int, price: int) -> int:
    """The largest multiple of the lot, up to `order`, that cash covers with its fee [Meeting._affordable]."""
    cash = s[CASH]
    if cost(order, price, t) <= cash:
        return order
    if cash <= 0:
        return 0
    lot = t[LOT]
    fits = payable(cash - 1, price, t) // lot  # in lots; booking rounds notional and fee by half a unit each
    breaks = min(order, payable(cash + 1, price, t)) // lot + 1
    while breaks - fits > 1:
        middle = (fits + breaks) // 2
        if cost(middle * lot, price, t) <= cash:
            fits = middle
        else:
            breaks = middle
    return int(fits * lot)


def payable(cash: int, price: int, t: Any) -> int:
    """Units that so much cash pays, were nothing rounded."""
    high, low = product(np.uint64(cash), POWERS[t[DECIMALS]])
    high, low = times(high, low, POWERS[t[RATE_DECIMALS]])
    _, units, _ = divided(high, low, np.uint64(price) * (POWERS[t[RATE_DECIMALS]] + np.uint64(t[RATE])))
    return int(units)


def cost(units: int, price: int, t: Any) -> int:
    """Notional and fee as they are booked [exchange.cost]."""
    high, low = product(np.uint64(units), np.uint64(price))
    notional = np.int64(booked(high, low, t[DECIMALS]))
    high, low = times(high, low, np.uint64(t[RATE]))
    return int(notional + np.int64(booked(high, low, t[DECIMALS] + t[RATE_DECIMALS])))


def fill(s: Any, t: Any, units: int, price: int, places: int, at: int, role: int, log: Any) -> None:
    """Books an execution of signed units [Book.settle]."""
    size = abs(units)
    high, low = product(np.uint64(size), np.uint64(price))
    notional = np.int64(booked(high, low, places))
    high, low = times(high, low, np.uint64(t[RATE]))
    fee = np.int64(booked(high, low, places + t[RATE_DECIMALS]))
    s[CASH] += (-notional if units > 0 else notional) - fee
    held = s[HELD]
    if held == 0:
        s[COST], s[OPENED] = notional, at
    elif (held > 0) == (units > 0):
        s[COST] += notional
    elif size == abs(held):
        s[COST] = 0
    else:
        high, low = product(np.uint64(s[COST]), np.uint64(size))
        _, part = nearest(high, low, np.uint64(abs(held)))
        s[COST] -= np.int64(part)
    s[HELD] = held + units
    row = log[s[FILLS]]
    row[0], row[1], row[2], row[3], row[4], row[5], row[6] = at, units, price, places, fee, s[CASH], role
    s[FILLS] += 1
    if abs(s[CASH]) >= LARGEST or abs(s[HELD]) >= LARGEST or s[COST] >= LARGEST:
        s[FAULT] = 1
