import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from tests.papertape_ml.models.planted import CONTRACT, NAMES, QUICK, chances, classifier, fitted, pair, parts, planted

from papertape_ml.errors import BadLabels, BadSettings, DeviceAbsent
from papertape_ml.judging.scores import calibration_error, entropy, log_loss, skill_share
from papertape_ml.models.boosters.growing import _library
from papertape_ml.models.classifier import BoostedClassifier
from papertape_ml.models.fitting import Parts, capped_threshold, fit_classifier
from papertape_ml.models.gated import fit_gated
from papertape_ml.models.samples import SIGNAL
from papertape_ml.models.settings import DEFAULT, PRESETS, SEED, BoosterSettings


def test_it_learns_what_is_planted() -> None:
    model = fit_classifier("classifier", CONTRACT, SIGNAL, parts(6_000), QUICK).model
    held = planted(20_000, seed=40)
    truth = chances(held.rows)
    least = float(-(truth * np.log(truth)).sum(axis=1).mean())
    prior = entropy(np.bincount(held.classes) / len(held))
    told = model.predict(held.rows)[:, :3]
    assert skill_share(log_loss(told, held.classes), prior, least) > 0.85
    assert calibration_error(told, held.classes) < 0.03


def test_its_answers_are_probabilities_an_action_and_a_confidence() -> None:
    model = classifier()
    assert model.contract.outputs == (
        "buy_probability",
        "sell_probability",
        "hold_probability",
        "predicted_action",
        "confidence",
    )
    told = model.predict(planted(500, seed=3).rows)
    assert told[:, :3].sum(axis=1) == pytest.approx(np.ones(500))
    assert told[:, 4].tolist() == told[:, :3].max(axis=1).tolist()
    assert told[:, 3].tolist() == np.array([1.0, -1.0, 0.0])[told[:, :3].argmax(axis=1)].tolist()
    buys, sells = model.predict(np.array([[3.0, 0, 0, 0], [-3.0, 0, 0, 0]]))
    assert (buys[3], sells[3]) == (1.0, -1.0)


def digest(model: BoostedClassifier) -> str:
    files = model.files()
    return hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_data_and_seed_give_the_same_bytes(threads: int) -> None:
    settings = replace(QUICK, threads=threads, rounds=15)
    assert digest(fitted(settings)) == digest(fitted(settings))
    assert digest(fitted(settings)) != digest(fitted(replace(settings, seed=1)))


def test_another_process_fits_the_same_bytes() -> None:
    program = (
        "from tests.papertape_ml.models.planted import fitted\n"
        "from tests.papertape_ml.models.test_fitting import digest\n"
        "print(digest(fitted()))\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert found.strip() == digest(fitted())


def test_parts_without_rows_are_refused() -> None:
    """As they may be for a direction where nothing was worth acting on."""
    fold = parts()
    none = fold.fit.where(fold.fit.classes > 9)
    for wrong, words in (
        (Parts(none, fold.stop, fold.calibrate), "no row to learn from"),
        (Parts(fold.fit, none, fold.calibrate), "no row to stop on"),
        (Parts(fold.fit, fold.stop, none), "no row to learn from"),
    ):
        with pytest.raises(BadLabels, match=words):
            fit_classifier("classifier", CONTRACT, SIGNAL, wrong, QUICK)


def test_weights_count_as_rows_do() -> None:
    """Rows of the wrong label that weigh nothing much leave the planted answer."""
    fold = parts()
    turned = fold.fit.with_classes(np.array([1, 0, 2])[fold.fit.classes])
    both = type(turned)(
        np.vstack((fold.fit.rows, turned.rows)),
        np.concatenate((fold.fit.classes, turned.classes)),
        np.concatenate((np.full(len(turned), 2.0), np.full(len(turned), 1e-3))),
    )
    model = fit_classifier("classifier", CONTRACT, SIGNAL, Parts(both, fold.stop, fold.calibrate), QUICK).model
    assert model.predict(np.array([[2.0, 0, 0, 0]]))[0, 3] == 1.0


def test_early_stopping_keeps_the_best_round_and_progress_is_told() -> None:
    told: list[tuple[int, int, float | None]] = []
    found = fit_classifier(
        "classifier",
        CONTRACT,
        SIGNAL,
        parts(),
        replace(QUICK, rounds=400, patience=5),
        progress=lambda *at: told.append(at),
    )
    losses = [loss for _, _, loss in told if loss is not None]
    assert found.rounds == int(np.argmin(losses)) + 1 < 400
    assert len(told) == found.rounds + 5
    assert [at[:2] for at in told[:2]] == [(1, 400), (2, 400)]


def test_the_rounds_may_be_given_in_place_of_stopping() -> None:
    fold = parts()
    settings = replace(QUICK, rounds=7, patience=None)
    assert fit_classifier("classifier", CONTRACT, SIGNAL, Parts(fold.fit, None, fold.calibrate), settings).rounds == 7
    with pytest.raises(BadSettings, match="a part of the data to stop on"):
        fit_classifier("classifier", CONTRACT, SIGNAL, Parts(fold.fit, None, fold.calibrate), QUICK)


def test_the_preset_seed_is_the_one_that_is_known() -> None:
    assert PRESETS["seed"] is SEED
    assert (SEED.rounds, SEED.depth, SEED.rate, SEED.row_share, SEED.column_share) == (500, 6, 0.1, 0.8, 0.8)
    assert (SEED.least_gain, SEED.l1, SEED.l2, SEED.least_leaf_weight, SEED.patience) == (0.1, 0.1, 1.0, 1.0, None)
    assert (DEFAULT.depth, DEFAULT.rate) == (3, 0.03)


def test_a_class_that_never_occurs_is_all_but_impossible() -> None:
    fold = parts()

    def without_sells(part: object) -> object:
        return part.where(part.classes != 1)  # type: ignore[attr-defined]

    some = Parts(*(without_sells(part) for part in (fold.fit, fold.stop, fold.calibrate)))  # type: ignore[arg-type]
    told = fit_classifier("classifier", CONTRACT, SIGNAL, some, QUICK).model.predict(fold.fit.rows)
    assert np.isfinite(told).all()
    assert told[:, 1].max() < 0.01


def test_one_class_alone_is_refused() -> None:
    fold = parts()
    holds = fold.fit.where(fold.fit.classes == 2)
    with pytest.raises(BadLabels, match="only one class occurs in .* rows: hold"):
        fit_classifier("classifier", CONTRACT, SIGNAL, Parts(holds, fold.stop, fold.calibrate), QUICK)
    with pytest.raises(BadLabels, match="only one class"):
        fit_classifier("classifier", CONTRACT, SIGNAL, Parts(fold.fit, fold.stop, holds), QUICK)


@pytest.mark.skipif(_library().build_info()["USE_CUDA"], reason="this build of the library has CUDA")
def test_cuda_asked_for_and_absent_is_a_named_error() -> None:
    with pytest.raises(DeviceAbsent, match="CUDA was asked for"):
        fitted(replace(QUICK, device="cuda"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"rounds": 0},
        {"depth": 1.5},
        {"threads": 0},
        {"patience": 0},
        {"seed": -1},
        {"rate": 0.0},
        {"row_share": 1.1},
        {"column_share": float("nan")},
        {"l1": -1.0},
        {"l2": float("inf")},
        {"device": "tpu"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSettings, match=next(iter(wrong))):
        BoosterSettings(**wrong)  # type: ignore[arg-type]


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(BadSettings, match="no booster 'sklearn'"):
        fitted(replace(QUICK, backend="sklearn"))


def test_the_gate_opens_for_the_surest_rows_and_no_more_than_the_cap() -> None:
    model = pair()
    calibrated = parts().calibrate
    assert calibrated is not None
    told = model.predict(calibrated.rows)
    acts = told[:, 3] != 0
    assert 0.1 < acts.mean() <= 0.15
    act = 1 - told[:, 2]
    assert act[acts].min() >= act[~acts].max()
    assert told[:, :3].sum(axis=1) == pytest.approx(np.ones(len(told)))
    assert (np.sign(told[acts, 0] - told[acts, 1]) == told[acts, 3]).all()
    other = model.predict(planted(4_000, seed=60).rows)
    assert 0.1 < (other[:, 3] != 0).mean() < 0.2


def test_the_pair_answers_as_its_parts_do() -> None:
    model = pair()
    held = planted(200, seed=61).rows
    gate, direction, both = model.gate.predict(held), model.direction.predict(held), model.predict(held)
    assert both[:, 0].tolist() == (gate[:, 1] * direction[:, 1]).tolist()
    assert both[:, 2].tolist() == gate[:, 0].tolist()
    acts = gate[:, 2] == 1
    assert both[acts, 4].tolist() == direction[acts, :2].max(axis=1).tolist()
    assert both[~acts, 4].tolist() == gate[~acts, 0].tolist()


def test_a_pair_needs_rows_to_calibrate_and_a_cap_two_classes() -> None:
    fold = parts()
    with pytest.raises(BadSettings, match="calibration part"):
        fit_gated(NAMES, Parts(fold.fit, fold.stop, None), (QUICK, QUICK))
    with pytest.raises(BadSettings, match="two classes"):
        fit_classifier("classifier", CONTRACT, SIGNAL, fold, replace(QUICK, rounds=2), cap=0.15)
    with pytest.raises(BadSettings, match="lies above 0"):
        capped_threshold(np.array([0.5]), 0.0)


@pytest.mark.parametrize("share", [0.01, 0.15, 0.5, 1.0])
def test_equal_probabilities_never_break_the_cap(share: float) -> None:
    some = np.repeat([0.1, 0.2, 0.3], [50, 30, 20])
    assert (some >= capped_threshold(some, share)).mean() <= share
    assert (np.full(10, 0.4) >= capped_threshold(np.full(10, 0.4), share)).mean() == (1.0 if share == 1.0 else 0.0)
