"""Contributions sum to the margins that the model serves; shuffling an input costs what the input is worth."""

import numpy as np
import pytest
from tests.papertape_ml.models import planted

from papertape_ml.errors import BadModel
from papertape_ml.judging.contributions import contributions, permuted
from papertape_ml.judging.scores import log_losses
from papertape_ml.models.sizer import SizerModel


@pytest.mark.parametrize("backend", ["xgboost", "lightgbm"])
def test_what_inputs_add_sums_to_the_margin(backend: str) -> None:
    model = planted.classifier(backend)
    for row in planted.rows(20, seed=3):
        found = contributions(model, row)
        assert [each.output for each in found] == ["buy", "sell", "hold"]
        margins = model.exact(row[None, :])[0]
        for each, margin in zip(found, margins, strict=True):
            assert each.margin == margin
            assert each.base + sum(each.added) == pytest.approx(margin, abs=1e-4)
    assert abs(found[0].added[0]) > max(map(abs, found[0].added[1:])), "the first input is the one that knows"


def test_a_pair_has_the_margins_of_both() -> None:
    row = planted.rows(1, seed=3)[0]
    found = contributions(planted.pair(), row)
    assert [(each.part, each.output) for each in found] == [("gate", "act"), ("direction", "up")]
    exact = planted.pair().exact(row[None, :])[0]
    assert [each.margin for each in found] == [exact[1], exact[3]]
    for each in found:
        assert each.base + sum(each.added) == pytest.approx(each.margin, abs=1e-4)


def test_a_model_without_trees_is_refused_by_name() -> None:
    layers = [(np.zeros((64, 13), np.float32), np.zeros(64, np.float32)),
              (np.zeros((32, 64), np.float32), np.zeros(32, np.float32)),
              (np.zeros((16, 32), np.float32), np.zeros(16, np.float32)),
              (np.zeros((1, 16), np.float32), np.zeros(1, np.float32))]  # fmt: skip
    sizer = SizerModel((0.0,) * 13, (1.0,) * 13, tuple(layers))
    with pytest.raises(BadModel, match="a sizer has no trees"):
        contributions(sizer, np.zeros(13))


def test_shuffling_an_input_costs_what_it_is_worth() -> None:
    model, part = planted.classifier(), planted.planted(2_000, seed=5)

    def losses(answers: np.ndarray) -> np.ndarray:
        return log_losses(answers[:, :3], part.classes)

    lost = permuted(model, part.rows, losses, [[0], [1], [2, 3], []], seed=1)
    assert lost[0] > 0.05 > 5 * max(abs(lost[1]), abs(lost[2])) and lost[3] == 0.0
    assert np.array_equal(lost, permuted(model, part.rows, losses, [[0], [1], [2, 3], []], seed=1))
