"""A forest of checked trees, laid out for the walk."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadModelFiles, WrongInputs
from papertape_ml.models.contract import Array

DEEPEST = 128
"""Levels of a tree; a chain of millions would be walked for hours."""


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """The nodes of many trees as their library wrote them, one entry a node in each array, not yet trusted.

    ``roots``: the first node of each tree; ``left``, ``right``: places of the children, negative in leaves (both). A
    row goes left where its ``feature`` is below ``threshold``, or unknown and ``default_left``. ``value``: of leaves.
    """

    roots: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.floating[Any]]
    default_left: NDArray[np.bool_]
    value: NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees that can be walked. A row's margins are its own leaves, added in the order of the trees on one thread.

    ``inputs``: numbers in a row; ``columns``: of the margins. The arrays are as `walk` takes them, and cannot be
    written to.
    """

    inputs: int
    columns: int
    child: NDArray[np.uint32]
    column: NDArray[np.uint32]
    threshold: NDArray[np.floating[Any]]
    value: NDArray[np.floating[Any]]
    trees: NDArray[np.uint32]
    base: NDArray[np.floating[Any]]
    least: np.floating[Any]

    def margins(self, rows: Array) -> Array:
        """``(n, inputs)`` float64 -> ``(n, columns)``; with two columns and one sum the first column is 0."""
        if rows.ndim != 2 or rows.shape[1] != self.inputs:
            raise WrongInputs(f"the trees read rows of {self.inputs} inputs, got the shape {rows.shape}")
        found = np.zeros((len(rows), self.columns))
        rows = np.ascontiguousarray(rows, np.float64)
        nodes = self.child, self.column, self.threshold, self.value
        _walk(len(rows), self.base.dtype)(rows, *nodes, self.trees, self.base, self.least, found)
        return found

    @classmethod
    def grown(
        cls,
        branches: Branches,
        outputs: NDArray[np.int64],
        inputs: int,
        base: NDArray[np.floating[Any]],
        columns: int,
        least: float = 0.0,
    ) -> Self:
        """The forest of these nodes. ``outputs``: which sum each tree adds to, from 0 below ``len(base)``, whose
        precision all numbers have; ``least``: inputs up to that size count as 0.

        Raises `BadModelFiles` unless every node that can be reached is reached in one way, names an input that there
        is, and has finite numbers.
        """
        if not np.isfinite(base).all():
            raise BadModelFiles("trees begin from a base that is not a finite number")
        if len(outputs) != len(branches.roots) or ((outputs < 0) | (outputs >= len(base))).any():
            raise BadModelFiles("a tree adds to an output that there is not")
        order, depths = _reached(branches)
        places = np.full(len(branches.left), -1)
        places[order] = np.arange(len(order))
        inner = branches.left[order] >= 0
        _check_numbers(branches, order[inner], order[~inner], inputs)
        column = branches.feature[order] + inputs * ~branches.default_left[order]
        made = {
            "child": np.where(inner, places[branches.left[order]], np.arange(len(order))).astype(np.uint32),
            "column": np.where(inner, column, 0).astype(np.uint32),
            "threshold": np.where(inner, branches.threshold[order], np.inf).astype(base.dtype),
            "value": np.where(inner, 0.0, branches.value[order]).astype(base.dtype),
            "trees": np.column_stack((places[branches.roots], depths, outputs)).astype(np.uint32),
        }
        for array in (*made.values(), base):
            array.setflags(write=False)
        return cls(inputs, columns, **made, base=base, least=base.dtype.type(least))


def _reached(branches: Branches) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The nodes that can be reached, tree after tree, each tree level by level and children side by side; and the
    depth of each tree."""
    count = len(branches.left)
    depths = np.zeros(len(branches.roots), np.int64)
    seen = np.zeros(count, np.bool_)
    level, tree = branches.roots, np.arange(len(branches.roots))
    levels, owners = [level], [tree]
    for depth in range(DEEPEST + 2):
        if ((level < 0) | (level >= count)).any():
            raise BadModelFiles("a node of a tree leads to a node that there is not")
        seen_before = int(seen.sum())
        seen[level] = True
        if int(seen.sum()) - seen_before != len(level):
            raise BadModelFiles("a node of a tree is reached in more than one way")
        left, right = branches.left[level], branches.right[level]
        inner = left >= 0
        if ((right >= 0) != inner).any():
            raise BadModelFiles("a node of a tree has one child")
        if not inner.any():
            return np.concatenate(levels)[np.argsort(np.concatenate(owners), kind="stable")], depths
        depths[tree[inner]] = depth + 1
        level, tree = np.column_stack((left[inner], right[inner])).reshape(-1), np.repeat(tree[inner], 2)
        levels.append(level)
        owners.append(tree)
    raise BadModelFiles(f"a tree is deeper than {DEEPEST} levels")


def _check_numbers(branches: Branches, inner: NDArray[np.int64], leaves: NDArray[np.int64], inputs: int) -> None:
    feature = branches.feature[inner]
    if ((feature < 0) | (feature >= inputs)).any():
        raise BadModelFiles(f"a node of a tree reads an input beyond the {inputs} that there are")
    # Below an infinite threshold is every number, and an unknown one as its node says.
    if not (branches.threshold[inner] > -np.inf).all() or not np.isfinite(branches.value[leaves]).all():
        raise BadModelFiles("a node of a tree holds what is not a finite number")


def _walk(count: int, precision: np.dtype[np.floating[Any]]) -> Any:
    """The compiled walk for so many rows, loaded when trees are first walked: numba is an optional part."""
    try:
        from papertape_ml.models.forests.walk import FEW, compiled
    except ImportError:
        raise MissingExtra("a model of boosted trees", "ml") from None
    return compiled(precision)[count > FEW]
