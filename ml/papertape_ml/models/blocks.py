"""Blocks of one fixed shape: a row's prediction has the same bits alone, among twenty, and in a replay of thousands.

Vectorised code may take another path for another number of rows (the tail of a vector loop, another kernel of a matrix
product), and round differently. So a function only ever sees arrays of the same shape; rows that are missing are zeros,
whose results are thrown away.
"""

from collections.abc import Callable

import numpy as np

from papertape_ml.models.contract import Array

BLOCK = 8


def in_blocks(function: Callable[[Array], Array], rows: Array, block: int = BLOCK) -> Array:
    """``function`` over ``rows``, in calls of exactly ``block`` rows each.

    ``function`` takes ``(block, inputs)`` and gives ``(block, outputs)``, every row from its own row alone.

    >>> in_blocks(lambda rows: rows * 2, np.array([[1.0], [2.0], [3.0]]), block=2).tolist()
    [[2.0], [4.0], [6.0]]
    """
    padded = np.zeros((max(1, -(-len(rows) // block)) * block, *rows.shape[1:]))
    padded[: len(rows)] = rows
    parts = [function(padded[start : start + block]) for start in range(0, len(padded), block)]
    return np.concatenate(parts)[: len(rows)]


def in_whole_vectors(function: Callable[[Array], Array], columns: Array, block: int = 64) -> Array:
    """An elementwise ``function`` over ``(k, n)`` columns, padded to a multiple of ``block``, in one call.

    No vector loop (up to 8 lanes, unrolled up to 8 times) has a tail then, so every element takes the same path however
    many there are: as safe as fixed blocks for elementwise work, and fast for thousands of rows.
    """
    count = columns.shape[1]
    padded = np.zeros((len(columns), max(1, -(-count // block)) * block))
    padded[:, :count] = columns
    return function(padded)[:, :count]
