"""Windows of closed candles: cheap to extend, and copied out as immutable bytes only when somebody looks."""

from collections import deque

from papertape.contract.candle import PACKED, Row

_SIZE = PACKED.size


class Window:
    """The last `capacity` closed candles of one symbol and timeframe.

    `take(row)` is one append. Rows are packed into a buffer of twice the capacity when a window is first read after
    them, so a symbol that nobody looks at costs no packing, and one that is read at each candle packs one row.
    """

    __slots__ = ("_buffer", "_end", "_pending", "capacity", "take")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._buffer = bytearray(2 * capacity * _SIZE)
        self._end = 0
        self._pending: deque[Row] = deque(maxlen=capacity)
        self.take = self._pending.append

    def read(self, count: int) -> bytes:
        """The last min(seen, count) candles, oldest first, packed for `Candles`; `count` at most `capacity`."""
        self._flush()
        return bytes(self._buffer[max(0, self._end - count) * _SIZE : self._end * _SIZE])

    def restore(self, packed: bytes) -> None:
        """Puts back what `read` gave, here or in a window of another capacity."""
        packed = packed[-self.capacity * _SIZE :]
        self._pending.clear()
        self._buffer[: len(packed)] = packed
        self._end = len(packed) // _SIZE

    def _flush(self) -> None:
        for row in self._pending:
            if self._end == 2 * self.capacity:
                half = self.capacity * _SIZE
                self._buffer[:half] = self._buffer[half:]
                self._end = self.capacity
            PACKED.pack_into(self._buffer, self._end * _SIZE, *row)
            self._end += 1
        self._pending.clear()
