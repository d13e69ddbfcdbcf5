"""Direction: signs worked by hand, dead bands, blocks anchored in candle numbers."""

import numpy as np
import pytest
from tests.features.families.computed import CATALOGUE, candles_of, computed

from papertape.contract.candle import Floats

NUMBER = 1_600_000_020  # a multiple of 60
LISTED = [one for one in CATALOGUE.listed() if one.family.category == "direction"]


def walk(count: int = 2_000, seed: int = 3) -> Floats:
    chance = np.random.default_rng(seed)
    candles = candles_of(list(100.0 * np.exp(np.cumsum(chance.normal(0.0, 0.01, count)))))
    candles[2] *= 1.001
    candles[3] *= 0.999
    candles[5] = chance.lognormal(0.0, 1.0, count)
    return candles


def mirrored(candles: Floats) -> Floats:
    """The same moves, in logarithms, the other way."""
    other = candles.copy()
    other[[1, 4]] = 1.0 / candles[[1, 4]]
    other[2], other[3] = 1.0 / candles[3], 1.0 / candles[2]
    return other


def numbered(closes: list[float], first: int) -> Floats:
    """Candles whose first has that number within a block of 60."""
    candles = candles_of(closes)
    candles[0] = 60_000.0 * (NUMBER + first + np.arange(len(closes)))
    return candles


def test_all_indicators_agree_on_a_lasting_rise_and_on_a_lasting_fall() -> None:
    rise = candles_of(list(1.01 ** np.arange(1_200.0)))
    names = ["confluence_14", "swing_direction_20", "htf_direction", "htf_agreement", "htf_trend_5_6", "flow_proxy_20"]
    assert computed(names, rise)[-1] == pytest.approx([1.0] * 6)
    assert computed(names, mirrored(rise))[-1] == pytest.approx([-1.0, -1.0, -1.0, 1.0, -1.0, -1.0])
    assert computed(["confluence_score_14"], rise)[-1, 0] == pytest.approx(
        -computed(["confluence_score_14"], mirrored(rise))[-1, 0], abs=0.05
    )


def test_what_stands_still_points_nowhere() -> None:
    values = computed([one.name for one in LISTED], candles_of([5.0] * 2_000, volume=0.0))
    assert set(values[-1]) == {0.0}


def test_signals_are_signs() -> None:
    names = [one.name for one in LISTED if one.output.unit == "sign"]
    values = computed(names, walk())
    assert set(values[~np.isnan(values)]) == {-1.0, 0.0, 1.0}


def test_prices_in_another_unit_change_nothing() -> None:
    candles = walk()
    other = candles.copy()
    other[1:5] *= 2.0**-40
    other[5] *= 2.0**30
    names = [one.name for one in LISTED]
    np.testing.assert_array_equal(computed(names, other), computed(names, candles))


def test_a_new_high_on_less_volume_is_a_bearish_divergence_and_its_mirror_a_bullish_one() -> None:
    closes = [*np.linspace(90.0, 100.0, 900), *([100.0, 101.0, 102.0, 103.0, 104.0] + [102.0] * 5)]
    closes += [101.0, 100.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0, 105.0, 104.0]
    candles = candles_of(closes)
    candles[5, -20:-15] = 10.0
    candles[5, -10:-8] = 30.0
    assert computed(["divergence_signal_obv_20"], candles)[-1, 0] == -1.0
    assert computed(["divergence_signal_obv_20"], mirrored(candles))[-1, 0] == 1.0


def test_price_and_volume_that_make_new_highs_together_do_not_diverge() -> None:
    assert computed(["divergence_signal_obv_20"], candles_of(list(np.linspace(100.0, 200.0, 900))))[-1, 0] == 0.0


def test_only_closed_blocks_move_a_higher_trend() -> None:
    chance = np.random.default_rng(1)
    values = computed(["htf_trend_5_3"], numbered(list(100.0 + np.cumsum(chance.normal(size=90))), first=0))[:, 0]
    changes = np.flatnonzero(np.diff(values[30:]) != 0.0) + 31
    assert set(changes % 5) == {4}


def test_a_higher_trend_by_hand() -> None:
    closes = [1.0, 8.0, 1.0, 4.0, 1.0, 2.0]
    values = computed(["htf_trend_2_2"], numbered([*closes, 1.0, 1.0], first=0))[:, 0]
    assert values[-1] == pytest.approx((np.log(1.0) - np.log(4.0)) / (np.log(2.0) + np.log(2.0)))


def test_a_block_whose_last_candle_is_missing_closes_with_the_next_one() -> None:
    closes = [1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 1.0, 9.0, 50.0]
    head = numbered([1.0] * 8 + closes, first=-8)
    values = computed(["htf_trend_2_2"], np.delete(head, 15, axis=1))[-3:, 0]
    assert values == pytest.approx([1.0, 1.0, -1.0 / 3.0])


def test_agreement_is_minus_one_where_blocks_run_against_the_candles() -> None:
    closes = [*np.linspace(100.0, 200.0, 150), *np.linspace(199.0, 195.0, 7)]
    values = computed(["htf_agreement", "htf_direction", "htf_pull"], numbered(closes, first=0))[-1]
    assert values == pytest.approx([-1.0, 1.0 / 3.0, 1.0], abs=0.15)


def test_swings_of_highs_and_lows_by_hand() -> None:
    candles = candles_of([10.0, 10.0, 10.0, 10.0])
    candles[2] = [11.0, 12.0, 12.5, 13.0]
    candles[3] = [9.0, 8.0, 8.0, 9.0]
    values = computed(["swing_direction_2", "swing_shift_2"], candles)[-1]
    assert values == pytest.approx([0.5, 1.0 / (12.0 - 8.0 + 13.0 - 8.0)])


def test_flow_of_a_candle_that_closes_at_its_top_on_thrice_the_volume() -> None:
    candles = candles_of([100.0, 100.0, 110.0])
    candles[5] = [1.0, 1.0, 9.0]
    values = computed(["flow_proxy_2", "flow_impulse_2"], candles)[-1]
    assert values == pytest.approx([3.0 / 4.0, 9.0 / 5.0])


def test_impulse_is_up_while_a_rise_quickens_and_nothing_once_it_slows() -> None:
    names = ["impulse_13"]
    flat = [100.0] * 900
    quick = [*flat, *(100.0 + np.arange(1.0, 6.0) ** 2)]
    assert computed(names, candles_of(quick))[-1, 0] == 1.0
    assert computed(names, candles_of([*quick, *([125.0] * 12)]))[-1, 0] == 0.0
