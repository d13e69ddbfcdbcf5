"""Figures beside the prior: none is nothing, all is one, and the bounds say how sure."""

import numpy as np
import pytest

from papertape_ml.training.figures import block_of, scores, skill

RNG = np.random.default_rng(1)
CLASSES = (RNG.random(4_000) < 0.4).astype(np.int64)
PRIOR = np.tile([0.6, 0.4], (len(CLASSES), 1))


def test_the_prior_itself_has_no_skill() -> None:
    assert skill(PRIOR, PRIOR, CLASSES, 5, 0)["skill"] == 0.0


def test_who_knows_all_has_all_of_it() -> None:
    sure = np.where(np.arange(2)[None, :] == CLASSES[:, None], 1 - 1e-9, 1e-9)
    found = skill(sure, PRIOR, CLASSES, 5, 0)
    assert found["skill"] == pytest.approx(1.0) and found["p_value"] == pytest.approx(1 / 2_001)
    assert scores(sure, CLASSES)["accuracy"] == 1.0


def test_noise_lies_below_the_prior_and_is_not_held_for_skill() -> None:
    noise = np.clip(0.4 + RNG.normal(0, 0.1, len(CLASSES)), 0.01, 0.99)
    found = skill(np.column_stack((1 - noise, noise)), PRIOR, CLASSES, 5, 0)
    assert found["skill"] is not None and found["skill"] < 0
    assert found["skill_low"] is not None and found["skill_low"] < found["skill"]
    assert found["p_value"] is not None and found["p_value"] > 0.9


def test_a_block_as_long_as_the_test_leaves_the_bounds_open() -> None:
    found = skill(PRIOR[:10], PRIOR[:10], CLASSES[:10], 10, 0)
    assert found["skill_low"] is found["skill_high"] is found["p_value"] is None


def test_a_block_holds_all_labels_that_overlap_whatever_their_symbol() -> None:
    assert block_of(np.repeat(np.arange(50) * 10, 3), horizon=40) == 15
    assert block_of(np.arange(50) * 10, horizon=0) == 1
