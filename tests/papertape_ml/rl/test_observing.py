"""What a policy sees: normalised, bounded, the same bits alone and among others, and all of it in a document."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.papertape_ml.rl.lessons import NAMES, course, setup, simulated, simulated_course

from papertape.contract.errors import RequestError
from papertape_ml.errors import BadSettings, TooLittleHistory, WrongInputs
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.course import Course, exact_prices
from papertape_ml.rl.env import TradingEnv
from papertape_ml.rl.observing import BOOK, FEATURES, SEEN, ObservationBuilder, Regimes
from papertape_ml.rl.terms import Episodes

pytest.importorskip("numba")


def builder(**changes: Any) -> ObservationBuilder:
    known = {"features": ("a", "b"), "centre": (10.0, 0.0), "scale": (2.0, 0.5), "acting": Acting(most_units=50.0)}
    return ObservationBuilder(**{**known, **changes})


def row(a: float = 10.0, b: float = 0.0, *, held: float = 0.0, unit: float = 0.01, **book: float) -> Any:
    values = {"held": held, "cash": 1.0, "unrealised": 0.0, "drawdown": 0.0, "age": 0.0, "change": 0.0, "unit": unit}
    return np.array([[a, b, *(values | book).values()]])


def test_36_values_by_default() -> None:
    assert len(FEATURES) + len(SEEN) == 36


def test_features_are_centred_scaled_and_no_further_than_10_from_zero() -> None:
    seen = builder().observe(np.concatenate([row(14.0, -0.25), row(-1e9, 1e9)]))
    assert seen.dtype == np.float32
    assert seen[:, :2].tolist() == [[2.0, -0.5], [-10.0, 10.0]]


def test_a_book_is_seen_in_shares_of_the_largest_position_and_of_equity() -> None:
    # 50 units at 0.01 of equity each: half of it is the most that can be held.
    (seen,) = builder().observe(row(held=0.25, cash=0.75, unrealised=-0.02, drawdown=0.05, age=24.0, change=0.001))
    expected = {
        "position": 0.5, "balance": 0.75, "unrealised": -0.2, "drawdown": 0.5, "age": 0.5, "change": 0.1, "room": 0.5,
        "known": 1.0,
    }  # fmt: skip
    assert dict(zip(SEEN, seen[2:].tolist(), strict=True)) == pytest.approx(expected, rel=1e-6)


def test_what_is_missing_reads_as_the_mean_and_is_said() -> None:
    seen = builder().observe(np.concatenate([row(np.nan, 0.5), row(10.0, 0.5)]))
    assert seen[:, :2].tolist() == [[0.0, 1.0], [0.0, 1.0]] and seen[:, -1].tolist() == [0.0, 1.0]


values = st.floats(-1e6, 1e6, width=64)


@given(rows=st.lists(st.tuples(*[values] * 9), min_size=2, max_size=9))
def test_a_row_has_the_same_bits_alone_and_among_others(rows: list[tuple[float, ...]]) -> None:
    table, eyes = np.array(rows), builder()
    with np.errstate(all="ignore"):
        table[:, -1] = np.abs(table[:, -1]) + 0.1
        table[:, 6] = np.abs(table[:, 6])  # an age
        together = eyes.observe(table)
        assert np.isfinite(together).all() and np.abs(together).max() <= 10.0
        for place in range(len(table)):
            assert eyes.observe(table[place : place + 1])[0].tobytes() == together[place].tobytes()


def test_features_weigh_by_the_markets_regime() -> None:
    by_b = Regimes(feature="b", edges=(0.0, 1.0), weights=((1.0, 0.0), (0.5, 2.0), (0.0, 1.0)))
    eyes = builder(regimes=by_b)
    table = np.concatenate([row(12.0, -1.0), row(12.0, 0.0), row(12.0, 0.5), row(12.0, 1.0), row(12.0, np.nan)])
    assert eyes.observe(table)[:, :2].tolist() == [[1.0, 0.0], [0.5, 0.0], [0.5, 2.0], [0.0, 2.0], [1.0, 0.0]]


def test_its_document_makes_the_same_builder_and_nothing_else_does() -> None:
    eyes = builder(
        missing="mask",
        regimes=Regimes(feature="a", edges=(1 / 3,), weights=((0.1, 1.0), (1.0, 0.1))),
        acting=Acting(space="discrete", short=True, leverage=3, band=0.125),
    )
    document = json.loads(json.dumps(eyes.document()))
    assert ObservationBuilder.from_document(document) == eyes
    for wrong in (
        {**document, "seen": document["seen"][::-1]},
        {**document, "dtype": "float64"},
        {**document, "centre": [1.0]},
        {**document, "scale": [1.0, 0.0]},
        {**document, "acting": {**document["acting"], "space": "spherical"}},
        {key: document[key] for key in document if key != "missing"},
        {**document, "regimes": {"feature": "a"}},
        None,
    ):
        with pytest.raises(BadSettings):
            ObservationBuilder.from_document(wrong)


def test_statistics_come_from_the_part_that_is_given_and_a_feature_without_values_is_named() -> None:
    on = simulated_course()
    eyes = ObservationBuilder.fitted(on.names, on.values[:400])
    seen = np.where(np.isnan(on.values[:400]), np.nan, eyes.market(on.values[:400]).astype(np.float64))
    assert np.nanmean(seen[:, :3], axis=0) == pytest.approx([0.0] * 3, abs=1e-3)
    assert np.nanstd(seen[:, :3], axis=0) == pytest.approx([1.0] * 3, abs=1e-3)
    with pytest.raises(WrongInputs, match="feature rsi_5 has no value among 50 candles: all are NaN"):
        ObservationBuilder.fitted(on.names, on.values[:50])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"missing": "guess"}, "'guess' is not known: abstain or mask would do"),
        ({"features": ("a", "a")}, "needs features, each once"),
        ({"features": ("a", "position")}, "needs features, each once"),
        ({"centre": (float("nan"), 0.0)}, "centres must be finite"),
        ({"regimes": Regimes(feature="c", edges=(), weights=((1.0, 1.0),))}, "told by 'c', which is none"),
        ({"regimes": Regimes(feature="a", edges=(), weights=((1.0,),))}, "a weight for each of 2 features"),
    ],
)
def test_a_builder_that_cannot_be_is_refused(changes: Any, said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        builder(**changes)


def test_another_observation_than_the_courses_is_refused() -> None:
    on = simulated_course()
    eyes = ObservationBuilder.fitted(on.names, on.values)
    swapped = replace(eyes, features=(NAMES[1], NAMES[0], *NAMES[2:]))
    with pytest.raises(WrongInputs, match="observations are made of returns_1, rsi_5, .*; the course has rsi_5"):
        setup(on, builder=swapped)


def test_too_few_candles_are_refused_with_what_would_do() -> None:
    with pytest.raises(TooLittleHistory, match="no episode of 500 candles fits between candle 159, .* and candle 600"):
        setup(episodes=Episodes(length=500))
    with pytest.raises(TooLittleHistory, match="candle 100 of A/USDT: give more candles"):
        setup(episodes=Episodes(length=5, last=100))


def test_an_infinite_feature_is_refused_with_its_time() -> None:
    from papertape_ml.rl import course as module

    on = simulated_course()
    values = on.values.copy()
    values[300, 1] = np.inf
    with pytest.raises(WrongInputs, match="feature returns_1 of A/USDT is infinite at 2024-01-01"):
        module.checked_values(on.feature_set, "A/USDT", on.candles, values)


def holed(at: slice) -> Course:
    """A course in which a feature has no value at some candles."""
    on = simulated_course()
    values = on.values.copy()
    values[at, 2] = np.nan
    return replace(on, values=values)


@pytest.mark.parametrize("rule", ["abstain", "mask"])
def test_where_a_feature_is_missing_the_rule_says_whether_the_action_counts(rule: Any) -> None:
    on = holed(slice(205, 210))
    eyes = ObservationBuilder.fitted(on.names, on.values, missing=rule, acting=Acting(most_units=1e9))
    env = TradingEnv.compiled(setup(on, builder=eyes, episodes=Episodes(length=30)))
    env.reset(options={"start": 200})
    known = [env.step(np.array([(step % 2) * 1.0], np.float32))[0][-1] for step in range(12)]
    assert known == [1.0] * 4 + [0.0] * 5 + [1.0] * 3
    closes = {int(at): place for place, at in enumerate(on.closes)}
    filled = [closes[fill.at] for fill in env.stage.fills()]  # at an open, which is the close before
    assert any(205 <= place < 210 for place in filled) == (rule == "mask") and len(filled) > 3
    with pytest.raises(BadSettings, match="no episode can begin at candle 206"):
        env.reset(options={"start": 206})


def test_prices_with_too_many_digits_are_refused_by_the_compiled_book_alone() -> None:
    candles = simulated().copy()
    candles[1:5] /= 3.0
    with pytest.raises(WrongInputs, match="too many digits for the compiled book .*: round them"):
        exact_prices(course(candles))
    found = exact_prices(simulated_course())
    assert found.decimals == 3 and np.array_equal(found.values / 1e3, simulated()[1:5].T)


def test_the_book_is_named_in_the_inputs_behind_the_features() -> None:
    eyes = builder()
    assert eyes.inputs == ("a", "b", *BOOK) and eyes.names == ("a", "b", *SEEN)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((3, 5, 1e9), "has a range that does not hold its open and close: sessions widen it"),
        ((4, 7, float("nan")), "candle 7 of A/USDT has a price or time that is no number above 0"),
        ((0, 9, 0.0), "the candles of A/USDT must rise in time"),
    ],
)
def test_candles_that_no_session_would_have_are_refused(change: tuple[int, int, float], said: str) -> None:
    candles = simulated().copy()
    candles[change[0], change[1]] = change[2]
    with pytest.raises(RequestError, match=said):
        course(candles)
