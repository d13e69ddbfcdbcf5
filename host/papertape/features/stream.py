"""A stream of features: takes in the candles of one timeframe, a whole history or one batch, and gives the values."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Floats, Row
from papertape.contract.errors import InvalidValue
from papertape.features import driver, machine_code
from papertape.features.machine_code import COUNT, DERIVE, Progress, fold_of
from papertape.features.plan import Part, Plan

Ints: TypeAlias = npt.NDArray[np.int64]

RAW = 6
"""Columns that candles bring: ts, open, high, low, close, volume."""
_SLACK = 512


class Stream:
    """The features of a plan as they stand after some candles.

    `step` takes in one batch, `run` any number of them; the same compiled code, so the same bits. `room`: candles of
    one `run` that need no copying of what came before.
    """

    def __init__(
        self, plan: Plan, period: int, room: int = _SLACK, progress: Progress = lambda done, total: None
    ) -> None:
        self.plan = plan
        symbols = len(plan.symbols)
        self._reach = plan.reach
        self._length = plan.reach + max(room, plan.reach)
        self._columns = np.full((symbols, driver.COLUMNS, self._length), np.nan)
        self._end = np.full(symbols, plan.reach, np.int64)  # where each symbol's next candle goes
        self._seen = np.zeros(symbols, np.int64)
        # One array for all families: of a large one the system makes large pages, and steps find their state sooner.
        self._floats = np.zeros(sum(_floats(part, symbols) for part in plan.parts))
        self._ints = np.zeros(sum(_ints(part, symbols) for part in plan.parts), np.int64)
        self._positions = np.zeros((1, symbols), np.int64)
        self._out = np.full((1, symbols, plan.width), np.nan)
        self._frames, self._kept = self._framed(period)
        folds = [DERIVE, *(fold_of(part.family) for part in plan.parts), COUNT]
        addresses = machine_code.load(folds, progress)
        table = [len(folds)]
        for address, frame in zip(addresses, self._frames, strict=True):
            table += [address, frame.ctypes.data]
        self._table = np.array(table, np.int64)
        self._run = machine_code.runner()
        self._begin = self._table.ctypes.data

    def step(self, rows: Sequence[Row | None]) -> Floats:
        """Takes in a batch, one row or None for each symbol; gives (symbols, width), a view that the next step
        writes over; NaN for what is missing."""
        self._make_room(1)
        for slot, row in enumerate(rows):
            self._positions[0, slot] = -1
            if row is not None:
                end = self._end[slot]
                self._columns[slot, :RAW, end] = row[:RAW]
                self._positions[0, slot] = end
                self._end[slot] = end + 1
        self._out.fill(np.nan)
        self._run(self._begin)
        return self._out[0]  # type: ignore[no-any-return]

    def run(self, candles: Sequence[Floats], fresh: npt.NDArray[np.bool_] | None = None) -> Floats:
        """Takes in `n` batches; gives (n, symbols, width).

        `candles`: for each symbol (6, its candles) float64, ts to volume; `fresh`: (n, symbols), who has a candle in
        each batch, everybody by default.
        """
        batches = candles[0].shape[1] if fresh is None else len(fresh)
        most = self._length - self._reach
        if batches <= most:
            return self._stretch(candles, fresh, batches)
        parts, taken = [], [0] * len(candles)
        for begin in range(0, batches, most):
            part = None if fresh is None else fresh[begin : begin + most]
            counts = [min(most, batches - begin)] * len(candles) if part is None else list(part.sum(axis=0))
            some = [one[:, at : at + count] for one, at, count in zip(candles, taken, counts, strict=True)]
            parts.append(self._stretch(some, part, min(most, batches - begin)))
            taken = [at + count for at, count in zip(taken, counts, strict=True)]
        return np.concatenate(parts)

    def held(self, slot: int) -> Floats:
        """The columns (9, n) of a symbol's newest candles, as steps see them: as many as fit."""
        columns: Floats = self._columns[slot, :, self._reach : self._end[slot]]
        return columns

    def _stretch(self, candles: Sequence[Floats], fresh: npt.NDArray[np.bool_] | None, batches: int) -> Floats:
        self._make_room(batches)
        positions = np.full((batches, len(candles)), -1, np.int64)
        for slot, one in enumerate(candles):
            begin, count = self._end[slot], one.shape[1]
            self._columns[slot, :RAW, begin : begin + count] = one[:RAW]
            which: Any = slice(None) if fresh is None else fresh[:, slot]
            positions[which, slot] = np.arange(begin, begin + count)
            self._end[slot] += count
        out = np.full((batches, len(candles), self.plan.width), np.nan)
        self._point(batches, positions, out)
        self._run(self._begin)
        self._point(1, self._positions, self._out)
        return out

    def _make_room(self, batches: int) -> None:
        """Moves what steps still look back on to the front where the next candles would not fit behind it."""
        if self._end.max() + batches <= self._length:
            return
        for slot, end in enumerate(self._end):
            self._columns[slot, :, : self._reach] = self._columns[slot, :, end - self._reach : end].copy()
        self._end[:] = self._reach

    def _point(self, batches: int, positions: Ints, out: Floats) -> None:
        for frame, part in zip(self._frames, (None, *self.plan.parts, None), strict=True):
            frame[driver.STEPS] = batches
            frame[driver.AT_POSITIONS] = positions.ctypes.data
            frame[driver.AT_OUTPUTS] = out.ctypes.data + driver.BYTES * (0 if part is None else part.first)

    def _framed(self, period: int) -> tuple[list[Ints], list[Any]]:
        """A frame for each fold; and the arrays that they point to, which must live as long."""
        frames, kept = [], []
        symbols = len(self.plan.symbols)
        floats, ints = self._floats.ctypes.data, self._ints.ctypes.data
        for part in (None, *self.plan.parts, None):
            frame = np.zeros(driver.FIELDS, np.int64)
            frame[driver.SYMBOLS] = symbols
            frame[driver.LENGTH] = self._length
            frame[driver.WIDTH] = self.plan.width
            frame[driver.AT_COLUMNS] = self._columns.ctypes.data
            frame[driver.AT_SEEN] = self._seen.ctypes.data
            frame[driver.PERIOD] = period
            if part is not None:
                parameters = np.array(part.parameters, np.float64)
                offsets = np.array(part.offsets, np.int64)
                warmups = np.array(part.warmups, np.int64)
                frame[driver.VARIANTS] = len(part.parameters)
                frame[driver.PARAMETERS] = parameters.shape[1] if parameters.ndim > 1 else 0
                frame[driver.OUTPUTS] = len(part.family.outputs)
                frame[driver.FLOATS] = part.floats
                frame[driver.INTS] = part.ints
                frame[driver.AT_PARAMETERS] = parameters.ctypes.data
                frame[driver.AT_OFFSETS] = offsets.ctypes.data
                frame[driver.AT_WARMUPS] = warmups.ctypes.data
                frame[driver.AT_FLOATS] = floats
                frame[driver.AT_INTS] = ints
                floats += driver.BYTES * _floats(part, symbols)
                ints += driver.BYTES * _ints(part, symbols)
                kept += [parameters, offsets, warmups]
            frames.append(frame)
        for frame, part in zip(frames, (None, *self.plan.parts, None), strict=True):
            frame[driver.STEPS] = 1
            frame[driver.AT_POSITIONS] = self._positions.ctypes.data
            frame[driver.AT_OUTPUTS] = self._out.ctypes.data + driver.BYTES * (0 if part is None else part.first)
        return frames, kept

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: bit for bit all that later values depend on."""
        recent = [self._columns[slot, :, end - self._reach : end] for slot, end in enumerate(self._end)]
        return {
            "columns": np.stack(recent),
            "seen": self._seen.copy(),
            "floats": self._floats.copy(),
            "ints": self._ints.copy(),
            "out": self._out.copy(),
        }

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        """Raises `InvalidValue` for the state of other features, or of another number of symbols."""
        for name, own in self.state.items():
            shape = np.shape(kept[name]) if name in kept else "absent"
            if shape != own.shape:
                raise InvalidValue(f"state of other features: {name} must have the shape {own.shape}, was {shape}")
        self._columns[:, :, : self._reach] = kept["columns"]
        self._end[:] = self._reach
        self._seen[:] = kept["seen"]
        self._floats[:] = kept["floats"]
        self._ints[:] = kept["ints"]
        self._out[:] = kept["out"]


def _floats(part: Part, symbols: int) -> int:
    return part.floats if part.family.panel else part.floats * symbols


def _ints(part: Part, symbols: int) -> int:
    """A panel's ints begin with what its fold keeps for each symbol."""
    return part.ints + 2 * symbols if part.family.panel else part.ints * symbols
