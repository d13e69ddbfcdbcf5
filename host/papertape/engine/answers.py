"""What a version of a model says to rows of inputs."""

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.errors import PluginError
from papertape.contract.model import LoadedModel

Said = tuple[bytes, bool]
"""A row of outputs, packed float64, and whether the model abstains there."""


def said_of(loaded: LoadedModel, rows: Floats) -> list[Said]:
    """A version's answers to some rows. Raises what it raises, and `PluginError` for answers that are none."""
    values = answered(loaded, rows)
    packed, size = values.tobytes(), 8 * values.shape[1]
    abstains = np.isnan(values).any(axis=-1).reshape(-1)
    return [(packed[size * row : size * (row + 1)], bool(silent)) for row, silent in enumerate(abstains)]


def answered(loaded: LoadedModel, rows: Floats) -> Floats:
    """`(n, outputs)` float64. Raises what the model raises, and `PluginError` for answers of another shape."""
    values = np.ascontiguousarray(loaded.predict(rows), np.float64)
    if values.shape != (len(rows), len(loaded.outputs)):
        raise PluginError(
            f"model {loaded.pin} gave an array of shape {values.shape} for {len(rows)} rows; "
            f"it must be ({len(rows)}, {len(loaded.outputs)})"
        )
    return values
