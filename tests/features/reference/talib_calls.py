"""Calls of TA-Lib, written as in "RSI close 14": the function, its inputs (columns or features) and its parameters.

"AROON[1] high low 14" is the second of its outputs.
"""

import re

import numpy as np
from tests.features.reference.agreement import Same, told
from tests.features.reference.unblanked import Ours

from papertape.contract.candle import Floats

_EVERY = 37
"""A window's value is computed for one candle of so many."""


def function(call: str) -> str:
    """The TA-Lib function that a call names."""
    return re.split(r"[\[ ]", call)[0]


def value(call: str, ours: Ours) -> Floats:
    """What TA-Lib gives for all candles."""
    import talib

    head, *words = call.split()
    name, _, output = head.rstrip("]").partition("[")
    inputs = [np.ascontiguousarray(ours[word]) for word in words if not _number(word)]
    numbers = [float(word) if "." in word else int(word) for word in words if _number(word)]
    given = getattr(talib, name)(*inputs, *numbers)
    one = given[int(output or 0)] if isinstance(given, tuple) else given
    return np.asarray(one, np.float64)


def reference(call: str, same: Same, ours: Ours) -> Floats:
    """What a feature is compared with."""
    n = ours.candles.shape[1]
    if same.window is not None:
        values = np.full(n, np.nan)
        for end in range(same.window, n + 1, _EVERY):
            values[end - 1] = value(call, Ours(ours.candles[:, end - same.window : end], ours.period))[-1]
        return values
    return told(same, value(call, ours))


def _number(word: str) -> bool:
    return word[0].isdigit() or word[0] == "-"
