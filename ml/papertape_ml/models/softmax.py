"""Softmax over columns, by elementwise operations in a fixed order."""

import numpy as np

from papertape_ml.models.contract import Array


def softmax(margins: Array) -> Array:
    """Log-odds ``(classes, n)`` -> probabilities ``(classes, n)``.

    >>> softmax(np.array([[0.0], [np.log(3.0)]])).round(6).tolist()
    [[0.25], [0.75]]
    """
    raised = np.exp(margins - _folded(np.maximum, margins))
    return raised / _folded(np.add, raised)


def normalised(shares: Array) -> Array:
    """Shares ``(classes, n)`` above 0, brought to a sum of 1."""
    return shares / _folded(np.add, shares)


def _folded(operation: np.ufunc, columns: Array) -> Array:
    """Class by class, never `numpy.sum` over an axis, whose order depends on the shape."""
    result: Array = columns[0]
    for column in columns[1:]:
        result = operation(result, column)
    return result
