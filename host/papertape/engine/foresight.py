"""Foresight in replays: what models will be asked over a chunk of batches, computed at once in large batches.

It changes nothing but the time that it takes: answers are kept by the bytes of what was read, and a row's answer has
the same bits in any company. What is not found is asked in its place, as in a live session.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from papertape.contract.candle import Floats, Row
from papertape.engine.answers import Said, said_of
from papertape.engine.guard import GUEST_ERRORS
from papertape.engine.model_inputs import Inputs
from papertape.engine.serving import Served, Serving

if TYPE_CHECKING:
    from papertape.engine.session import Session
    from papertape.features.engine import FeatureEngine

Look = Callable[[Sequence[tuple[Row | None, ...]]], None]
"""Is told of the batches that come next, before the first of them is stepped."""

THREADS: Final = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
"""Parts of a chunk that are asked side by side: models that let go of the interpreter answer in half the time."""
_LEAST: Final = 16
"""Batches of a chunk below which nothing is gained."""
_MOST: Final = 64_000_000
"""Bytes of inputs that are held at a time."""
_RAW: Final = 6


class Foresight:
    """Looks ahead for the models that were asked in most batches of the chunk before.

    Only those whose features are of the session's own timeframe and no series from elsewhere.
    """

    def __init__(self, serving: Serving, engine: "FeatureEngine") -> None:
        self.serving = serving
        self.engine = engine
        own = engine.own_places()
        self._able = [
            one
            for one in serving.served.values()
            if one.inputs is not None and own.issuperset(one.inputs.places.tolist())
        ]
        self._asked = {one.reference: one.asked for one in self._able}
        self._batches = 0
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="foresight")

    def look(self, batches: Sequence[tuple[Row | None, ...]]) -> None:
        """Has answers ready for the batches that come next, where that is worth it."""
        known = self.serving.foreseen
        known.clear()
        wanted = [one for one in self._able if one.asked - self._asked[one.reference] > self._batches // 2]
        self._asked = {one.reference: one.asked for one in self._able}
        self._batches = len(batches)
        if not wanted or len(batches) < _LEAST:
            return
        width = max(one.inputs.window * one.inputs.width for one in wanted if one.inputs is not None)
        most = max(1, _MOST // (8 * width * len(self.serving.symbols)))
        batches = batches[:most]
        fresh = np.array([[row is not None for row in rows] for rows in batches], np.bool_)
        values = self.engine.ahead([_columns(batches, slot) for slot in range(fresh.shape[1])], fresh)
        for one in wanted:
            if one.loaded.pin.checksum not in known and one.inputs is not None:
                known[one.loaded.pin.checksum] = self._answers(one, one.inputs, values, fresh)

    def _answers(
        self, one: Served, inputs: Inputs, values: Floats, fresh: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]"
    ) -> dict[bytes, Said]:
        read = [_read(inputs, slot, values[fresh[:, slot], slot][:, inputs.places]) for slot in range(fresh.shape[1])]
        rows = np.ascontiguousarray(np.concatenate(read))
        packed, size = rows.tobytes(), 8 * inputs.window * inputs.width
        parts = [part for part in np.array_split(rows, THREADS) if len(part)]
        try:
            said = [each for part in self._threads.map(lambda part: said_of(one.loaded, part), parts) for each in part]
        except GUEST_ERRORS:
            return {}  # it fails again in its place, where somebody is told
        return {packed[size * row : size * (row + 1)]: each for row, each in enumerate(said)}

    def close(self) -> None:
        """Lets go of the threads, and of what was foreseen."""
        self.serving.foreseen.clear()
        self._threads.shutdown(wait=True, cancel_futures=True)


@contextmanager
def foresight(session: "Session") -> Iterator[Look]:
    """A session's foresight; without models, or where these read no features, there is nothing to look at."""
    if session.serving is None or session.features is None:
        yield lambda batches: None
    else:
        with closing(Foresight(session.serving, session.features)) as found:
            yield found.look


def _columns(batches: Sequence[tuple[Row | None, ...]], slot: int) -> Floats:
    """A symbol's candles (6, n) of some batches."""
    found = [row[:_RAW] for rows in batches if (row := rows[slot]) is not None]
    return np.array(found, np.float64).reshape(-1, _RAW).T.copy()


def _read(inputs: Inputs, slot: int, rows: Floats) -> Floats:
    """What a model will read of a symbol, given its coming rows of features: `(n, width)` or `(n, window, width)`."""
    if not inputs.held:
        return rows
    before = np.frombuffer(inputs.row(slot)).reshape(inputs.window, inputs.width)[1:]
    windows = sliding_window_view(np.concatenate([before, rows]), inputs.window, axis=0)
    return windows.transpose(0, 2, 1)
