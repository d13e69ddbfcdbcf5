"""A comparison with a reference must be able to fail, in each of the ways that it can."""

import numpy as np
import pytest
from tests.features.reference.agreement import Same, agree
from tests.features.reference.unblanked import Ours, candles

CLOSES = np.array([10.0, 20.0, 40.0])
OURS = Ours(candles(close=CLOSES))


def test_equal_series_agree_and_what_the_reference_leaves_out_is_not_looked_at() -> None:
    agree(Same("close"), OURS, np.array([np.nan, 20.0, 40.0 + 1e-9]))
    agree(Same(lambda ours: ours["close"] / 10), OURS, np.array([1.0, 2.0, 4.0]))


def test_a_rounded_reference_is_compared_to_its_last_decimal() -> None:
    agree(Same("close", digits=1), OURS, CLOSES + 0.049)
    with pytest.raises(AssertionError, match="3 of 3 values differ: the first at 0"):
        agree(Same("close", digits=1), OURS, CLOSES + 0.051)


def test_one_value_that_is_off_fails() -> None:
    with pytest.raises(AssertionError, match="1 of 3 values differ: the first at 1, the worst at 1 is .*20.0.*, not"):
        agree(Same("close"), OURS, CLOSES + np.array([0.0, 1e-6, 0.0]))


def test_a_value_that_is_missing_fails() -> None:
    with pytest.raises(AssertionError, match="1 of 3 values are missing, the first at 2"):
        agree(Same(lambda ours: np.where(ours["close"] > 30, np.nan, ours["close"])), OURS, CLOSES)


def test_nothing_to_compare_fails() -> None:
    with pytest.raises(AssertionError, match="0 values to compare"):
        agree(Same("close"), OURS, np.full(3, np.nan))


def test_values_before_the_seeds_are_forgotten_are_passed_over() -> None:
    agree(Same("close", settled=1), OURS, CLOSES + np.array([5.0, 0.0, 0.0]))
