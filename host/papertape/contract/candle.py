"""Candles: one closed bar, its provenance, and a read-only window of them."""

from collections.abc import Iterator
from enum import IntFlag
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Row: TypeAlias = tuple[int, float, float, float, float, float, int]
"""A candle on the hot path: (ts, open, high, low, close, volume, flags), plain and in `Candle`'s order."""

TS: Final = 0
OPEN: Final = 1
HIGH: Final = 2
LOW: Final = 3
CLOSE: Final = 4
VOLUME: Final = 5
FLAGS: Final = 6

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


class CandleFlag(IntFlag):
    """Where a candle comes from and what is known against it; bits of `Candle.flags`."""

    SIMULATED = 1
    FILE = 2
    REST = 4
    STREAM = 8
    REPAIRED = 16
    """Open or close lay outside [low, high]; the range was widened to hold them."""
    OUTLIER = 32
    """The range lies far from the close before it; accepted, since real markets do that."""
    INCOMPLETE = 64
    """A higher-timeframe candle made from fewer base candles than its span holds."""


class Candle(NamedTuple):
    """One closed candle. `ts` is its OPEN time in ms UTC; prices in quote currency, `volume` in units."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    flags: int = 0


CANDLE_DTYPE = np.dtype(
    [
        ("ts", "<i8"),
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("close", "<f8"),
        ("volume", "<f8"),
        ("flags", "<i8"),
    ]
)
"""One packed candle of a window: 56 bytes, little-endian, in `Candle`'s order."""


class Candles:
    """A window of closed candles, oldest first, as read-only columns of equal length.

    The columns are views of one immutable `bytes` object: they can neither be written nor made writable, and no
    candle that closes later ever shares their memory. Keep them as long as you like.

    >>> window = Candles.pack([(0, 1.0, 3.0, 0.5, 2.0, 10.0, 0), (60_000, 2.0, 2.5, 1.5, 2.25, 8.0, 0)])
    >>> len(window), window.close.tolist(), window[-1].high
    (2, [2.0, 2.25], 2.5)
    """

    __slots__ = ("_table",)

    def __init__(self, packed: bytes) -> None:
        self._table = np.frombuffer(packed, dtype=CANDLE_DTYPE)

    @classmethod
    def pack(cls, rows: list[Row]) -> "Candles":
        """A window over `rows`, oldest first."""
        return cls(np.array([tuple(row) for row in rows], dtype=CANDLE_DTYPE).tobytes())

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, index: int) -> Candle:
        return Candle(*self._table[index].item())

    def __iter__(self) -> Iterator[Candle]:
        return map(Candle._make, self._table.tolist())

    @property
    def ts(self) -> Ints:
        """(n,) int64, open times, ms UTC."""
        return self._table["ts"]

    @property
    def open(self) -> Floats:
        """(n,) float64, quote currency."""
        return self._table["open"]

    @property
    def high(self) -> Floats:
        """(n,) float64, quote currency."""
        return self._table["high"]

    @property
    def low(self) -> Floats:
        """(n,) float64, quote currency."""
        return self._table["low"]

    @property
    def close(self) -> Floats:
        """(n,) float64, quote currency."""
        return self._table["close"]

    @property
    def volume(self) -> Floats:
        """(n,) float64, units of the base."""
        return self._table["volume"]

    @property
    def flags(self) -> Ints:
        """(n,) int64, `CandleFlag` bits."""
        return self._table["flags"]
