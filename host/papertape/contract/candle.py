"""Candles: one closed bar, its provenance, and a read-only window of them."""

import struct
from collections.abc import Iterator
from enum import IntFlag
from typing import Any, Final, NamedTuple, TypeAlias

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


PACKED: Final = struct.Struct("<qdddddq")
"""One packed candle of a window: 56 bytes, little-endian, in `Candle`'s order."""

_FLOAT: Final = np.dtype("<f8")
_INT: Final = np.dtype("<i8")
_STRIDE: Final = (PACKED.size,)


class Candles:
    """A window of closed candles, oldest first, as read-only columns of equal length.

    The columns are views of one immutable `bytes` object: they can neither be written nor made writable, and no
    candle that closes later ever shares their memory. Keep them as long as you like.

    >>> window = Candles.pack([(0, 1.0, 3.0, 0.5, 2.0, 10.0, 0), (60_000, 2.0, 2.5, 1.5, 2.25, 8.0, 0)])
    >>> len(window), window.close.tolist(), window[-1].high
    (2, [2.0, 2.25], 2.5)
    """

    __slots__ = ("_packed",)

    def __init__(self, packed: bytes) -> None:
        self._packed = packed

    @classmethod
    def pack(cls, rows: list[Row]) -> "Candles":
        """A window over `rows`, oldest first."""
        return cls(b"".join(PACKED.pack(*row) for row in rows))

    def __len__(self) -> int:
        return len(self._packed) // PACKED.size

    def __getitem__(self, index: int) -> Candle:
        return Candle._make(PACKED.unpack_from(self._packed, range(len(self))[index] * PACKED.size))

    def __iter__(self) -> Iterator[Candle]:
        return map(Candle._make, PACKED.iter_unpack(self._packed))

    def _column(self, field: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """A view with a plain dtype right on the bytes: the names of a structured one, shared by all, could be set."""
        if not self._packed:
            return np.ndarray(0, dtype, self._packed)
        return np.ndarray(len(self), dtype, self._packed, 8 * field, _STRIDE)

    @property
    def ts(self) -> Ints:
        """(n,) int64, open times, ms UTC."""
        return self._column(TS, _INT)

    @property
    def open(self) -> Floats:
        """(n,) float64, quote currency."""
        return self._column(OPEN, _FLOAT)

    @property
    def high(self) -> Floats:
        """(n,) float64, quote currency."""
        return self._column(HIGH, _FLOAT)

    @property
    def low(self) -> Floats:
        """(n,) float64, quote currency."""
        return self._column(LOW, _FLOAT)

    @property
    def close(self) -> Floats:
        """(n,) float64, quote currency."""
        return self._column(CLOSE, _FLOAT)

    @property
    def volume(self) -> Floats:
        """(n,) float64, units of the base."""
        return self._column(VOLUME, _FLOAT)

    @property
    def flags(self) -> Ints:
        """(n,) int64, `CandleFlag` bits."""
        return self._column(FLAGS, _INT)
