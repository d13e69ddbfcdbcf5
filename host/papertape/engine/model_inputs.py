"""What models read: a row of features for each symbol, or the last rows of it, and the candles that tell what came."""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from papertape.contract.candle import Floats, Row

if TYPE_CHECKING:
    from papertape.features.engine import FeatureEngine, Places

_RAW: Final = 6
"""Columns of a tail: ts, open, high, low, close, volume."""


class Inputs:
    """The inputs of one kind of models, as bytes: `window` rows of `width` features for each symbol, oldest first.

    A symbol that has had fewer candles begins with rows of NaN; a candle that is absent is no row. `take(slot)` is told
    of every candle, after the features.
    """

    def __init__(self, engine: "FeatureEngine", places: "Places", window: int, symbols: int) -> None:
        self.places = places
        self.window = window
        self.width = len(places)
        self._read = partial(engine.read, places=places)
        blank = np.full(self.width, np.nan).tobytes()
        self.held = [deque([blank] * window, maxlen=window) for _ in range(symbols)] if window > 1 else []

    def take(self, slot: int) -> None:
        """Keeps the features of a symbol's newest candle; called where `window` is above 1."""
        self.held[slot].append(self._read(slot))

    def row(self, slot: int) -> bytes:
        """What a model reads of a symbol now, packed float64."""
        return b"".join(self.held[slot]) if self.held else self._read(slot)

    def array(self, rows: Sequence[bytes]) -> Floats:
        """Rows as models take them: `(n, width)`, or `(n, window, width)`."""
        values: Floats = np.frombuffer(bytearray(b"".join(rows)))
        return values.reshape(self.shape(len(rows)))

    def shape(self, count: int) -> tuple[int, ...]:
        """The shape of the array of so many rows."""
        return (count, self.window, self.width) if self.window > 1 else (count, self.width)

    @property
    def state(self) -> list[bytes]:
        """What a checkpoint keeps."""
        return [b"".join(rows) for rows in self.held]

    @state.setter
    def state(self, kept: Sequence[bytes]) -> None:
        size = 8 * self.width
        for held, rows in zip(self.held, kept, strict=True):
            held.extend(rows[begin : begin + size] for begin in range(0, len(rows), size))


class Tail:
    """The last `length` candles of each symbol as columns, for what came of predictions."""

    def __init__(self, symbols: int, length: int) -> None:
        self._hold(symbols, length)

    def _hold(self, symbols: int, length: int) -> None:
        self.length = length
        self._columns = np.zeros((symbols, _RAW, 2 * length))
        self._end = [0] * symbols

    def take(self, slot: int, row: Row) -> None:
        """Takes in a symbol's newest candle."""
        end = self._end[slot]
        columns = self._columns[slot]
        if end == 2 * self.length:
            columns[:, : self.length] = columns[:, self.length :]
            end = self.length
        columns[:, end] = row[:_RAW]
        self._end[slot] = end + 1

    def read(self, slot: int) -> Floats:
        """A symbol's candles `(6, n)`, n at most `length`: a view, until the next candle."""
        end = self._end[slot]
        columns: Floats = self._columns[slot, :, max(0, end - self.length) : end]
        return columns

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps. The length too: what is open may be of versions that have left, and need more."""
        return {"length": self.length, "columns": [self.read(slot).copy() for slot in range(len(self._end))]}

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        self._hold(len(self._end), kept["length"])
        for slot, columns in enumerate(kept["columns"]):
            self._end[slot] = columns.shape[1]
            self._columns[slot, :, : self._end[slot]] = columns


def kept_inputs(inputs: Mapping[str, Inputs]) -> dict[str, Any]:
    """The state of all that hold more than a row."""
    return {name: each.state for name, each in inputs.items() if each.held}
