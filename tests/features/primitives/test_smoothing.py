"""Fading averages: their seed, their weights, what they do with NaN."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.features.primitives.smoothing import ema, faded, wilder

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


def averaged(values: Sequence[float], n: int, weight: float) -> list[float]:
    f, i = np.zeros(3), np.zeros(4, np.int64)
    return [faded(f, i, 2, 3, n, weight, v) for v in values]


def test_an_ema_begins_at_the_mean_of_its_first_values_and_moves_by_its_weight() -> None:
    f, i = np.zeros(1), np.zeros(1, np.int64)
    found = [ema(f, i, 0, 0, 3, v) for v in (1.0, 2.0, 6.0, 5.0, 0.0)]
    assert found == pytest.approx([math.nan, math.nan, 3.0, 4.0, 2.0], nan_ok=True)


def test_a_wilder_average_moves_by_one_part_in_n() -> None:
    f, i = np.zeros(1), np.zeros(1, np.int64)
    found = [wilder(f, i, 0, 0, 4, v) for v in (1.0, 2.0, 3.0, 6.0, 7.0)]
    assert found == pytest.approx([math.nan] * 3 + [3.0, 4.0], nan_ok=True)


@given(values=VALUES, n=st.integers(1, 20), weight=st.floats(0.01, 1.0))
def test_it_is_the_seed_and_the_later_values_each_with_a_weight_that_fades(
    values: list[float], n: int, weight: float
) -> None:
    found = averaged(values, n, weight)
    assert np.isnan(found[: n - 1]).all()
    for t in range(n - 1, len(values)):
        later = values[n : t + 1]
        weights = weight * (1 - weight) ** np.arange(len(later))[::-1]
        expected = np.dot(weights, later) + (1 - weight) ** len(later) * np.mean(values[:n])
        assert found[t] == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(values=VALUES, n=st.integers(1, 20), data=st.data())
def test_a_nan_is_passed_over(values: list[float], n: int, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(values)), max_size=5))
    holed = list(values)
    for place in sorted(places, reverse=True):
        holed.insert(place, math.nan)
    found = [result for v, result in zip(holed, averaged(holed, n, 0.3), strict=True) if not math.isnan(v)]
    assert found == pytest.approx(averaged(values, n, 0.3), rel=0, abs=0, nan_ok=True)
    assert all(math.isnan(r) for v, r in zip(holed, averaged(holed, n, 0.3), strict=True) if math.isnan(v))


@given(value=st.floats(-1e12, 1e12), n=st.integers(1, 50))
def test_a_constant_stays_where_it_is(value: float, n: int) -> None:
    assert averaged([value] * (2 * n), n, 0.1)[n - 1 :] == pytest.approx([value] * (n + 1), rel=1e-14)
