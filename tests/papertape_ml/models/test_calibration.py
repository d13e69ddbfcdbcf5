import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.judging.scores import calibration_error, log_loss
from papertape_ml.models.calibration import Calibrator, calibrator_from, fit_calibrator
from papertape_ml.models.contract import Array
from papertape_ml.models.isotonic import fit_isotonic, pooled
from papertape_ml.models.samples import Sample
from papertape_ml.models.softmax import softmax
from papertape_ml.models.vector_scaling import fit_vector


def drawn(truth: Array, seed: int) -> np.ndarray:
    """Classes drawn from probabilities ``(classes, n)``."""
    above = np.random.default_rng(seed).random(truth.shape[1]) > truth.cumsum(axis=0)
    columns: np.ndarray = above.sum(axis=0).clip(0, len(truth) - 1)
    return columns


def overconfident(count: int = 6_000, seed: int = 0) -> tuple[Array, np.ndarray]:
    """Margins three times too large with a shifted class, and classes drawn from what they should be."""
    honest = np.random.default_rng(seed).normal(size=(3, count)) * np.array([[1.0], [0.7], [0.5]])
    classes = drawn(softmax(honest), seed + 1)
    return honest * 3 + np.array([[0.0], [1.0], [0.0]]), classes


def test_vector_scaling_finds_what_was_planted() -> None:
    margins, classes = overconfident(40_000)
    found = fit_vector(margins, classes, np.ones(len(classes)))
    assert found.scale == pytest.approx([1 / 3] * 3, abs=0.03)
    shift = np.array(found.shift) - np.mean(found.shift)
    assert shift == pytest.approx(np.array([1, -2, 1]) / 9, abs=0.04)


def test_vector_scaling_is_the_least_loss_and_knows_the_weights() -> None:
    """At the least loss each class's probabilities add to its weight, but for the pull of one row."""
    margins, classes = overconfident()
    weights = np.random.default_rng(4).uniform(0.1, 1.9, len(classes))
    chances = fit_vector(margins, classes, weights).probabilities(margins)
    for k in range(3):
        assert (weights * chances[k]).sum() == pytest.approx((weights * (classes == k)).sum(), abs=1.0)


@pytest.mark.parametrize("method", ["vector", "isotonic"])
def test_calibration_makes_probabilities_honest_on_other_rows(method: str) -> None:
    margins, classes = overconfident()
    others, happened = overconfident(20_000, seed=50)
    calibrator = fit_calibrator(method, margins, as_sample(classes))
    before, after = softmax(others).T, calibrator.probabilities(others).T
    assert calibration_error(before, happened) > 0.15
    assert calibration_error(after, happened) < 0.03
    assert log_loss(after, happened) < log_loss(before, happened) - 0.1


def test_a_scale_never_turns_a_model_round() -> None:
    margins, classes = overconfident()
    found = fit_vector(-margins, classes, np.ones(len(classes)))
    assert min(found.scale) == 0.0
    assert found.probabilities(-margins)[:, 0] == pytest.approx([np.mean(classes == k) for k in range(3)], abs=0.03)


@pytest.mark.parametrize("case", ["separable", "one class missing", "all margins equal", "huge margins"])
def test_vector_scaling_stays_finite(case: str) -> None:
    classes = np.arange(60) % (2 if case == "one class missing" else 3)
    margins = np.random.default_rng(0).normal(size=(3, 60))
    if case == "separable":
        margins[classes, np.arange(60)] += 50
    elif case == "all margins equal":
        margins[:] = 0.0
    elif case == "huge margins":
        margins *= 1e4
    found = fit_vector(margins, classes, np.ones(60))
    assert np.isfinite(found.scale).all() and np.isfinite(found.shift).all()
    assert found.probabilities(margins).sum(axis=0) == pytest.approx(np.ones(60))


def test_isotonic_by_hand() -> None:
    """Scores in order hit 0, 1, 0, 1: the middle two pool to a half. The floor is one in 4 + 2."""
    raw = np.array([[0.9, 0.7, 0.6, 0.1], [0.1, 0.3, 0.4, 0.9]])
    found = fit_isotonic(raw, np.array([0, 1, 0, 1]), np.ones(4))
    assert found.curves[1] == ((0.1, 0.3, 0.4, 0.9), (0.0, 0.5, 0.5, 1.0))
    assert found.floor == 1 / 6
    at = np.log(raw)
    assert found.probabilities(at)[1] == pytest.approx([1 / 7, 0.5, 0.5, 6 / 7])
    # Halfway between two blocks, and beyond the ends.
    between = np.log(np.array([[0.8, 0.01], [0.2, 0.99]]))
    assert found.probabilities(between)[1] == pytest.approx([0.25, 6 / 7])


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 5)), min_size=1, max_size=30))
def test_pooling_is_the_nearest_rising_line(points: list[tuple[float, float]]) -> None:
    """It rises, keeps the mean, and no block could be cut in two that rise: the conditions of the optimum."""
    values, weights = (np.array(side) for side in zip(*points, strict=True))
    means, rows = pooled(values, weights)
    assert (np.diff(means) > 0).all() and rows.sum() == len(values)
    start = 0
    for mean, count in zip(means, rows, strict=True):
        block = slice(start, start + count)
        assert mean == pytest.approx(np.average(values[block], weights=weights[block]))
        heads = np.cumsum(weights[block] * values[block]) / np.cumsum(weights[block])
        assert (heads >= mean - 1e-9).all()
        start += count


@pytest.mark.parametrize("method", ["vector", "isotonic", "none"])
def test_a_calibrator_survives_its_document_bit_for_bit(method: str) -> None:
    margins, classes = overconfident()
    calibrator = fit_calibrator(method, margins, as_sample(classes))
    kept = calibrator_from(json.loads(json.dumps(calibrator.as_document())), 3)
    assert np.array_equal(kept.probabilities(margins), calibrator.probabilities(margins))


def test_isotonic_needs_5000_rows() -> None:
    margins, classes = overconfident(4_999)
    with pytest.raises(BadSettings, match="needs 5000 rows, there are 4999"):
        fit_calibrator("isotonic", margins, as_sample(classes))
    with pytest.raises(BadSettings, match="no calibration 'platt'"):
        fit_calibrator("platt", margins, as_sample(classes))


@pytest.mark.parametrize(
    "document",
    [
        None,
        {"method": "platt"},
        {"method": "vector", "scale": [1.0, 1.0], "shift": [0.0] * 3},
        {"method": "vector", "scale": [1.0, 1.0, float("inf")], "shift": [0.0] * 3},
        {"method": "vector", "scale": [1.0, 1.0, True], "shift": [0.0] * 3},
        {"method": "isotonic", "floor": 0.1, "curves": [{"x": [0.0], "y": [0.5]}]},
        {"method": "isotonic", "floor": 0.1, "curves": [{"x": [0.5, 0.0], "y": [0.5, 0.6]}] * 3},
        {"method": "isotonic", "floor": 0.1, "curves": [{"x": [], "y": []}] * 3},
        {"method": "isotonic", "floor": None, "curves": [{"x": [0.0], "y": [0.5]}] * 3},
        {"method": "isotonic", "floor": 0.0, "curves": [{"x": [0.0], "y": [0.5]}] * 3},
    ],
)
def test_what_is_no_calibrator_is_refused(document: object) -> None:
    with pytest.raises(BadModelFiles):
        calibrator_from(document, 3)


def as_sample(classes: np.ndarray) -> Sample:
    """A sample whose rows do not matter."""
    return Sample(np.zeros((len(classes), 1)), classes, np.ones(len(classes)))


def test_every_calibrator_gives_probabilities() -> None:
    margins, classes = overconfident()
    far = np.array([[1e6, -1e6, 0.0], [0.0, 0.0, 0.0], [-1e6, 1e6, 0.0]])
    calibrators: list[Calibrator] = [fit_calibrator(m, margins, as_sample(classes)) for m in ("vector", "isotonic")]
    for calibrator in calibrators:
        chances = calibrator.probabilities(far)
        assert chances.sum(axis=0) == pytest.approx(np.ones(3))
        assert (chances >= 0).all()
