"""The walk of rows through trees, compiled by numba.

Its own cache serves: it knows this file by its time and size, and the processor; the kernels call nothing of another
file and no function of mathematics. Compiling takes two or three seconds once on a machine, some tens of milliseconds
after that.
"""

import os
from functools import cache
from typing import Any, Final

# The features' compiler, which may be loaded after this module, wants the same.
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

import numba
import numpy as np

LANES: Final = 64
"""Rows that go through a tree side by side, by vector instructions where the processor has them."""

FEW: Final = 24
"""Up to so many rows are walked one by one: that is faster then."""

_u = np.uint32


def walk_few(
    rows: Any, child: Any, column: Any, threshold: Any, value: Any, trees: Any, base: Any, least: Any, margins: Any
) -> None:
    """Adds up the leaves that each row reaches, in the order of the trees and in the precision of the nodes.

    `rows`: (n, inputs) float64, NaN where unknown. `child`, `column`, `threshold`, `value`: (nodes,); a row goes to the
    child where its column is below the threshold, else to the node after the child; a leaf leads to itself, whatever
    the row. An unknown input is below every threshold in the columns 0..inputs, and above every one in the columns
    inputs..2 inputs: a node names the one that leads its default way. `trees`: (trees, 3) the first node, the depth,
    and the output that the tree adds to. `base`: (outputs,) where the sums begin. `least`: inputs up to that size count
    as 0. `margins`: (n, columns) float64; the last columns get the sums.
    """
    count, inputs = rows.shape
    outputs = len(base)
    first = margins.shape[1] - outputs
    known = np.empty(2 * inputs, base.dtype)
    sums = np.empty(outputs, base.dtype)
    for r in range(count):
        for i in range(inputs):
            given = rows[r, i]
            if np.isnan(given):
                known[i] = -np.inf
                known[inputs + i] = np.inf
            else:
                if abs(given) <= least:
                    given = 0.0
                known[i] = given
                known[inputs + i] = given
        sums[:] = base
        for t in range(len(trees)):
            at = trees[t, 0]
            for _ in range(trees[t, 1]):
                at = child[at] + _u(known[column[at]] >= threshold[at])
            sums[trees[t, 2]] += value[at]
        for k in range(outputs):
            margins[r, first + k] = sums[k]


def walk_many(
    rows: Any, child: Any, column: Any, threshold: Any, value: Any, trees: Any, base: Any, least: Any, margins: Any
) -> None:
    """As `walk_few`, to the same bits: each row is compared and added up alone, only beside others.

    Lanes without a row walk with the last one.
    """
    count, inputs = rows.shape
    outputs = len(base)
    first = margins.shape[1] - outputs
    known = np.empty(2 * inputs * LANES, base.dtype)
    sums = np.empty((outputs, LANES), base.dtype)
    at = np.empty(LANES, np.uint32)
    for start in range(0, count, LANES):
        size = min(LANES, count - start)
        for i in range(inputs):
            for r in range(LANES):
                given = rows[start + min(r, size - 1), i]
                low, high = i * LANES + r, (inputs + i) * LANES + r
                if np.isnan(given):
                    known[low] = -np.inf
                    known[high] = np.inf
                else:
                    if abs(given) <= least:
                        given = 0.0
                    known[low] = given
                    known[high] = given
        for k in range(outputs):
            sums[k, :] = base[k]
        for t in range(len(trees)):
            output = trees[t, 2]
            at[:] = trees[t, 0]
            for _ in range(trees[t, 1]):
                for r in range(LANES):
                    node = at[r]
                    at[r] = child[node] + _u(known[column[node] * _u(LANES) + _u(r)] >= threshold[node])
            for r in range(LANES):
                sums[output, r] += value[at[r]]
        for r in range(size):
            for k in range(outputs):
                margins[start + r, first + k] = sums[k, r]


@cache
def compiled(precision: np.dtype[np.floating[Any]]) -> tuple[Any, Any]:
    """`walk_few` and `walk_many` for nodes of that precision."""
    real, whole = numba.from_dtype(precision), numba.types.Array
    rows = whole(numba.float64, 2, "C", readonly=True)
    places, numbers = whole(numba.uint32, 1, "C", readonly=True), whole(real, 1, "C", readonly=True)
    trees = whole(numba.uint32, 2, "C", readonly=True)
    nodes = (places, places, numbers, numbers)
    signature = numba.void(rows, *nodes, trees, numbers, real, numba.float64[:, ::1])
    return _compiled(walk_few, signature), _compiled(walk_many, signature)


def _compiled(function: Any, signature: Any) -> Any:
    try:
        return numba.njit(signature, cache=True, error_model="numpy")(function)
    except (OSError, RuntimeError):  # nothing can be kept here: a folder that is not ours, a process that may not write
        return numba.njit(signature, error_model="numpy")(function)
