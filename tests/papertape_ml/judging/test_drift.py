import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape_ml.judging.drift import Bins, bins_of, stability_index, threshold


def test_the_index_by_hand() -> None:
    """Shares 0.5 / 0.3 / 0.2 become 0.25 / 0.25 / 0.5 (the last is NaN)."""
    kept = Bins((0.0,), (0.5, 0.3, 0.2))
    expected = -0.25 * math.log(0.25 / 0.5) - 0.05 * math.log(0.25 / 0.3) + 0.3 * math.log(0.5 / 0.2)
    assert stability_index(kept, np.array([-1.0, 0.0, np.nan, np.nan])) == pytest.approx(expected)


def test_deciles_have_equal_shares() -> None:
    kept = bins_of(np.random.default_rng(1).permutation(1_000.0 * np.arange(1_000)))
    assert len(kept.edges) == 9
    assert kept.shares == pytest.approx([0.1] * 10 + [0.0])


def test_a_feature_that_is_often_the_same_has_fewer_bins() -> None:
    kept = bins_of(np.concatenate((np.zeros(80), np.ones(20))))
    assert kept == Bins((1.0,), (0.8, 0.2, 0.0))
    assert bins_of(np.full(5, np.nan)) == Bins((), (0.0, 1.0))


def test_more_nan_than_before_is_drift() -> None:
    values = np.random.default_rng(1).normal(size=1_000)
    kept = bins_of(values)
    holed = values.copy()
    holed[::4] = np.nan
    assert stability_index(kept, values) == pytest.approx(0.0)
    assert stability_index(kept, holed) > 1


def test_the_threshold_is_that_of_the_windows_themselves() -> None:
    walk = np.cumsum(np.random.default_rng(1).normal(size=1_200)) / 10
    kept = bins_of(walk)
    each = [stability_index(kept, walk[start : start + 100]) for start in range(1_101)]
    assert threshold(kept, walk, 100) == pytest.approx(np.quantile(each, 0.999))
    assert threshold(kept, walk, 100) > 0.25  # a fixed rule of thumb would fire on nothing


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1, max_size=50), st.integers(0, 2**32 - 1))
def test_the_index_is_never_below_zero_and_survives_the_manifest(values: list[float], seed: int) -> None:
    kept = bins_of(np.array(values))
    assert sum(kept.shares) == pytest.approx(1.0)
    assert stability_index(kept, np.array(values)) == pytest.approx(0.0)
    others = np.random.default_rng(seed).normal(size=20)
    assert stability_index(kept, others) >= 0
    assert Bins.from_document(json.loads(json.dumps(kept.as_document()))) == kept


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        threshold(Bins((), (1.0, 0.0)), np.zeros(3), 4)
    with pytest.raises(ValueError, match="series"):
        bins_of(np.array([]))
    assert math.isnan(stability_index(Bins((), (1.0, 0.0)), np.array([])))
