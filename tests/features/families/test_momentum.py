"""Momentum: worked by hand, beside TA-Lib on real candles, and where nothing moves."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.features.families.computed import CATALOGUE, candles_of, computed

from papertape.contract.candle import Floats

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
CANDLES = 2_500

# Name of ours, TA-Lib's function, its inputs, its parameters, which of its outputs.
TALIB: list[tuple[str, str, str, dict[str, Any], int]] = [
    ("returns_5", "ROCP", "c", {"timeperiod": 5}, 0),
    ("momentum_10", "MOM", "c", {"timeperiod": 10}, 0),
    ("roc_10", "ROC", "c", {"timeperiod": 10}, 0),
    ("rocp_40", "ROCP", "c", {"timeperiod": 40}, 0),
    ("rocr_3", "ROCR", "c", {"timeperiod": 3}, 0),
    ("rocr100_120", "ROCR100", "c", {"timeperiod": 120}, 0),
    ("rsi_7", "RSI", "c", {"timeperiod": 7}, 0),
    ("rsi_14", "RSI", "c", {"timeperiod": 14}, 0),
    ("rsi_42", "RSI", "c", {"timeperiod": 42}, 0),
    ("cmo_14", "CMO", "c", {"timeperiod": 14}, 0),
    ("cmou_14", "CMOU", "c", {"timeperiod": 14}, 0),
    ("stoch_k", "STOCH", "hlc", {"fastk_period": 14}, 0),
    ("stoch_d", "STOCH", "hlc", {"fastk_period": 14}, 1),
    ("stoch_d_50_10_10", "STOCH", "hlc", {"fastk_period": 50, "slowk_period": 10, "slowd_period": 10}, 1),
    ("stochf_k_5_3", "STOCHF", "hlc", {}, 0),
    ("stochf_d_5_3", "STOCHF", "hlc", {}, 1),
    ("stochrsi_k", "STOCHRSI", "c", {}, 0),
    ("stochrsi_d", "STOCHRSI", "c", {}, 1),
    ("stochrsi_d_14_14_3", "STOCHRSI", "c", {"fastk_period": 14}, 1),
    ("willr_14", "WILLR", "hlc", {}, 0),
    ("willr_100", "WILLR", "hlc", {"timeperiod": 100}, 0),
    ("cci_14", "CCI", "hlc", {}, 0),
    ("cci_50", "CCI", "hlc", {"timeperiod": 50}, 0),
    ("mfi_14", "MFI", "hlcv", {}, 0),
    ("tsi_25_13", "TSI", "c", {}, 0),
    ("ultosc_7_14_28", "ULTOSC", "hlc", {}, 0),
    ("ultosc_14_28_56", "ULTOSC", "hlc", {"timeperiod1": 14, "timeperiod2": 28, "timeperiod3": 56}, 0),
    ("apo", "APO", "c", {"matype": 1}, 0),
    ("ppo", "PPO", "c", {"matype": 1}, 0),
    ("pvo", "PVO", "v", {"matype": 1}, 0),
    ("ao", "AO", "hl", {}, 0),
    ("ac", "AC", "hl", {}, 0),
    ("bop", "BOP", "ohlc", {}, 0),
    ("coppock", "COPPOCK", "c", {}, 0),
    ("dpo_20", "DPO", "c", {}, 0),
    ("efficiency_ratio_10", "ER", "c", {}, 0),
    ("smi", "SMI", "hlc", {}, 0),
    ("smi_signal", "SMI", "hlc", {}, 1),
    ("kdj_k", "KDJ", "hlc", {}, 0),
    ("kdj_d", "KDJ", "hlc", {}, 1),
    ("kdj_j", "KDJ", "hlc", {}, 2),
    ("fosc_5", "FOSC", "c", {}, 0),
    ("imi_14", "IMI", "oc", {}, 0),
    ("qstick_14", "QSTICK", "oc", {"timeperiod": 14}, 0),
]


def real(file: str) -> Floats:
    table = pq.read_table(Path(str(DATA)) / "candles" / file)
    columns = ("ts", "open", "high", "low", "close", "volume")
    return np.array([table[name].to_numpy().astype(np.float64)[:CANDLES] for name in columns])


def last(name: str, candles: Floats) -> float:
    return float(computed([name], candles)[-1, 0])


@needs_data
@pytest.mark.parametrize("file", ["binanceusdm_BTCUSDT_1m.parquet", "binanceusdm_ADAUSDT_1h.parquet"])
def test_what_talib_has_is_talibs_after_the_warm_up(file: str) -> None:
    talib = pytest.importorskip("talib")
    candles = real(file)
    column = dict(zip("ohlcv", candles[1:], strict=True))
    names = [name for name, *_ in TALIB]
    ours = computed(names, candles)
    for at, (name, function, inputs, parameters, output) in enumerate(TALIB):
        theirs = getattr(talib, function)(*(column[one] for one in inputs), **parameters)
        theirs = theirs[output] if isinstance(theirs, tuple) else theirs
        feature = CATALOGUE.find(name)
        first = feature.family.warmup(*feature.values) - 1
        assert np.isnan(ours[:first, at]).all(), name
        scale = candles[4].max() if feature.output.scale == "close" else feature.output.scale
        np.testing.assert_allclose(
            ours[first:, at], theirs[first:], rtol=1e-9, atol=1e-9 * scale, equal_nan=False, err_msg=name
        )


def test_returns_of_a_few_closes_by_hand() -> None:
    candles = candles_of([100.0, 110.0, 99.0])
    values = computed(["returns_1", "returns_2", "log_returns_1", "roc_1", "momentum_1", "acceleration_1"], candles)
    assert values[2] == pytest.approx([-0.1, -0.01, math.log(0.9), -10.0, -11.0, math.log(0.9 / 1.1)])
    assert np.isnan(values[0]).all()


def test_momentum_in_mean_true_ranges_is_n_where_every_candle_rises_by_its_range() -> None:
    assert last("momentum_atr_10", candles_of(list(np.arange(100.0, 120.0)))) == pytest.approx(10.0)


def test_a_close_at_the_top_of_the_range_is_at_the_top_of_every_stochastic() -> None:
    candles = candles_of(list(np.arange(1.0, 40.0)))
    names = ["stoch_k", "stoch_d", "stoch_hist", "stochf_k", "willr_14"]
    assert computed(names, candles)[-1] == pytest.approx([100.0, 100.0, 0.0, 100.0, 0.0])


def test_streak_counts_one_way_closes_and_is_cut_at_fifty() -> None:
    closes = [100.0] * 60 + [101.0, 102.0, 103.0, 102.0, 101.0, 101.0]
    values = computed(["streak", "streak_return"], candles_of(list(closes)))
    assert list(values[-6:, 0]) == [1.0, 2.0, 3.0, -1.0, -2.0, 0.0]
    assert values[-4, 1] == pytest.approx(math.log(103.0 / 100.0))
    assert values[-2, 1] == pytest.approx(math.log(101.0 / 103.0))
    assert last("streak", candles_of(list(np.arange(1.0, 200.0)))) == 50.0


def test_the_psychological_line_is_the_percentage_of_rises() -> None:
    assert last("psy_4", candles_of([1.0, 2.0, 3.0, 3.0, 2.0])) == 50.0


def test_gaps_are_told_from_bodies() -> None:
    candles = candles_of([100.0] * 4)
    candles[1, 2] = candles[2, 2] = 110.0
    values = computed(["gap", "gap_return_2", "gap_share_2"], candles)
    assert values[2] == pytest.approx([math.log(1.1), math.log(1.1), 0.5])
    assert values[3] == pytest.approx([0.0, math.log(1.1), 0.5])


def test_efficiency_is_the_distance_against_the_way() -> None:
    assert last("efficiency_ratio_4", candles_of([10.0, 12.0, 11.0, 13.0, 12.0])) == pytest.approx(2.0 / 6.0)


def test_relative_vigor_of_candles_that_all_use_half_their_range() -> None:
    candles = candles_of(list(np.arange(100.0, 130.0)))
    candles[2] += 0.5
    candles[3] -= 0.5
    assert computed(["rvgi_10", "rvgi_signal_10", "rvgi_hist_10"], candles)[-1] == pytest.approx([0.5, 0.5, 0.0])


def test_fisher_of_a_lasting_rise_comes_to_twice_the_arc_tangent_of_its_bound() -> None:
    assert last("fisher_10", candles_of(list(np.arange(1.0, 300.0)))) == pytest.approx(2.0 * math.atanh(0.999))


def test_know_sure_thing_and_coppock_of_steady_growth() -> None:
    candles = candles_of(list(1.01 ** np.arange(80.0)))
    roc = {n: 100.0 * (1.01**n - 1.0) for n in (10, 11, 14, 15, 20, 30)}
    known = roc[10] + 2.0 * roc[15] + 3.0 * roc[20] + 4.0 * roc[30]
    assert computed(["kst", "kst_signal", "coppock"], candles)[-1] == pytest.approx([known, known, roc[11] + roc[14]])


def test_price_momentum_oscillator_of_steady_growth_is_ten_times_its_percentage() -> None:
    candles = candles_of(list(1.01 ** np.arange(900.0)))
    assert computed(["pmo", "pmo_hist"], candles)[-1] == pytest.approx([10.0, 0.0])


def test_rank_and_streak_are_part_of_connors_rsi() -> None:
    closes = 100.0 + np.cumsum(np.where(np.arange(300) % 2 == 0, 1.0, -1.0))
    calm = last("crsi", candles_of(list(closes)))
    jumped = last("crsi", candles_of(list(np.append(closes, closes[-1] + 5.0))))
    assert 0.0 <= calm < 50.0 < jumped <= 100.0


def test_divergence_is_positive_where_the_price_rises_and_volume_leaves() -> None:
    closes = 100.0 + np.arange(900.0) * 0.1 + np.where(np.arange(900) % 3 == 0, -0.3, 0.0)
    candles = candles_of(list(closes))
    candles[5] = np.where(np.diff(closes, prepend=0.0) < 0.0, 9.0, 1.0)
    assert last("divergence_obv_30", candles) > 0.9
    candles[5] = 1.0
    assert abs(last("divergence_obv_30", candles)) < 0.2


def test_divergence_of_a_straight_line_is_that_of_its_price_alone() -> None:
    values = computed(["divergence_rsi_14", "divergence_obv_14"], candles_of(list(np.linspace(100.0, 200.0, 900))))[-1]
    assert values == pytest.approx([0.5, 0.0])


def test_nothing_that_moves_is_nothing_and_not_undefined() -> None:
    listed = [one for one in CATALOGUE.listed() if one.family.category == "momentum"]
    candles = candles_of([5.0] * 2_000, volume=0.0)
    values = computed([one.name for one in listed], candles)[-1]
    still = {one.output.name: value for one, value in zip(listed, values, strict=True)}
    assert not np.isnan(values).any()
    assert {name: value for name, value in still.items() if abs(value) > 1e-12} == {
        "efficiency_ratio": 1.0,
        "imi": 50.0,
        "rocr": 1.0,
        "rocr100": 100.0,
    }


def test_prices_in_another_unit_change_nothing() -> None:
    rng = np.random.default_rng(5)
    candles = candles_of(list(100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, 2_000)))))
    candles[5] = rng.lognormal(0.0, 1.0, 2_000)
    listed = [one for one in CATALOGUE.listed() if one.family.category == "momentum" and not one.output.level]
    names = [one.name for one in listed]
    plain = computed(names, candles)
    other = candles.copy()
    other[1:5] *= 2.0**-40
    other[5] *= 2.0**30
    np.testing.assert_array_equal(computed(names, other), plain)


def test_an_index_forgets_what_moved_before_a_long_stillness() -> None:
    closes = [*(100.0 + np.arange(700.0)), *([800.0] * 139)]
    assert last("rsi_14", candles_of(list(closes))) == 100.0
    assert last("rsi_14", candles_of([*closes, 800.0, 800.0])) == 0.0
