"""Volume and order flow: small cases by hand, TA-Lib on real candles, and what no unit may change."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from tests.features.families.computed import CATALOGUE, candles_of, computed

from papertape.contract.candle import Floats
from papertape.store.candle_files import read_columns

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
needs_candles = pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
FILES = {"binanceusdm_ADAUSDT_1h": 3_600_000, "binanceus_BTCUSDT_1m": 60_000}
"""Files, and their periods, ms; the second has minutes without a trade."""

OURS = [feature for feature in CATALOGUE.listed() if feature.family.category == "volume and order flow"]


def real(name: str, most: int = 4_000) -> Floats:
    assert DATA is not None
    parts = read_columns(Path(DATA, "candles", f"{name}.parquet"))
    return np.concatenate([np.array(part[:6], np.float64) for part in parts], axis=1)[:, :most]


def walk(n: int, seed: int = 7) -> Floats:
    """Candles that wander, each beginning where the last one ended."""
    rng = np.random.default_rng(seed)
    candles = candles_of(list(100 * np.exp(np.cumsum(rng.normal(0, 0.002, n)))))
    candles[2] *= 1 + 0.001 * rng.random(n)
    candles[3] *= 1 - 0.001 * rng.random(n)
    candles[5] = rng.lognormal(2, 1, n)
    return candles


def last(name: str, candles: Floats) -> float:
    return float(computed([name], candles)[-1, 0])


def with_volumes(closes: list[float], volumes: list[float]) -> Floats:
    candles = candles_of(closes)
    candles[5] = volumes
    return candles


def test_volume_is_measured_against_its_mean() -> None:
    candles = with_volumes([10.0] * 4, [1.0, 2.0, 3.0, 6.0])
    assert last("volume_ratio_4", candles) == 2.0
    assert last("volume_zscore_4", candles) == pytest.approx(3 / math.sqrt(3.5))
    assert last("volume_dispersion_4", candles) == pytest.approx(math.sqrt(3.5) / 3)
    assert last("volume_cross_2_4", candles) == pytest.approx(0.5)
    assert last("volume_trend_4", candles) == pytest.approx(4 * 1.6 / 3)
    assert last("volume_peak_share_4", candles) == 0.5
    assert last("volume_rank_4", candles) == 1.0


def test_names_without_parameters_are_the_default() -> None:
    candles = walk(60)
    names = ["volume_ratio", "volume_zscore", "delta_volume", "trade_imbalance"]
    full = ["volume_ratio_20", "volume_zscore_20", "delta_volume_50", "trade_imbalance_50"]
    assert np.array_equal(computed(names, candles), computed(full, candles), equal_nan=True)
    assert CATALOGUE.find("vpin").name == "vpin_50_10"


def test_volume_spread_evenly_has_the_entropy_1_and_in_one_candle_0() -> None:
    assert last("volume_entropy_4", with_volumes([10.0] * 4, [3.0] * 4)) == pytest.approx(1.0)
    assert last("volume_entropy_4", with_volumes([10.0] * 4, [0.0, 0.0, 5.0, 0.0])) == pytest.approx(0.0)


def test_bulk_classification_is_the_normal_distribution_of_the_standardised_change() -> None:
    candles = with_volumes([10.0, 11.0, 9.0, 10.0, 12.0], [1.0, 2.0, 3.0, 4.0, 5.0])
    deviation = np.std([1.0, -2.0, 1.0, 2.0])
    bought = 0.5 * (1 + math.erf(2.0 / deviation / math.sqrt(2)))
    assert last("trade_imbalance_4", candles) == pytest.approx(2 * bought - 1)
    assert last("delta_volume_4", candles) == pytest.approx(5 * (2 * bought - 1))
    assert last("delta_volume_ratio_4", candles) == pytest.approx(5 * (2 * bought - 1) / 3.5)


def test_prices_that_stand_still_have_no_imbalance_and_steady_ones_all() -> None:
    assert last("trade_imbalance_4", candles_of([10.0] * 6)) == 0.0
    assert last("trade_imbalance_4", candles_of([10.0, 11.0, 12.0, 13.0, 14.0, 15.0])) == 1.0


def test_without_a_trade_there_is_no_imbalance_to_speak_of() -> None:
    candles = with_volumes([10.0, 11.0, 9.0, 10.0, 12.0], [1.0, 2.0, 3.0, 4.0, 0.0])
    assert math.isnan(last("trade_imbalance_4", candles))
    assert last("delta_volume_4", candles) == 0.0


def test_vpin_adds_up_what_is_one_sided_in_each_bucket() -> None:
    n, b = 6, 3
    candles = walk(2 * n + 1)
    imbalance = computed([f"trade_imbalance_{n}"], candles)[-n:, 0]
    size = candles[5, -n:].sum() / b
    ends = np.cumsum(candles[5, -n:])
    begins = ends - candles[5, -n:]
    buckets = [
        sum(
            share * max(0.0, min(end, (k + 1) * size) - max(begin, k * size))
            for share, begin, end in zip(imbalance, begins, ends, strict=True)
        )
        for k in range(b)
    ]
    assert last(f"vpin_{n}_{b}", candles) == pytest.approx(np.abs(buckets).sum() / (b * size))


def test_one_bucket_holds_the_whole_imbalance() -> None:
    candles = walk(200)
    one, net = computed(["vpin_20_1", "flow_imbalance_20_20"], candles).T
    np.testing.assert_allclose(one[50:], np.abs(net[50:]), rtol=1e-12)


def test_obv_and_cmf_are_shares_of_the_volume() -> None:
    candles = with_volumes([10.0, 11.0, 10.5, 10.5, 12.0], [9.0, 2.0, 3.0, 4.0, 5.0])
    assert last("obv_change_4", candles) == 4.0
    assert last("obv_flow_4", candles) == pytest.approx(4 / 14)
    assert last("ad_change_4", candles) == pytest.approx(2 - 3 + 0 + 5)
    assert last("cmf_4", candles) == pytest.approx(4 / 14)
    assert last("up_down_volume_4", candles) == pytest.approx(math.log(3.5 / 3))


def test_vwap_is_the_mean_price_of_the_volume() -> None:
    candles = with_volumes([10.0, 10.0, 13.0], [0.0, 1.0, 3.0])
    typical = (13 + 10 + 13) / 3
    mean = (10 + 3 * typical) / 4
    assert last("vwap_3", candles) == pytest.approx(mean)
    assert last("vwap_distance_3", candles) == pytest.approx(13 / mean - 1)
    deviation = math.sqrt((10 - mean) ** 2 / 4 + 3 * (typical - mean) ** 2 / 4)
    assert last("vwap_zscore_3", candles) == pytest.approx((13 - mean) / deviation)


def test_a_session_begins_at_midnight() -> None:
    hour, hours = 3_600_000, 60
    candles = candles_of([*range(100, 100 + hours)], hour)
    candles[0] = 1_700_006_400_000 + hour * np.arange(hours)  # begins at a midnight
    typical = candles[2:5].mean(axis=0)
    ours = computed(["session_vwap_24"], candles, hour)[:, 0]
    assert np.isnan(ours[:24]).all()
    assert ours[24] == pytest.approx(typical[24])
    assert ours[47] == pytest.approx(typical[24:48].mean())
    assert ours[50] == pytest.approx(typical[48:51].mean())
    assert np.isnan(computed(["session_vwap_12"], candles, hour)[47, 0])  # the day has more candles than that


def test_illiquidity_passes_over_candles_without_a_trade() -> None:
    candles = with_volumes([10.0] * 20 + [11.0, 11.0, 10.0], [1.0] * 20 + [2.0, 0.0, 4.0])
    rise = math.log(1.1)
    assert last("amihud_3", candles) == pytest.approx((rise / 22 + rise / 40) / 2)


def test_kyles_lambda_is_what_a_unit_of_buying_costs() -> None:
    rng = np.random.default_rng(3)
    volumes = rng.integers(1, 9, 30).astype(float)
    signs = np.where(rng.random(30) < 0.5, 1.0, -1.0)
    candles = with_volumes(list(1000 + np.cumsum(0.25 * signs * volumes)), list(volumes))
    assert last("kyle_lambda_20", candles) == pytest.approx(0.25)
    assert last("kyle_r2_20", candles) == pytest.approx(1.0)
    assert last("kyle_impact_20", candles) == pytest.approx(0.25 * volumes[-20:].mean() / candles[4, -1])


def test_spreads_are_those_that_the_prices_bounce_over() -> None:
    bounce = np.exp(0.001 * np.where(np.arange(400) % 2, 1.0, -1.0))
    candles = candles_of(list(100 * bounce))
    # Returns alternate between +-0.002: their covariance is -0.002^2, twice what independent trades leave.
    assert last("roll_spread_50", candles) == pytest.approx(0.004)
    # High and low are the same in one candle and in two: all of the height is spread.
    assert last("corwin_schultz_spread_20", candles) == pytest.approx(2 * math.tanh(0.001))
    # Closes stand half the height off both middles.
    assert last("abdi_ranaldo_spread_20", candles) == pytest.approx(0.002)
    swing = candles_of(list(100 + np.sin(np.arange(400) / 5)))
    assert last("roll_spread_50", swing) == 0.0


def test_a_spike_is_remembered_for_a_hundred_candles() -> None:
    volumes = np.ones(400)
    volumes[200] = 50.0
    candles = with_volumes([*np.linspace(100, 120, 400)], list(volumes))
    flag, age, side = computed(["volume_spike_20_2", "volume_spike_age_20_2", "volume_spike_side_20_2"], candles).T
    assert flag[199:202].tolist() == [0.0, 1.0, 0.0]
    assert age[199:203].tolist() == [1.0, 0.0, pytest.approx(0.01), pytest.approx(0.02)]
    assert side[199:202].tolist() == [0.0, pytest.approx(1.0), pytest.approx(1.0)]
    assert (age[300], side[300]) == (1.0, 0.0)


def test_indices_of_volume_take_their_own_candles_only() -> None:
    candles = with_volumes([10.0, 11.0, 12.0, 9.0, 10.0], [5.0, 6.0, 5.0, 7.0, 7.0])
    assert last("nvi_change_4", candles) == pytest.approx(12 / 11 - 1)
    assert last("pvi_change_4", candles) == pytest.approx(11 / 10 * 9 / 12 - 1)


def test_the_volume_profile_is_split_by_the_close() -> None:
    candles = with_volumes([10.0, 12.0, 9.0, 10.0], [1.0, 2.0, 3.0, 4.0])
    # Typical prices 10, 11.33, 10, 9.67: the last candle is below its own close, two are level with it.
    assert last("volume_below_4", candles) == pytest.approx((4 + 0.5 * (1 + 3)) / 10)


def klinger(candles: Floats, fast: int, slow: int, signal: int) -> tuple[Floats, Floats]:
    """Oscillator and signal as a recursion over all candles, runs without a limit."""
    _, _, high, low, close, volume = candles
    prices, height = high + low + close, high - low
    trend = np.where(np.diff(prices, prepend=prices[0]) > 0, 1.0, -1.0)
    run = np.zeros(len(close))
    for k in range(1, len(close)):
        run[k] = height[k] + (run[k - 1] if k > 1 and trend[k] == trend[k - 1] else height[k - 1])
    ratio = np.divide(height, run, out=np.ones_like(run), where=run > 0)
    forces = 100 * trend * volume * np.abs(2 * (ratio - 1))

    def averaged(values: Floats, n: int) -> Floats:
        out = values.copy()
        for k in range(1, len(out)):
            out[k] = out[k - 1] + 2 / (n + 1) * (values[k] - out[k - 1])
        return out

    oscillator = averaged(forces, fast) - averaged(forces, slow)
    return oscillator, averaged(oscillator, signal)


def test_klingers_oscillator_is_the_endless_recursion() -> None:
    candles = walk(1500)
    ours = computed(["kvo_34_55_13", "kvo_signal_34_55_13"], candles)
    for mine, theirs in zip(ours.T, klinger(candles, 34, 55, 13), strict=True):
        there = ~np.isnan(mine)
        assert there.sum() > 400
        np.testing.assert_allclose(mine[there], theirs[there], rtol=0, atol=1e-9 * np.abs(theirs).max())


def test_scale_free_features_know_no_units() -> None:
    candles = walk(2_000)
    other = candles.copy()
    other[1:5] *= 2.0**20
    other[5] *= 2.0**-13
    names = [feature.name for feature in OURS if not feature.output.level]
    ours, theirs = computed(names, candles), computed(names, other)
    for place, name in enumerate(names):
        assert np.isfinite(ours[-1, place]), name
        np.testing.assert_allclose(ours[:, place], theirs[:, place], rtol=1e-9, atol=1e-12, err_msg=name)


def test_a_long_stretch_without_a_trade_leaves_nothing_behind() -> None:
    candles = walk(5_000)
    candles[5, :2_500] *= 1e12
    candles[5, 2_500:4_500] = 0.0
    names = [feature.name for feature in OURS]
    calm = candles.copy()
    calm[5, :2_500] /= 1e12
    ours, theirs = computed(names, candles)[4_500:], computed(names, calm)[4_500:]
    assert ours.tobytes() == theirs.tobytes()


@needs_candles
@pytest.mark.parametrize("name", FILES)
def test_talib_says_the_same(name: str) -> None:
    talib = pytest.importorskip("talib")
    candles = real(name)
    _, _, high, low, close, volume = candles

    def change(line: Floats, n: int) -> Floats:
        return np.concatenate([np.full(n, np.nan), line[n:] - line[:-n]])

    def growth(line: Floats, n: int) -> Floats:
        return np.concatenate([np.full(n, np.nan), line[n:] / line[:-n] - 1.0])

    theirs = {
        "obv_change_10": change(talib.OBV(close, volume), 10),
        "ad_change_20": change(talib.AD(high, low, close, volume), 20),
        "adosc_3_10": talib.ADOSC(high, low, close, volume, 3, 10),
        "volume_mean_20": talib.SMA(volume, 20),
        "volume_slope_30": talib.LINEARREG_SLOPE(volume, 30),
        "price_volume_correlation_20": talib.CORREL(close, volume, 20),
        "volume_zscore_20": (volume - talib.SMA(volume, 20)) / talib.STDDEV(volume, 20),
        "volume_peak_share_20": talib.MAX(volume, 20) / talib.SUM(volume, 20),
        "volume_cross_5_20": talib.SMA(volume, 5) / talib.SMA(volume, 20) - 1,
        "nvi_change_20": growth(talib.NVI(close, volume), 20),
        "pvi_change_20": growth(talib.PVI(close, volume), 20),
        "pvt_change_20": change(talib.PVT(close, volume), 20),
        "cmf_20": talib.CMF(high, low, close, volume, 20),
        "force_index_13": talib.EFI(close, volume, 13),
    }
    ours = dict(zip(theirs, computed([*theirs], candles, FILES[name]).T, strict=True))
    ratio = computed(["money_flow_ratio_14"], candles, FILES[name])[:, 0]
    ours["mfi"], theirs["mfi"] = 100 / (1 + np.exp(-ratio)), talib.MFI(high, low, close, volume, 14)
    for feature, mine in ours.items():
        there = ~np.isnan(mine) & ~np.isnan(theirs[feature])
        assert there.sum() > 3_000, feature
        size = np.maximum(np.abs(theirs[feature]), np.nanmedian(np.abs(theirs[feature])))[there]
        assert (np.abs(mine - theirs[feature])[there] <= 1e-9 * size).all(), feature


@needs_candles
@pytest.mark.parametrize("name", FILES)
def test_vwap_is_talibs_of_the_window_alone(name: str) -> None:
    talib = pytest.importorskip("talib")
    candles = real(name, 200)
    ours = computed(["vwap_20"], candles, FILES[name])[:, 0]
    for at in np.flatnonzero(~np.isnan(ours)):
        window = candles[:, at - 19 : at + 1]
        assert ours[at] == pytest.approx(talib.VWAP(*np.ascontiguousarray(window[2:]))[-1], rel=1e-9)
