"""Golden rows tell a model that still says what it said from one that does not."""

import math

import numpy as np
import pytest

from papertape_ml.registry.golden import Floats, difference, rows
from papertape_ml.registry.manifest import Golden


def model(rows: Floats) -> Floats:
    """One output: the sum of two inputs, undefined where one is."""
    return rows[:, :1] + rows[:, 1:]


INPUTS = [[float(n), math.nan if n == 3 else 0.5] for n in range(32)]
GOLDEN = Golden.of(INPUTS, model(np.array(INPUTS)))


def test_the_model_that_made_them_gives_them_again() -> None:
    assert difference(GOLDEN, model) is None
    assert np.array_equal(rows(GOLDEN.inputs), np.array(INPUTS), equal_nan=True)


@pytest.mark.parametrize(
    "other",
    [
        lambda rows: model(rows) + 1e-9,
        lambda rows: np.nan_to_num(model(rows)),
        lambda rows: model(rows) * math.nan,
        lambda rows: model(rows) * math.inf,
        lambda rows: model(rows)[:31],
        lambda rows: np.repeat(model(rows), 2, axis=1),
    ],
)
def test_another_model_is_told_apart(other: object) -> None:
    assert callable(other) and difference(GOLDEN, other) is not None


def test_a_tolerance_lets_small_differences_pass_and_names_large_ones() -> None:
    assert difference(GOLDEN, lambda rows: model(rows) + 1e-7, tolerance=1e-6) is None
    said = difference(GOLDEN, lambda rows: model(rows) + 0.25, tolerance=1e-6)
    assert said is not None and said.startswith("31 of 32 golden values differ") and "0.75, not 0.5" in said
