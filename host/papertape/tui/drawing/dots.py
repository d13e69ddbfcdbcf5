"""Braille dots: two columns and four rows of them in a cell."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from papertape.tui.drawing.canvas import Canvas

Lit: TypeAlias = NDArray[np.bool_]
"""Which dots are lit: (4 * rows, 2 * columns) of so many cells."""
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BRAILLE = 0x2800


def stamp(canvas: Canvas, lit: Lit, style: str, x: int = 0, y: int = 0) -> None:
    """Puts dots onto a canvas, with their corner at a cell; where curves meet, the dots of both stay."""
    rows, columns = lit.shape[0] // 4, lit.shape[1] // 2
    dots = (lit.reshape(rows, 4, columns, 2) * _BITS[np.newaxis, :, np.newaxis, :]).sum(axis=(1, 3))
    places = np.nonzero(dots)
    for row, column, dot in zip(*(each.tolist() for each in (*places, dots[places])), strict=True):
        under = canvas.at(x + column, y + row)
        met = ord(under) - _BRAILLE if under and _BRAILLE <= ord(under) < _BRAILLE + 256 else 0
        canvas.put(x + column, y + row, chr(_BRAILLE + (dot | met)), style)


def between(tops: NDArray[Any], bottoms: NDArray[Any], rows: int) -> Lit:
    """Dots from a top down to a bottom in each column of dots, both ends included, NaN for none; `rows` of cells. What
    lies above or below is left out."""
    heights = np.arange(4 * rows)[:, np.newaxis]
    lit: Lit = (tops <= heights) & (heights <= bottoms)  # comparisons with NaN are false
    return lit


def trace(heights: NDArray[np.float64], rows: int) -> Lit:
    """A line with one height for each column of cells, in dots from the top, NaN where it is not there."""
    following = np.append(heights[1:], np.nan)
    following = np.where(np.isnan(following), heights, following)
    ends = np.round(np.column_stack((heights, (heights + following) / 2, following)))
    tops, bottoms = np.minimum(ends[:, :2], ends[:, 1:]).ravel(), np.maximum(ends[:, :2], ends[:, 1:]).ravel()
    return between(tops, bottoms - (bottoms > tops), rows)
