"""Batches of a history: which symbols have a candle at each time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Floats


def merged(candles: Sequence[Floats]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The open times at which any symbol has a candle (n,), ascending, and who has one (n, symbols)."""
    times = np.unique(np.concatenate([one[0] for one in candles]))
    return times, np.stack([np.isin(times, one[0], assume_unique=True) for one in candles], axis=1)


def later(candles: Sequence[Floats], begin: float) -> list[Floats]:
    """What of a history opens at `begin` (ms UTC) or later."""
    return [one[:, np.searchsorted(one[0], begin) :] for one in candles]


def earlier(candles: Sequence[Floats], end: float) -> list[Floats]:
    """What of a history opens before `end` (ms UTC)."""
    return [one[:, : np.searchsorted(one[0], end)] for one in candles]
