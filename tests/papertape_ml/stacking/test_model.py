"""Stacking as a model: its names, its bits, its file."""

from typing import Any

import numpy as np
import pytest

from papertape import Stance
from papertape_ml.errors import BadModelFiles, WrongInputs
from papertape_ml.models.calibration import Uncalibrated
from papertape_ml.models.contract import ModelContract
from papertape_ml.models.documents import from_bytes, to_bytes
from papertape_ml.models.golden import golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.models.stacking import OUTPUTS, StackingModel, inputs_of, members_of, row_of
from papertape_ml.models.vector_scaling import VectorScaling

MEMBERS = ("ema-cross", "my idea 2.0", "classifier")
INPUTS = inputs_of(MEMBERS)


def stacking(seed: int = 1) -> StackingModel:
    chance = np.random.default_rng(seed)
    weights = tuple(tuple(row) for row in chance.normal(0, 2, (3, 6)).tolist())
    shifts = tuple(chance.normal(0, 1, 3).tolist())
    return StackingModel(
        ModelContract(INPUTS, OUTPUTS), weights, shifts, VectorScaling((0.9, 1.1, 0.8), (0.1, 0.0, -0.2))
    )


def rows(count: int, seed: int = 2) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    chance = np.random.default_rng(seed)
    silent = (chance.random((count, 3)) < 0.3).astype(np.float64)
    return np.stack((chance.uniform(-1, 1, (count, 3)) * (1 - silent), silent), axis=2).reshape(count, 6)


def test_members_are_found_again_in_the_names_of_inputs() -> None:
    assert members_of(INPUTS) == MEMBERS
    for wrong in ((), INPUTS[:3], INPUTS[::-1], ("a.side_confidence", "b.silent"), ("a", "a.silent")):
        with pytest.raises(WrongInputs):
            members_of(wrong)


def test_a_stance_is_two_inputs_and_a_silence_too() -> None:
    stance = Stance("ema-cross", "A", -1, 0.25, None, None, "", 0)
    flat = Stance("classifier", "A", 0, 0.9, None, None, "", 0)
    assert row_of([stance, None, flat]).tolist() == [-0.25, 0.0, 0.0, 1.0, 0.0, 0.0]


def test_its_probabilities_are_those_of_the_formula() -> None:
    model, some = stacking(), rows(50)
    margins = some @ np.array(model.weights).T + model.shifts
    scaled = margins * (0.9, 1.1, 0.8) + (0.1, 0.0, -0.2)
    wanted = np.exp(scaled) / np.exp(scaled).sum(axis=1, keepdims=True)
    assert model.predict(some) == pytest.approx(wanted, abs=1e-12)
    assert model.contract.outputs == ("up_probability", "down_probability", "neutral_probability")


def test_a_row_has_the_same_bits_alone_and_among_thousands() -> None:
    model, many = stacking(), rows(3_000)
    whole, inner = model.predict(many), model.exact(many)
    for count in (1, 2, 7, 8, 9, 64, 65):
        for start in (0, 1, 13, 2_000):
            part = slice(start, start + count)
            assert model.predict(many[part]).tobytes() == whole[part].tobytes()
            assert model.exact(many[part]).tobytes() == inner[part].tobytes()


def test_a_missing_input_and_it_abstains() -> None:
    some = rows(6)
    some[np.arange(6), np.arange(6)] = np.nan
    assert np.isnan(stacking().predict(some)).all()


def test_its_file_gives_the_same_bits_and_its_golden_rows() -> None:
    model = stacking()
    assert list(model.files()) == ["model.json"]
    again = load("stacking", model.files())
    assert again.files() == model.files() and again.predict(rows(99)).tobytes() == model.predict(rows(99)).tobytes()
    reproduces(again, golden(model, rows(200)))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"kind": "sizer"},
        {"weights": [[1.0] * 6] * 2},
        {"weights": [[1.0] * 5] * 3},
        {"weights": [[1e12] * 6] * 3},
        {"shifts": [0.0, 0.0]},
        {"shifts": [0.0, 0.0, "1"]},
        {"calibration": None},
        {"contract": ModelContract(INPUTS, ("up", "down", "neutral")).as_document()},
        {"contract": ModelContract(INPUTS[::-1], OUTPUTS).as_document()},
    ],
)
def test_a_file_that_is_no_stacking_model_is_refused(changes: dict[str, Any]) -> None:
    files = stacking().files()
    about = from_bytes(files["model.json"], "model.json") | changes
    with pytest.raises(BadModelFiles):
        load("stacking", {"model.json": to_bytes(about)})
    with pytest.raises(BadModelFiles):
        load("stacking", files | {"more.json": b"{}"})


def test_no_calibration_is_a_calibration() -> None:
    model = stacking()
    plain = StackingModel(model.contract, model.weights, model.shifts, Uncalibrated())
    assert load("stacking", plain.files()).predict(rows(9)).sum(axis=1) == pytest.approx(1.0)
