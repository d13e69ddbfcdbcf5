"""Candlestick patterns are where tulip's cases have them, save where TA-Lib's definition says otherwise."""

import pytest
from tests.features.reference.data import needs_references
from tests.features.reference.tulip import drawings
from tests.features.reference.unblanked import Ours, candles

PATTERNS = {
    "abandoned_baby_bear": ("cdl_abandoned_baby", -1),
    "abandoned_baby_bull": ("cdl_abandoned_baby", 1),
    "big_black_candle": ("cdl_long_line", -1),
    "big_white_candle": ("cdl_long_line", 1),
    "black_marubozu": ("cdl_marubozu", -1),
    "doji": ("cdl_doji", 1),
    "dragonfly_doji": ("cdl_dragonfly_doji", 1),
    "engulfing_bear": ("cdl_engulfing", -1),
    "engulfing_bull": ("cdl_engulfing", 1),
    "evening_doji_star": ("cdl_evening_doji_star", -1),
    "evening_star": ("cdl_evening_star", -1),
    "gravestone_doji": ("cdl_gravestone_doji", 1),
    "hammer": ("cdl_hammer", 1),
    "hanging_man": ("cdl_hanging_man", -1),
    "inverted_hammer": ("cdl_inverted_hammer", 1),
    "long_legged_doji": ("cdl_long_legged_doji", 1),
    "morning_doji_star": ("cdl_morning_doji_star", 1),
    "morning_star": ("cdl_morning_star", 1),
    "spinning_top": ("cdl_spinning_top", 1),
    "three_black_crows": ("cdl_three_black_crows", -1),
    "three_white_soldiers": ("cdl_three_white_soldiers", 1),
    "white_marubozu": ("cdl_marubozu", 1),
}
"""Tulip's name, our feature and its sign."""

OTHERS = {
    "four_price_doji": "no such feature: a doji without a range",
    "marubozu": "of either colour: white_marubozu and black_marubozu are compared",
    "star": "any body beyond the one before, where a doji star needs a doji",
}

WICKS = "its wicks are as long as its body is high, which is no long line"
SHORT = "its last body is not longer than the usual one, which TA-Lib asks for"
EXCEPTIONS = {
    (3, "big_white_candle"): WICKS,
    (4, "big_white_candle"): WICKS,
    (5, "abandoned_baby_bull"): SHORT,
    (5, "morning_doji_star"): SHORT,
    (5, "morning_star"): SHORT,
    (6, "morning_star"): SHORT,
}


@needs_references
@pytest.mark.parametrize("place", range(8))
def test_a_pattern_is_where_tulip_has_it(place: int) -> None:
    drawing = drawings()[place]
    ours = Ours(candles(**dict(zip(("open", "high", "low", "close"), drawing.candles, strict=True))))
    for said, at in drawing.said:
        there, name = not said.startswith("!"), said.removeprefix("!")
        if name in OTHERS:
            continue
        feature, sign = PATTERNS[name]
        expected = there and (place, name) not in EXCEPTIONS
        assert [bool(sign * ours[feature][candle] > 0) for candle in at] == [expected] * len(at), said


@needs_references
def test_every_case_is_compared() -> None:
    assert len(drawings()) == 8
