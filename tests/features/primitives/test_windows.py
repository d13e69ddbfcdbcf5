"""Windows against the plain formula over the last n values, with gaps, NaNs, large offsets and late starts."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.high_moments import high_moments_floats, window_high_moments
from papertape.features.primitives.windows import (
    moments_floats,
    sum_floats,
    window_highest,
    window_ints,
    window_lowest,
    window_moments,
    window_sum,
)

Values = Sequence[float]
Result = tuple[float, ...]
EPSILON = float(np.finfo(float).eps)


class Window(NamedTuple):
    """A window of the package, and the same by its plain formula over all of the values in it."""

    step: Callable[..., Any]
    floats: Callable[[float], int]
    plain: Callable[..., Result]
    series: int = 1


def total(values: Values) -> Result:
    return (math.fsum(values),)


def moments(values: Values) -> Result:
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((v - mean) ** 2 for v in values)


def high_moments(values: Values) -> Result:
    mean = math.fsum(values) / len(values)
    return mean, *(math.fsum((v - mean) ** power for v in values) for power in (2, 3, 4))


def comoments(x: Values, y: Values) -> Result:
    mean_x, xx = moments(x)
    mean_y, yy = moments(y)
    return mean_x, xx, mean_y, yy, math.fsum((v - mean_x) * (w - mean_y) for v, w in zip(x, y, strict=True))


WINDOWS = {
    "sum": Window(window_sum, sum_floats, total),
    "highest": Window(window_highest, sum_floats, lambda values: (max(values),)),
    "lowest": Window(window_lowest, sum_floats, lambda values: (min(values),)),
    "moments": Window(window_moments, moments_floats, moments),
    "high moments": Window(window_high_moments, high_moments_floats, high_moments),
    "comoments": Window(window_comoments, comoments_floats, comoments, series=2),
}
EVERY = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)


class Stretch(NamedTuple):
    """Candle numbers, and two values at each."""

    n: int
    indices: list[int]
    x: list[float]
    y: list[float]


@st.composite
def stretches(draw: st.DrawFn, nan: bool = False) -> Stretch:
    n = draw(st.integers(1, 9))
    gaps = draw(st.lists(st.sampled_from([1, 1, 1, 1, 1, 2, 3, n, 5 * n]), min_size=1, max_size=30))
    indices = np.cumsum([draw(st.integers(0, 30_000_000)), *gaps]).tolist()
    offset = draw(st.sampled_from([0.0, 1.0, -1e9, 1e9]))
    noise = st.floats(-1.0, 1.0)
    values = st.one_of(noise, noise, noise, st.just(math.nan)) if nan else noise
    x = [offset + draw(values) for _ in indices]
    y = [draw(values) for _ in indices]
    return Stretch(n, indices, x, y)


def results(window: Window, stretch: Stretch, begin: int = 0) -> list[Result]:
    """What the window gives at each candle from `begin` on, having seen nothing before."""
    f, i = np.zeros(3 + window.floats(stretch.n)), np.zeros(2 + window_ints(stretch.n), np.int64)
    found = []
    for index, *values in list(zip(stretch.indices, stretch.x, stretch.y, strict=True))[begin:]:
        result = window.step(f, i, 3, 2, stretch.n, float(index), *values[: window.series])
        found.append(tuple(map(float, result)) if isinstance(result, tuple) else (float(result),))
    return found


def bits(found: Sequence[Result]) -> list[list[str]]:
    return [[value.hex() for value in result] for result in found]


@EVERY
@given(stretch=stretches())
def test_a_window_gives_what_the_formula_gives_over_its_values(window: Window, stretch: Stretch) -> None:
    n = stretch.n
    for t, result in enumerate(results(window, stretch)):
        if t < n - 1:
            assert np.isnan(result).all()
            continue
        parts = [series[t - n + 1 : t + 1] for series in (stretch.x, stretch.y)[: window.series]]
        size = max(abs(v) for part in parts for v in part)
        # What is rounded: values of this size, and means of them, whose differences are then of the size of the noise.
        assert result == pytest.approx(window.plain(*parts), rel=8 * n * EPSILON, abs=16 * n * EPSILON * max(size, 1.0))


@EVERY
@given(stretch=stretches(nan=True))
def test_a_late_start_gives_the_same_bits_once_the_window_is_full(window: Window, stretch: Stretch) -> None:
    whole = bits(results(window, stretch))
    for begin in {1, stretch.n, len(whole) // 2} & {*range(len(whole))}:
        late = bits(results(window, stretch, begin))
        assert late[stretch.n - 1 :] == whole[begin + stretch.n - 1 :]


@EVERY
@given(stretch=stretches(nan=True))
def test_windows_that_hold_a_nan_are_nan_and_no_others(window: Window, stretch: Stretch) -> None:
    held = np.isnan(stretch.x) | (np.isnan(stretch.y) if window.series == 2 else False)
    for t, result in enumerate(results(window, stretch)):
        if t >= stretch.n - 1:
            assert np.isnan(result).any() == held[t - stretch.n + 1 : t + 1].any()


@pytest.mark.parametrize("window", [WINDOWS["moments"], WINDOWS["comoments"]], ids=["moments", "comoments"])
def test_equal_values_have_no_variance_at_all_whatever_came_before(window: Window) -> None:
    values = [1e12, -3.0, *[0.1] * 40]
    found = results(window, Stretch(7, list(range(1000, 1042)), values, values))
    assert set(found[-34:]) == {(0.1, 0.0) if window.series == 1 else (0.1, 0.0, 0.1, 0.0, 0.0)}


def test_an_outlier_leaves_nothing_behind() -> None:
    values = [1.0, 1e300, -1e300, *[0.1] * 20]
    found = results(WINDOWS["sum"], Stretch(4, list(range(23)), values, values))
    assert found[-1] == pytest.approx((0.4,), rel=1e-15)


@pytest.mark.parametrize(
    ("sums", "expected"),
    [((4.0, 9.0, 6.0), 1.0), ((4.0, 9.0, -3.0), -0.5), ((0.0, 9.0, 0.0), 0.0), ((1e-200, 1e-200, 1e-200), 1.0)],
)
def test_a_correlation_is_the_product_over_the_deviations(sums: tuple[float, ...], expected: float) -> None:
    assert correlation(*sums) == expected
