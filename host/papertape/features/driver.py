"""The loops around a family's step, compiled with it: history is many steps, a live candle is one.

A frame is one int64 array of sizes and addresses, in the order of the constants here; every compiled fold takes the
address of one. `floats`, `ints`, `step` and `call` stand for what the compiler puts in their place.
"""

import math
from typing import Any, Final

from papertape.contract.feature import Columns

STEPS: Final = 0
SYMBOLS: Final = 1
VARIANTS: Final = 2
PARAMETERS: Final = 3  # of a variant
OUTPUTS: Final = 4  # of a variant
FLOATS: Final = 5  # of a symbol, all variants
INTS: Final = 6  # of a symbol, all variants
LENGTH: Final = 7  # of a column
WIDTH: Final = 8  # of a symbol's outputs, all families
AT_PARAMETERS: Final = 9
AT_OFFSETS: Final = 10  # where each variant's floats and ints begin
AT_WARMUPS: Final = 11  # of each variant
AT_FLOATS: Final = 12
AT_INTS: Final = 13
AT_COLUMNS: Final = 14
AT_POSITIONS: Final = 15  # (steps, symbols): the newest candle, -1 where there is none
AT_OUTPUTS: Final = 16  # of the family's first output
AT_SEEN: Final = 17  # candles that each symbol has had
PERIOD: Final = 18  # of the timeframe, ms
FIELDS: Final = 19

COLUMNS: Final = len(Columns._fields)
BYTES: Final = 8
NAN: Final = math.nan


def floats(address: int) -> Any:
    raise NotImplementedError


def ints(address: int) -> Any:
    raise NotImplementedError


def step(*_: Any) -> None:
    raise NotImplementedError


def call(function: int, frame: int) -> None:
    raise NotImplementedError


def columns(base: int, length: int) -> Columns:
    """The columns of the symbol whose candles begin at `base`."""
    size = BYTES * length
    return Columns(
        floats(base),
        floats(base + size),
        floats(base + 2 * size),
        floats(base + 3 * size),
        floats(base + 4 * size),
        floats(base + 5 * size),
        floats(base + 6 * size),
        floats(base + 7 * size),
        floats(base + 8 * size),
    )


def settle(o: Any, outputs: int, warm: bool) -> None:
    """Leaves no infinity, and nothing at all before the warm-up is over."""
    for k in range(outputs):
        if not (warm and abs(o[k]) < math.inf):
            o[k] = NAN


def fold_symbols(frame: int) -> None:
    """Steps a family through a stretch of batches, each symbol for itself."""
    a = ints(frame)
    offsets = ints(a[AT_OFFSETS])
    warmups = ints(a[AT_WARMUPS])
    positions = ints(a[AT_POSITIONS])
    seen = ints(a[AT_SEEN])
    symbols, outputs = a[SYMBOLS], a[OUTPUTS]
    for s in range(symbols):
        c = columns(a[AT_COLUMNS] + BYTES * s * COLUMNS * a[LENGTH], a[LENGTH])
        had = seen[s]
        for n in range(a[STEPS]):
            at = positions[n * symbols + s]
            row = a[AT_OUTPUTS] + BYTES * (n * symbols + s) * a[WIDTH]
            if at < 0:
                continue
            had += 1
            for v in range(a[VARIANTS]):
                o = floats(row + BYTES * v * outputs)
                step(
                    floats(a[AT_PARAMETERS] + BYTES * v * a[PARAMETERS]),
                    floats(a[AT_FLOATS] + BYTES * (s * a[FLOATS] + offsets[2 * v])),
                    ints(a[AT_INTS] + BYTES * (s * a[INTS] + offsets[2 * v + 1])),
                    c,
                    at,
                    o,
                )
                settle(o, outputs, had >= warmups[v])


def fold_panel(frame: int) -> None:
    """Steps a panel family through a stretch of batches, all symbols at once."""
    a = ints(frame)
    offsets = ints(a[AT_OFFSETS])
    warmups = ints(a[AT_WARMUPS])
    positions = ints(a[AT_POSITIONS])
    seen = ints(a[AT_SEEN])
    had = ints(a[AT_INTS])  # this family's own count of candles, before the variants' state
    at = ints(a[AT_INTS] + BYTES * a[SYMBOLS])
    symbols, outputs, length = a[SYMBOLS], a[OUTPUTS], a[LENGTH]
    c = columns(a[AT_COLUMNS], length)
    for s in range(symbols):
        had[s] = seen[s]
    for n in range(a[STEPS]):
        fresh = 0
        for s in range(symbols):
            newest = positions[n * symbols + s]
            at[s] = -1
            if newest >= 0:
                at[s] = s * COLUMNS * length + newest
                had[s] += 1
                fresh += 1
        if fresh == 0:
            continue
        row = a[AT_OUTPUTS] + BYTES * n * symbols * a[WIDTH]
        for v in range(a[VARIANTS]):
            step(
                floats(a[AT_PARAMETERS] + BYTES * v * a[PARAMETERS]),
                floats(a[AT_FLOATS] + BYTES * offsets[2 * v]),
                ints(a[AT_INTS] + BYTES * (2 * symbols + offsets[2 * v + 1])),
                c,
                at,
                symbols,
                floats(row + BYTES * v * outputs),
                a[WIDTH],
            )
            for s in range(symbols):
                o = floats(row + BYTES * (s * a[WIDTH] + v * outputs))
                settle(o, outputs, at[s] >= 0 and had[s] >= warmups[v])


def derive(frame: int) -> None:
    """Fills in the columns that follow from the candles: `index`, `gain`, `span`; before any family steps."""
    a = ints(frame)
    positions = ints(a[AT_POSITIONS])
    symbols = a[SYMBOLS]
    for s in range(symbols):
        c = columns(a[AT_COLUMNS] + BYTES * s * COLUMNS * a[LENGTH], a[LENGTH])
        for n in range(a[STEPS]):
            t = positions[n * symbols + s]
            if t < 0:
                continue
            before = c.close[t - 1]
            c.index[t] = math.floor(c.ts[t] / a[PERIOD])
            c.gain[t] = math.log(c.close[t] / before)
            c.span[t] = NAN
            if before == before:
                c.span[t] = max(c.high[t], before) - min(c.low[t], before)


def count(frame: int) -> None:
    """Counts the candles of a stretch of batches; after all families have stepped."""
    a = ints(frame)
    positions = ints(a[AT_POSITIONS])
    seen = ints(a[AT_SEEN])
    symbols = a[SYMBOLS]
    for n in range(a[STEPS]):
        for s in range(symbols):
            if positions[n * symbols + s] >= 0:
                seen[s] += 1


def run(table: int) -> None:
    """Calls compiled folds one after the other: `table` begins with how many, then function and frame of each."""
    a = ints(table)
    for k in range(a[0]):
        call(a[1 + 2 * k], a[2 + 2 * k])
