"""Indicators of charts: the values are those that a strategy reads of the same candles, under the same names."""

import numpy as np
import pytest
from tests.tui.sessions import installed

from papertape.contract.candle import Candle
from papertape.contract.errors import ConfigError, UnknownComponent
from papertape.features.timeframes import whole_history
from papertape.tui.core.indicators import STUDIES, USUAL, Indicators, choosable, study_of

MINUTE = 60_000


def walked(count: int = 1_500) -> list[Candle]:
    chance = np.random.default_rng(3)
    closes = 40_000.0 * np.exp(np.cumsum(chance.normal(0.0, 0.001, count)))
    return [
        Candle(k * MINUTE, close, close + 9, close - 9, close + 1, 5.0 + k % 3, 1) for k, close in enumerate(closes)
    ]


@pytest.fixture(scope="module")
def every() -> Indicators:
    return Indicators([study.title for study in STUDIES], installed())


def test_the_values_are_those_of_the_session_kernels_with_their_warm_up(every: Indicators) -> None:
    candles = walked()
    columns = np.array([one[:6] for one in candles]).T.copy()
    found = every.over(candles, MINUTE)
    features = installed().catalogue().select([one.name for one in found])
    values = whole_history(features, ("A",), [columns], "1m")[:, 0]
    for place, one in enumerate(found):
        np.testing.assert_array_equal(one.values[one.settled - 1 :], values[one.settled - 1 :, place], one.name)
        assert np.isnan(values[: one.settled - 1, place]).all(), one.name
    assert np.isnan(found[0].values[0]) and np.isfinite(found[0].values[-1])


def test_what_keeps_near_to_the_price_lies_over_it_and_the_rest_below(every: Indicators) -> None:
    places = {one.study: one.place for one in every.over(walked(), MINUTE)}
    below = {"rsi 14", "macd", "stochastic", "adx 14", "atr 14", "cci 20", "money flow 14"}
    assert {study for study, place in places.items() if place == "pane"} == below
    assert set(USUAL) <= set(places)


def test_what_fades_is_there_from_its_seed_on_and_says_from_when_it_is_exact(every: Indicators) -> None:
    candles = walked(300)
    found = {one.name: one for one in every.over(candles, MINUTE)}
    slow, closes = found["rsi_14"], np.array([one.close for one in candles])
    rises, falls = np.maximum(np.diff(closes), 0.0), np.maximum(-np.diff(closes), 0.0)
    up, down = rises[:14].mean(), falls[:14].mean()  # as Wilder seeds it
    assert np.isnan(slow.values[:14]).all() and slow.values[14] == pytest.approx(100 * up / (up + down))
    assert (slow.settled, slow.place) == (466, "pane")
    window = found["sma_20"]
    assert (window.settled, int(np.isfinite(window.values).argmax())) == (25, 24), (
        "of a window there is none before it is exact"
    )


def test_what_has_too_few_candles_for_any_value_waits_in_the_legend(every: Indicators) -> None:
    (slow,) = [one for one in every.over(walked(10), MINUTE) if one.name == "rsi_14"]
    assert np.isnan(slow.values).all() and slow.place == "price"


def test_any_feature_of_one_symbol_is_to_be_had_by_name_with_any_parameters() -> None:
    catalogue = installed().catalogue()
    titles = {one.study.title for one in choosable(catalogue)}
    assert {"bollinger", "rsi_7", "kama_10"} <= titles and not any("REF" in title for title in titles)
    assert study_of("ema_33", catalogue).features == ("ema_33",)
    with pytest.raises(UnknownComponent, match="no feature 'rsj_14'; did you mean rsi"):
        study_of("rsj_14", catalogue)
    with pytest.raises(ConfigError, match="looks at other symbols"):
        study_of("correlation_btc_20", catalogue)
    with pytest.raises(ConfigError, match="zoom out"):
        study_of("rsi_14@1h", catalogue)


def test_without_candles_there_is_nothing(every: Indicators) -> None:
    assert every.over([], MINUTE) == ()
