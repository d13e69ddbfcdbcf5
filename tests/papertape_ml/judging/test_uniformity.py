import numpy as np
import pytest

from papertape_ml.judging.uniformity import uniform_p


@pytest.mark.parametrize(("count", "reach"), [(20, 0.294), (40, 0.21), (100, 0.134)])
def test_critical_values_are_those_of_the_tables(count: int, reach: float) -> None:
    """At 5 %, Massey (1951), table 1, and 1.358 / (sqrt(n) + 0.12 + 0.11 / sqrt(n)) beyond 35."""
    even = (np.arange(count) + 0.5) / count
    pushed = np.clip(even - (reach - 0.5 / count), 0.0, 1.0)
    assert uniform_p(pushed.tolist()) == pytest.approx(0.05, abs=0.006)


def test_even_draws_pass_as_often_as_they_should() -> None:
    chance = np.random.default_rng(1)
    found = np.array([uniform_p(chance.random(50).tolist()) for _ in range(1_000)])
    assert (found < 0.05).mean() == pytest.approx(0.05, abs=0.02)
    assert uniform_p((chance.random(200) ** 2).tolist()) < 1e-4
    assert uniform_p((chance.random(200) ** 0.5).tolist()) < 1e-4


@pytest.mark.parametrize("values", [[], [1.1], [float("nan")]])
def test_what_are_no_p_values_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="values from 0 to 1"):
        uniform_p(values)
