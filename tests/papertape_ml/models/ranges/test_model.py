"""The range predictor learns known quantiles, orders them, serves in bits, and refuses what is none."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.papertape_ml.models.ranges.planted import NAMES, QUICK, REACHES, fitted, multiples, part, rows

from papertape_ml.errors import BadLabels, BadModelFiles, BadSettings, GoldenRowsDiffer
from papertape_ml.models.golden import golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.models.ranges.fitting import RangePart, fit_range, pinball, weighted_quantiles
from papertape_ml.models.ranges.model import QUANTILES, range_contract

pytest.importorskip("numba")
pytest.importorskip("xgboost")

SPREAD = np.exp(0.5 * np.array([-1.2815515655, 0.0, 1.2815515655]))  # of the planted distribution's quantiles


def first_horizon(given: RangePart) -> RangePart:
    return RangePart(given.rows, given.values[:, :2], given.weights)


def test_known_quantiles_are_learned() -> None:
    model, held = fitted().model, rows(4_000, 30)
    units = held[:, 1] * np.sqrt(6.0)
    for end in (0, 1):
        true = multiples(held)[:, end, None] * SPREAD
        found = model.ends[end].multiples(held)
        assert np.abs(found / true - 1).mean() < 0.08, end
    said = dict(zip(model.contract.outputs, model.predict(held).T, strict=True))
    assert np.allclose(said["high_6c"], model.ends[0].multiples(held)[:, 1] * units)
    assert np.allclose(said["low_6c_q10"], -model.ends[1].multiples(held)[:, 2] * units), "the tenth of lows is far"


def test_quantiles_are_met_as_often_as_they_say() -> None:
    held = part(6_000, 40)
    said = fitted().model.predict(held.rows)
    outputs = fitted().model.contract.outputs
    for end, name in enumerate(outputs[:4]):
        for share, suffix in zip(QUANTILES, ("_q10", "", "_q90"), strict=True):
            below = (held.values[:, end] < said[:, outputs.index(name + suffix)]).mean()
            assert abs(below - share) < 0.03, (name, share)


def test_lows_are_below_highs_and_quantiles_in_order_whatever_comes_in() -> None:
    rng = np.random.default_rng(3)
    wild = rng.normal(size=(2_000, 3)) * 10.0 ** rng.integers(-8, 9, (2_000, 3))
    said = dict(zip(fitted().model.contract.outputs, fitted().model.predict(wild).T, strict=True))
    for name in ("6c", "18c"):
        low, high = [said[f"low_{name}{end}"] for end in ("_q10", "", "_q90")], [said[f"high_{name}{end}"] for end in ("_q10", "", "_q90")]  # fmt: skip  # noqa: E501
        order = [np.full(2_000, -1.0), *low, np.zeros(2_000), *high]
        assert all((one <= other).all() for one, other in zip(order, order[1:], strict=False))


def test_a_market_more_volatile_than_any_before_is_answered_in_proportion() -> None:
    model, held = fitted().model, rows(50, 50)
    held[:, 1] = 0.01
    wild = held.copy()
    wild[:, 1] = 0.05
    assert np.allclose(model.predict(wild)[:, 0] / model.predict(held)[:, 0], 5.0, rtol=0.15)


def test_without_a_scale_nothing_is_said_and_other_unknowns_do_not_matter() -> None:
    held = rows(4, 60)
    held[0, 1], held[1, 0] = np.nan, np.nan
    said = fitted().model.predict(held)
    assert np.isnan(said[0]).all() and np.isfinite(said[1:]).all()


def test_a_row_has_the_same_bits_in_any_company_and_after_loading() -> None:
    model, many = fitted().model, rows(300, 70)
    whole = model.predict(many)
    again = load("range", model.files())
    for count in (1, 8, 65):
        assert model.predict(many[5 : 5 + count]).tobytes() == whole[5 : 5 + count].tobytes()
    assert again.predict(many).tobytes() == whole.tobytes() and again.files() == model.files()
    kept = golden(model, many)
    reproduces(again, kept)
    with pytest.raises(GoldenRowsDiffer, match="inner value"):
        reproduces(again, replace(kept, exact=None if kept.exact is None else kept.exact + 1e-7))


def test_the_same_data_and_settings_give_the_same_bytes() -> None:
    quick = replace(QUICK, rounds=5, patience=None)
    parts = (first_horizon(part(500, 0)), first_horizon(part(200, 10)), first_horizon(part(200, 20)))
    one, other = (fit_range(NAMES, REACHES[:1], *parts, quick).model.files() for _ in range(2))
    assert one == other


def test_rounds_may_be_named_and_are_told_else() -> None:
    high, low, *_ = fitted().rounds
    assert 20 < high < 200 and low < 20, "of the lows there is nothing to learn but their scale"
    found = fit_range(
        NAMES, REACHES[:1], first_horizon(part(500, 0)), None, first_horizon(part(200, 20)), QUICK, (3, 4)
    )
    assert found.rounds == (3, 4) and [len(end.trees.trees) for end in found.model.ends] == [9, 12]


def test_what_cannot_be_learned_is_named() -> None:
    good = part(200, 0)
    with pytest.raises(BadSettings, match="atr_pct"):
        range_contract(("rsi_14",), REACHES)
    with pytest.raises(BadSettings, match="stop on"):
        fit_range(NAMES, REACHES, good, None, good)
    with pytest.raises(BadSettings, match="lightgbm"):
        fit_range(NAMES, REACHES, good, good, good, replace(QUICK, backend="lightgbm"))
    with pytest.raises(BadLabels, match="not a finite"):
        RangePart(good.rows, np.full_like(good.values, np.nan), good.weights)
    with pytest.raises(BadLabels, match="4 values a row"):
        fit_range(NAMES, REACHES, first_horizon(good), good, good)
    unscaled = good.rows.copy()
    unscaled[:, 1] = np.nan
    with pytest.raises(BadLabels, match="true range"):
        fit_range(NAMES, REACHES, RangePart(unscaled, good.values, good.weights), good, good)


@pytest.mark.parametrize(
    "about",
    [
        {"format": 2}, {"reaches": []}, {"reaches": [["6c", 0.5], ["18c", 18]]}, {"reaches": [["6c", 6]]},
        {"reaches": [["../6c", 6], ["18c", 18]]}, {"factors": [[1, 1, 1]]}, {"factors": [[1, 1, -1]] * 4},
        {"factors": [[1, 1, None]] * 4}, {"contract": None}, {"reaches": [["18c", 18], ["6c", 6]]},
    ],
    ids=str,
)  # fmt: skip
def test_a_document_that_says_something_else_is_refused(about: dict[str, object]) -> None:
    files = fitted().model.files()
    changed = files | {"model.json": json.dumps(json.loads(files["model.json"]) | about).encode()}
    with pytest.raises(BadModelFiles):
        load("range", changed)


def test_missing_and_damaged_files_are_refused() -> None:
    files = fitted().model.files()
    for wrong in ({}, {"model.json": files["model.json"]}, files | {"more": b""}, files | {"low-6c.ubj": b"{L" * 99}):
        with pytest.raises(BadModelFiles):
            load("range", wrong)


def test_losses_and_quantiles_are_those_of_the_books() -> None:
    values, weights = np.arange(1.0, 101.0), np.ones(100)
    assert weighted_quantiles(values, weights).tolist() == [10.0, 50.0, 90.0]
    assert weighted_quantiles(values, np.where(values == 7, 1e6, 1.0)).tolist() == [7.0, 7.0, 7.0]
    best = weighted_quantiles(values, weights)
    least = pinball(np.tile(best, (100, 1)), values).sum(axis=0)
    for off in (-1.0, 1.0):
        assert (pinball(np.tile(best + off, (100, 1)), values).sum(axis=0) >= least - 1e-9).all()
