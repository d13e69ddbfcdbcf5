from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from tests.papertape_ml.networks import planted

from papertape_ml.errors import BadLabels, BadSettings, DeviceAbsent
from papertape_ml.judging.scores import log_loss
from papertape_ml.networks.fitting import fit_predictor, predicted
from papertape_ml.networks.importances import importances
from papertape_ml.networks.shape import ARCHITECTURES


def fit(arch: str = "lstm", **given: object) -> planted.FittedPredictor:
    chosen: dict[str, Any] = {"epochs": 1, "size": 250, **given}
    return planted.fitted(arch, **chosen)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_predictor_learns_what_is_there_to_be_learned(arch: str) -> None:
    test = planted.part(1_500, 9)
    told = predicted(planted.predictor(arch), test)
    best = log_loss(planted.chances_of(planted.leaning(test.series, test.last)), test.classes[:, 0])
    prior = log_loss(np.full((1_500, 3), 1 / 3), test.classes[:, 0])
    size = told.shape[1] // 2
    for horizon in range(2):
        found = log_loss(np.ascontiguousarray(told[:, horizon * size : horizon * size + 3]), test.classes[:, horizon])
        assert prior - found > 0.8 * (prior - best)


def test_quantiles_hold_their_shares_of_returns_and_follow_the_scale_of_each_horizon() -> None:
    test = planted.part(1_500, 9)
    told = predicted(planted.predictor("tft"), test).reshape(1_500, 2, 6)
    for horizon in range(2):
        quantiles, moves = told[:, horizon, 3:], test.moves[:, horizon]
        below = (moves[:, None] <= quantiles).mean(axis=0)
        np.testing.assert_allclose(below, (0.1, 0.5, 0.9), atol=0.07)
        # Knowing the inputs leaves a fifth of the spread: quantiles that ignored them would lie far wider.
        assert (quantiles[:, 2] - quantiles[:, 0]).mean() < 0.7 * np.subtract(*np.quantile(moves, (0.9, 0.1)))


def test_importance_finds_the_feature_that_tells() -> None:
    found = importances(planted.predictor("lstm"), planted.part(400, 9), seed=1)
    assert set(found) == set(planted.FEATURES)
    assert found["rsi_14"] > 0.9 and sum(found.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(arch: str) -> None:
    files = fit(arch, dropout=0.2).model.files()
    torch.manual_seed(99)  # of no consequence
    assert fit(arch, dropout=0.2).model.files() == files
    assert fit(arch, dropout=0.2, seed=4).model.files() != files


def test_training_leaves_torch_as_it_found_it() -> None:
    torch.manual_seed(5)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    fit()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_the_weights_that_were_best_on_the_stop_part_are_kept() -> None:
    noise = planted.part(300, 4)
    noise = replace(noise, classes=np.random.default_rng(1).permutation(noise.classes))
    chosen = planted.settings(epochs=40, patience=3, rate=0.05)
    found = fit_predictor(
        planted.FEATURES, planted.HORIZONS, planted.shape(), planted.part(300, 3), noise, None, chosen
    )
    assert found.epochs == int(np.argmin(found.course)) + 1
    assert len(found.course) == found.epochs + 3


def test_so_many_epochs_as_are_asked_for_are_the_first_of_the_same_course() -> None:
    parts = planted.part(300, 3), planted.part(200, 4)
    chosen = planted.settings(epochs=4, patience=4)
    names = planted.FEATURES, planted.HORIZONS, planted.shape()
    stopped = fit_predictor(*names, *parts, None, chosen)
    again = fit_predictor(*names, parts[0], None, None, chosen, epochs=stopped.epochs)
    assert again.model.weights == stopped.model.weights


def test_only_what_is_fitted_on_shapes_the_scale_of_inputs() -> None:
    fit_part, stop, last = planted.part(300, 0), planted.part(100, 1), planted.part(100, 2)
    wild = replace(last, series=last.series * 100)
    names = planted.FEATURES, planted.HORIZONS, planted.shape()
    chosen = planted.settings(epochs=1)
    calm = fit_predictor(*names, fit_part, stop, last, chosen).model
    other = fit_predictor(*names, fit_part, stop, wild, chosen).model
    assert (calm.scaler, calm.weights) == (other.scaler, other.weights)
    assert calm.calibrators != other.calibrators


def test_progress_is_told_step_by_step_with_the_last_loss() -> None:
    heard: list[tuple[int, int, float | None]] = []
    parts = planted.part(200, 3), planted.part(100, 4)
    chosen = planted.settings(epochs=2, batch=100)
    fit_predictor(
        planted.FEATURES, planted.HORIZONS, planted.shape(), *parts, None, chosen,
        progress=lambda *told: heard.append(told),
    )  # fmt: skip
    assert [told[:2] for told in heard] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert heard[1][2] is None and heard[2][2] is not None


def test_one_class_only_is_named_with_its_horizon() -> None:
    part = planted.part(100, 3)
    flat = replace(part, classes=np.stack((part.classes[:, 0], np.ones(100, np.int64)), axis=1))
    with pytest.raises(BadLabels, match="only one class occurs in 100 rows at 2c: neutral"):
        fit_predictor(planted.FEATURES, planted.HORIZONS, planted.shape(), flat, part, None, planted.settings())


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is here")
def test_cuda_that_is_absent_is_said_so() -> None:
    with pytest.raises(DeviceAbsent, match="--device cpu"):
        fit(device="cuda")


def test_a_rate_that_leads_nowhere_is_said_so() -> None:
    with pytest.raises(BadSettings, match="take a lower rate"):
        fit(rate=1e30, clip=1e30)


@pytest.mark.parametrize("odd", [{"rate": 0.0}, {"epochs": 0}, {"average": 1.0}, {"seed": -1}, {"arch": "gru"}])
def test_settings_that_cannot_be_are_refused(odd: dict[str, object]) -> None:
    with pytest.raises(BadSettings):
        planted.settings(**odd)  # type: ignore[arg-type]
