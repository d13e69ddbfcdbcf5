"""Guards: a plugin's calls are timed and counted, its exceptions recorded, and after several in a row it is out."""

import time
import traceback
from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np

Status = Literal["ok", "quarantined", "disabled"]
GUEST_ERRORS: Final = (Exception, SystemExit)
"""What a guest may raise without stopping the session; an interrupt is the operator's."""
_STEPS: Final = 8  # histogram bins per octave: percentiles are known to 9 %


class Guard:
    """Stands between the host and one component.

    `streak`: errors in a row; at `limit` the component is quarantined. `report(kind, message, trace)` is told of both.
    `spent` collects the nanoseconds of timed calls; measuring influences nothing, and a fold measures nothing again.
    """

    __slots__ = ("_bins", "calls", "errors", "limit", "name", "report", "spent", "status", "streak", "total_ns")

    def __init__(self, name: str, limit: int, report: Callable[[str, str, str, str], None]) -> None:
        self.name = name
        self.limit = limit
        self.report = report
        self.status: Status = "ok"
        self.calls = 0
        self.errors = 0
        self.streak = 0
        self.spent: list[int] = []
        self.total_ns = 0
        self._bins = np.zeros(40 * _STEPS, dtype=np.int64)

    def call(self, function: Callable[..., Any], *args: object) -> Any:
        """The call's result, or None when it raised or the component is out. Timed with the others."""
        if self.status != "ok":
            return None
        started = time.perf_counter_ns()
        try:
            result = function(*args)
        except GUEST_ERRORS as error:
            self.failed(error)
            return None
        finally:
            self.spent.append(time.perf_counter_ns() - started)
        self.streak = 0
        return result

    def failed(self, error: BaseException) -> None:
        """Records an exception; quarantines at the limit."""
        self.errors += 1
        self.streak += 1
        trace = "".join(traceback.format_exception(error))
        self.report(self.name, "error", f"{type(error).__name__}: {_said(error)}", trace)
        if self.streak >= self.limit:
            self.status = "quarantined"
            self.report(
                self.name, "quarantined", f"{self.streak} errors in a row, the last: {type(error).__name__}", ""
            )

    def fold_times(self) -> None:
        """Moves the measured times into the histogram; the shell calls it now and then."""
        if self.spent:
            times = np.array(self.spent, dtype=np.int64)
            self.spent.clear()
            self.calls += len(times)
            self.total_ns += int(times.sum())
            octaves = np.log2(np.maximum(times, 1)) * _STEPS
            self._bins += np.bincount(
                np.minimum(octaves.astype(np.int64), len(self._bins) - 1), minlength=len(self._bins)
            )

    def percentile_us(self, share: float) -> float:
        """A percentile of the calls' durations, microseconds; 0 before the first call."""
        self.fold_times()
        counts = np.cumsum(self._bins)
        if counts[-1] == 0:
            return 0.0
        position = int(np.searchsorted(counts, share * counts[-1]))
        return round(float(2.0 ** ((position + 0.5) / _STEPS)) / 1000, 3)


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except GUEST_ERRORS:  # the error is a guest's, and so is its __str__
        return "(its message cannot be read)"
