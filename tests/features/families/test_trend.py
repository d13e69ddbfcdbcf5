"""Features of trend: small examples by hand, TA-Lib's values, and what holds on any market."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.features.families.computed import CATALOGUE, candles_of, computed

from papertape.contract.candle import Floats

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
Indicator = Callable[[Any, Floats, Floats, Floats, Floats], Any]
"""TA-Lib's values from talib, high, low, close, volume."""

INDICATORS: dict[str, Indicator] = {
    "sma_10": lambda ta, hi, lo, c, v: ta.SMA(c, 10),
    "sma_200": lambda ta, hi, lo, c, v: ta.SMA(c, 200),
    "ema_9": lambda ta, hi, lo, c, v: ta.EMA(c, 9),
    "ema_50": lambda ta, hi, lo, c, v: ta.EMA(c, 50),
    "wma_10": lambda ta, hi, lo, c, v: ta.WMA(c, 10),
    "wma_50": lambda ta, hi, lo, c, v: ta.WMA(c, 50),
    "hma_9": lambda ta, hi, lo, c, v: ta.HMA(c, 9),
    "hma_20": lambda ta, hi, lo, c, v: ta.HMA(c, 20),
    "hma_55": lambda ta, hi, lo, c, v: ta.HMA(c, 55),
    "dema_21": lambda ta, hi, lo, c, v: ta.DEMA(c, 21),
    "tema_21": lambda ta, hi, lo, c, v: ta.TEMA(c, 21),
    "t3_5_0.7": lambda ta, hi, lo, c, v: ta.T3(c, 5, 0.7),
    "t3_14_0.5": lambda ta, hi, lo, c, v: ta.T3(c, 14, 0.5),
    "zlema_21": lambda ta, hi, lo, c, v: ta.ZLEMA(c, 21),
    "vwma_20": lambda ta, hi, lo, c, v: ta.VWMA(c, v, 20),
    "trima_20": lambda ta, hi, lo, c, v: ta.TRIMA(c, 20),
    "trima_21": lambda ta, hi, lo, c, v: ta.TRIMA(c, 21),
    "smma_14": lambda ta, hi, lo, c, v: ta.RMA(c, 14),
    "midpoint_14": lambda ta, hi, lo, c, v: ta.MIDPOINT(c, 14),
    "midprice_14": lambda ta, hi, lo, c, v: ta.MIDPRICE(hi, lo, 14),
    "macd_12_26_9": lambda ta, hi, lo, c, v: ta.MACD(c, 12, 26, 9)[0],
    "macd_signal_12_26_9": lambda ta, hi, lo, c, v: ta.MACD(c, 12, 26, 9)[1],
    "macd_hist_12_26_9": lambda ta, hi, lo, c, v: ta.MACD(c, 12, 26, 9)[2],
    "macd_hist_5_35_5": lambda ta, hi, lo, c, v: ta.MACD(c, 5, 35, 5)[2],
    "adx_14": lambda ta, hi, lo, c, v: ta.ADX(hi, lo, c, 14),
    "adx_7": lambda ta, hi, lo, c, v: ta.ADX(hi, lo, c, 7),
    "adxr_14": lambda ta, hi, lo, c, v: ta.ADXR(hi, lo, c, 14),
    "di_plus_14": lambda ta, hi, lo, c, v: ta.PLUS_DI(hi, lo, c, 14),
    "di_minus_14": lambda ta, hi, lo, c, v: ta.MINUS_DI(hi, lo, c, 14),
    "dx_14": lambda ta, hi, lo, c, v: ta.DX(hi, lo, c, 14),
    "dm_plus_14": lambda ta, hi, lo, c, v: ta.PLUS_DM(hi, lo, 14),
    "dm_minus_14": lambda ta, hi, lo, c, v: ta.MINUS_DM(hi, lo, 14),
    "aroon_up_25": lambda ta, hi, lo, c, v: ta.AROON(hi, lo, 25)[1],
    "aroon_down_25": lambda ta, hi, lo, c, v: ta.AROON(hi, lo, 25)[0],
    "aroon_osc_14": lambda ta, hi, lo, c, v: ta.AROONOSC(hi, lo, 14),
    "linearreg_14": lambda ta, hi, lo, c, v: ta.LINEARREG(c, 14),
    "linearreg_slope_14": lambda ta, hi, lo, c, v: ta.LINEARREG_SLOPE(c, 14),
    "linearreg_intercept_30": lambda ta, hi, lo, c, v: ta.LINEARREG_INTERCEPT(c, 30),
    "linearreg_angle_14": lambda ta, hi, lo, c, v: ta.LINEARREG_ANGLE(c, 14),
    "tsf_14": lambda ta, hi, lo, c, v: ta.TSF(c, 14),
    "vi_plus_14": lambda ta, hi, lo, c, v: ta.VORTEX(hi, lo, c, 14)[0],
    "vi_minus_14": lambda ta, hi, lo, c, v: ta.VORTEX(hi, lo, c, 14)[1],
    "trix_15": lambda ta, hi, lo, c, v: ta.TRIX(c, 15) / 100,
    "bull_power_13": lambda ta, hi, lo, c, v: ta.ERI(hi, lo, c, 13)[0],
    "bear_power_13": lambda ta, hi, lo, c, v: ta.ERI(hi, lo, c, 13)[1],
    "vhf_28": lambda ta, hi, lo, c, v: ta.VHF(c, 28),
    "chandelier_long_22_3": lambda ta, hi, lo, c, v: ta.MAX(hi, 22) - 3 * ta.ATR(hi, lo, c, 22),
}

# Of these TA-Lib is given the candles that the recursion is restarted on.
PATHS: dict[str, tuple[int, Indicator]] = {
    "kama_10": (110, lambda ta, hi, lo, c, v: ta.KAMA(c, 10)),
    "kama_30": (130, lambda ta, hi, lo, c, v: ta.KAMA(c, 30)),
    "psar_0.02_0.2": (120, lambda ta, hi, lo, c, v: ta.SAR(hi, lo, 0.02, 0.2)),
    "psar_0.1_0.05": (120, lambda ta, hi, lo, c, v: ta.SAR(hi, lo, 0.1, 0.05)),
    "supertrend_10_3": (110, lambda ta, hi, lo, c, v: ta.SUPERTREND(hi, lo, c, 10, 3.0)[0]),
    "supertrend_direction_7_2": (107, lambda ta, hi, lo, c, v: ta.SUPERTREND(hi, lo, c, 7, 2.0)[1]),
}

needs_talib = pytest.mark.skipif(importlib.util.find_spec("talib") is None, reason="TA-Lib is not installed")


def wandering(n: int = 3000, seed: int = 7, volatility: float = 0.01) -> Floats:
    """Candles (6, n) of a random walk with gaps between close and open."""
    chance = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(chance.normal(0, volatility, n)))
    opens = np.concatenate([close[:1], close[:-1]]) * np.exp(chance.normal(0, volatility / 5, n))
    high = np.maximum(opens, close) * np.exp(np.abs(chance.normal(0, volatility / 3, n)))
    low = np.minimum(opens, close) * np.exp(-np.abs(chance.normal(0, volatility / 3, n)))
    ts = 1_700_000_040_000 + 60_000 * np.arange(n)
    return np.array([ts, opens, high, low, close, chance.lognormal(0, 1, n)])


@pytest.fixture(scope="module", params=["random walk", "ADA, hours", "BTC, minutes"])
def candles(request: pytest.FixtureRequest) -> Floats:
    if request.param == "random walk":
        return wandering()
    if DATA is None:
        pytest.skip("PAPERTAPE_TEST_DATA names no folder of recorded candles")
    name = "binanceusdm_ADAUSDT_1h" if request.param == "ADA, hours" else "binanceusdm_BTCUSDT_1m"
    table = pq.read_table(Path(DATA) / "candles" / f"{name}.parquet")
    return np.array([table[k].to_numpy()[:3000] for k in ("ts", "open", "high", "low", "close", "volume")], np.float64)


@pytest.fixture(scope="module")
def values(candles: Floats) -> dict[str, Floats]:
    names = [*INDICATORS, *PATHS]
    return dict(zip(names, computed(names, candles).T, strict=True))


@needs_talib
@pytest.mark.parametrize("name", INDICATORS)
def test_values_are_those_of_talib(name: str, candles: Floats, values: dict[str, Floats]) -> None:
    import talib

    ours = values[name]
    theirs = INDICATORS[name](talib, *candles[2:])
    feature = CATALOGUE.find(name)
    warmup = feature.family.warmup(*feature.values)
    scale = candles[4] if feature.output.level else np.full(len(ours), feature.output.scale)
    assert np.isnan(ours[: warmup - 1]).all()
    off = np.abs(ours - theirs)[warmup - 1 :]
    assert (off <= 1e-9 * np.abs(theirs)[warmup - 1 :] + 1e-12 * scale[warmup - 1 :]).all()


@needs_talib
@pytest.mark.parametrize("name", PATHS)
def test_paths_are_those_of_talib_on_the_last_candles(name: str, candles: Floats, values: dict[str, Floats]) -> None:
    import talib

    window, indicator = PATHS[name]
    for end in range(window + 5, candles.shape[1] + 1, 41):
        theirs = indicator(talib, *np.ascontiguousarray(candles[2:, end - window : end]))
        assert values[name][end - 1] == pytest.approx(theirs[-1], rel=1e-9)


@needs_talib
def test_supertrend_turns_where_talib_does_on_the_whole_history() -> None:
    """A hundred candles are enough for the lines to be those that all of history gives, nearly everywhere."""
    import talib

    market = wandering()
    (ours,) = computed(["supertrend_direction_10_3"], market).T
    theirs = talib.SUPERTREND(market[2], market[3], market[4], 10, 3.0)[1]
    assert np.mean(ours[200:] == theirs[200:]) > 0.99


def test_averages_of_a_straight_line() -> None:
    closes = np.arange(1.0, 401.0).tolist()
    names = ["sma_20", "wma_20", "hma_20", "trima_20", "tsf_14", "linearreg_slope_14", "linreg_r2_14"]
    last = computed(names, candles_of(closes))[-1]
    # A linearly weighted average lags a third of its candles, a triangular one as much as a simple one.
    assert last[:4] == pytest.approx([390.5, 400 - 19 / 3, 400 + 2 * -3 + 19 / 3 - 1, 390.5])
    assert last[4:] == pytest.approx([401.0, 1.0, 1.0])


def test_distance_and_slope_are_fractions() -> None:
    closes = [100.0] * 30 + [101.0, 102.0, 103.0, 104.0, 105.0]
    sma, distance, slope = computed(["sma_10", "price_vs_sma_10", "sma_slope_10"], candles_of(closes))[-1]
    assert sma == pytest.approx(101.5)
    assert distance == pytest.approx(105 / 101.5 - 1)
    assert slope == pytest.approx((101.5 / 100 - 1) / 5)


def test_volume_weighs_the_average_and_none_leaves_it_undefined() -> None:
    market = candles_of([10.0] * 20 + [20.0] * 20)
    market[5, :20] = 3.0
    (average,) = computed(["vwma_10"], market).T
    assert average[24] == pytest.approx((5 * 3 * 10 + 5 * 20) / (5 * 3 + 5))
    market[5, 20:] = 0.0
    (average,) = computed(["vwma_10"], market).T
    assert average[28] == pytest.approx(10.0) and np.isnan(average[29:]).all()


def test_alignment_has_its_dead_band() -> None:
    rising = candles_of((100 * 1.001 ** np.arange(1000)).tolist())
    assert computed(["ema_alignment"], rising)[-1] == 1.0
    falling = candles_of((100 * 0.999 ** np.arange(1000)).tolist())
    assert computed(["ema_alignment"], falling)[-1] == -1.0
    assert computed(["ema_alignment"], candles_of([100.0] * 1000))[-1] == 0.0
    # What is left of a move long ago has a sign, but not one that counts.
    assert computed(["ema_alignment"], candles_of([100.0] * 300 + [101.0] * 1500))[-1] == 0.0


def test_closes_in_a_row_above_the_average() -> None:
    closes = [100.0] * 600 + [101.0, 102.0, 103.0, 90.0, 89.0, 110.0]
    (run,) = computed(["consecutive_above_ema_9"], candles_of(closes)).T
    assert run[-7:].tolist() == [0, 1, 2, 3, -1, -2, 1]
    (run,) = computed(["consecutive_above_ema_9"], candles_of((100 * 1.01 ** np.arange(600)).tolist())).T
    assert run[-1] == 100


def test_macd_against_the_close() -> None:
    market = wandering()
    line, part = computed(["macd_signal", "macd_signal_pct"], market)[-1]
    assert part == line / market[4, -1]


def test_a_market_that_stands_still_has_no_direction() -> None:
    names = ["adx_14", "di_plus_14", "di_minus_14", "dx_14", "linreg_r2_14", "vi_plus_14", "vhf_28", "market_regime_50"]
    assert computed(names, candles_of([100.0] * 1500))[-1].tolist() == [0.0] * len(names)
    moved = computed(names, candles_of([100.0, 101.0] * 100 + [101.0] * 1500))[-1]
    assert moved == pytest.approx([0.0] * len(names), abs=1e-12)


def test_aroon_counts_from_the_newest_of_equal_extremes() -> None:
    market = candles_of([10.0] * 40)
    market[2, [20, 25]] = 12.0
    market[3, 30] = 8.0
    up, down, osc = computed(["aroon_up_14", "aroon_down_14", "aroon_osc_14"], market)[35]
    assert (up, down) == pytest.approx((100 * 4 / 14, 100 * 9 / 14))
    assert osc == pytest.approx(up - down)


def test_ichimoku_is_not_shifted() -> None:
    market = candles_of([50.0] * 60 + [70.0])
    names = ["tenkan", "kijun", "senkou_a", "senkou_b", "price_vs_kijun", "cloud_distance", "cloud_thickness"]
    values = computed(names, market)[-1]
    assert values == pytest.approx([60, 60, 60, 60, 70 / 60 - 1, 10 / 70, 0])
    market = candles_of([50.0, 90.0] + [60.0] * 30 + [70.0] * 21)
    tenkan, kijun, first, second, *_ = computed(names, market)[51]
    assert (tenkan, kijun, first, second) == (70.0, 65.0, 67.5, 70.0)
    inside = computed(["cloud_distance"], candles_of([50.0, 90.0] + [60.0] * 30 + [69.0] * 21))[51]
    assert inside == 0.0


def test_stop_lines_turn_once_the_trend_does() -> None:
    closes = np.concatenate([100 + np.arange(200.0), 300 - 5 * np.arange(1.0, 11.0)])
    names = ["supertrend_direction", "supertrend_age", "supertrend_distance", "psar_direction", "psar_distance"]
    values = computed(names, candles_of(closes.tolist()))
    assert values[199, 0] == 1 and values[199, 1] == 99 and values[199, 2] > 0
    assert values[199, 3] == 1 and values[199, 4] > 0
    turned = int(np.argmax(values[200:, 0] == -1))
    assert values[200 + turned, 1] == 0 and values[-1, 1] == 9 - turned
    assert values[-1, 2] < 0 and values[-1, 3] == -1 and values[-1, 4] < 0


def test_the_regime_holds_on_until_the_way_has_no_direction() -> None:
    def zigzag(begin: float, count: int) -> list[float]:
        return [begin + (k % 2) for k in range(count)]

    closes = [*zigzag(100, 150), *np.arange(100.0, 121.0), *zigzag(120, 40)]
    (regime,) = computed(["market_regime_20"], candles_of(closes)).T
    # After k candles up of 20: s = (2 k - 20 and the zigzag's own step) / 20 sqrt 20; it takes 2 to enter.
    assert regime[149] == 0 and regime[170] == 1
    assert regime[172] == 1 and regime[-1] == 0
    assert set(np.unique(regime[~np.isnan(regime)])) == {0.0, 1.0}
    (mirrored,) = computed(["market_regime_20"], candles_of([300 - close for close in closes])).T
    assert np.array_equal(mirrored, -regime, equal_nan=True)


def test_choppiness_between_straight_and_back_and_forth() -> None:
    (straight,) = computed(["choppiness_14"], candles_of(np.arange(1.0, 101.0).tolist())).T
    assert straight[-1] == 0.0
    (back,) = computed(["choppiness_14"], candles_of([10.0, 11.0] * 50)).T
    assert back[-1] == pytest.approx(100.0)
    (still,) = computed(["choppiness_14"], candles_of([10.0] * 50)).T
    assert np.isnan(still[-1])


def test_the_trend_cycle_of_a_steady_turn() -> None:
    closes = np.concatenate([100 * 1.001 ** np.arange(1200), 100 * 1.001**1200 * 0.99 ** np.arange(1, 9)])
    (cycle,) = computed(["stc"], candles_of(closes.tolist())).T
    assert cycle[1207] == 0.0
    (still,) = computed(["stc"], candles_of([100.0] * 1200)).T
    assert still[-1] == 50.0


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_what_is_no_level_does_not_depend_on_the_unit_of_the_price(factor: float) -> None:
    trend = [one for one in CATALOGUE.listed() if one.family.category == "trend" and not one.output.level]
    names = [one.name for one in trend]
    market = wandering(2600)
    other = market.copy()
    other[1:5] *= factor
    one, two = computed(names, market), computed(names, other)
    assert np.isfinite(one[-1]).all()
    scale = np.array([float(feature.output.scale) for feature in trend])
    assert (np.abs(one - two)[2560:] <= 1e-9 * scale).all()
