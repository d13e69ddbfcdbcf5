"""Per-candle series as blocks of bytes, the same on every machine."""

import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from papertape.contract.errors import LedgerError


def pack_series(values: ArrayLike) -> bytes:
    """float64 values as their 8 bytes each, little-endian: every bit is kept, and packing costs a copy."""
    return np.ascontiguousarray(values, dtype="<f8").tobytes()


def unpack_series(packed: bytes) -> NDArray[np.float64]:
    """What `pack_series` was given. Raises LedgerError for bytes that it cannot have made."""
    if len(packed) % 8:
        raise LedgerError(f"a series in the ledger is damaged: {len(packed)} bytes are not whole float64 values")
    return np.frombuffer(packed, dtype="<f8").astype(np.float64)


def pack_times(times: ArrayLike) -> bytes:
    """int64 times (ms UTC) as deflated differences: candles of a steady timeframe take next to nothing."""
    values = np.ascontiguousarray(times, dtype="<i8")
    return zlib.compress(np.diff(values, prepend=np.int64(0)).astype("<i8").tobytes(), level=1)


def unpack_times(packed: bytes) -> NDArray[np.int64]:
    """What `pack_times` was given. Raises LedgerError for bytes that it cannot have made."""
    try:
        steps = np.frombuffer(zlib.decompress(packed), dtype="<i8")
    except (zlib.error, ValueError) as error:
        raise LedgerError(f"the times of a series in the ledger are damaged: {error}") from error
    return np.cumsum(steps, dtype=np.int64)
