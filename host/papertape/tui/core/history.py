"""A session's past, taken in block by block in bounded memory: curves thin out as they grow, figures are exact."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from papertape.broker.money import ZERO, add
from papertape.ledger.records import EquityRow, FillRow
from papertape.ledger.series import pack_times, unpack_series, unpack_times
from papertape.reports.figures import Curve
from papertape.tui.core.views import NO_LINE, Line

POINTS = 4_096
"""Points of a curve that are kept: more than any terminal has columns of dots."""


class Thinned:
    """A curve of at most `POINTS` points, evenly apart, and always its newest one.

    Where there are more, every second one goes; what lies between two points of the curve is not in it any more.
    """

    def __init__(self) -> None:
        self._times = np.zeros(0, np.int64)
        self._values = np.zeros(0)
        self._stride = 1
        self._taken = 0
        self._newest: tuple[int, float] | None = None

    def take(self, times: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Takes in the next points."""
        if not len(times):
            return
        first = -self._taken % self._stride
        self._times = np.concatenate((self._times, times[first :: self._stride]))
        self._values = np.concatenate((self._values, values[first :: self._stride]))
        self._taken += len(times)
        self._newest = int(times[-1]), float(values[-1])
        while len(self._times) > POINTS:
            self._times, self._values = self._times[::2].copy(), self._values[::2].copy()
            self._stride *= 2

    def line(self) -> Line:
        """The curve so far."""
        if self._newest is None:
            return NO_LINE
        if self._times[-1] == self._newest[0]:
            return Line(self._times, self._values)
        return Line(np.append(self._times, self._newest[0]), np.append(self._values, self._newest[1]))


@dataclass(slots=True)
class BookHistory:
    """One book's past. `curve`: figures over every candle. `batch`: the first of the newest block taken in.
    `trades`: round trips closed; `fees`: exact."""

    curve: Curve
    thinned: Thinned = field(default_factory=Thinned)
    batch: int = -1
    seen: int = 0
    trades: int = 0
    fees: Decimal = ZERO

    def take(self, rows: Sequence[EquityRow]) -> None:
        """Takes in the next blocks of equity, as one: a paced session has one for each batch."""
        if rows:
            times = np.concatenate([unpack_times(row.times) for row in rows])
            equity, exposure = (
                b"".join(each) for each in zip(*((row.equity, row.exposure) for row in rows), strict=True)
            )
            first, count = rows[0], sum(row.count for row in rows)
            self.curve.take(EquityRow(first.book, first.first_batch, count, pack_times(times), equity, exposure))
            self.thinned.take(times, unpack_series(equity))
            self.batch = rows[-1].first_batch
            self.seen += count

    def fill(self, fill: FillRow) -> None:
        """Takes in the next fill. One that realises a profit closes a trip where it leaves the book flat or turned."""
        self.fees = add(self.fees, fill.fee)
        if fill.profit is not None and (fill.position == 0 or (fill.position > 0) == (fill.side == "buy")):
            self.trades += 1
