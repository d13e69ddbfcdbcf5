"""Do the trees that were read answer as the library that made them does?

A newer library may come to mean something else by its bytes. It is asked at each fit, so that no model is made that
would be served as another one.
"""

from typing import Final

import numpy as np

from papertape_ml.errors import BadModelFiles
from papertape_ml.models.contract import Array
from papertape_ml.models.forests.forest import Forest

CHECKED: Final = 64
"""Rows that are asked of both."""


def two_columns(margins: Array) -> Array:
    """Margins ``(n, sums)`` as `Trees.margins` gives them: a lone sum is the second of two columns."""
    return np.column_stack((np.zeros(len(margins)), margins)) if margins.shape[1] == 1 else margins


def check_reading(library: str, read: Forest, rows: Array, margins: Array) -> None:
    """Raise `BadModelFiles` unless ``read`` answers ``rows`` with ``margins``, up to rounding (tests hold the bits)."""
    if not np.allclose(read.margins(rows), margins, rtol=1e-5, atol=1e-5):
        raise BadModelFiles(f"this version of {library} writes trees that are not read here as it means them")
