"""Features of volatility: their formulas on random candles, small examples by hand, and TA-Lib's values."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.features.families.computed import candles_of, computed

from papertape.contract.candle import Floats

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
HOUR = 3_600_000

Formula = Callable[[Floats, Floats, Floats, Floats, Floats], Any]
"""A value from open, high, low, close and volume, the newest last."""


def market(seed: int, count: int = 400) -> Floats:
    """Candles (6, count) of a random walk with jumps between them and changing volatility."""
    g = np.random.default_rng(seed)
    pace = 0.004 * np.exp(0.5 * np.sin(np.arange(count) / 30))
    close = 50 * np.exp(np.cumsum(g.normal(0, 1, count) * pace))
    opens = np.concatenate([close[:1], close[:-1]]) * (1 + g.normal(0, 0.0005, count))
    high = np.maximum(opens, close) * (1 + 0.002 * g.random(count))
    low = np.minimum(opens, close) * (1 - 0.002 * g.random(count))
    ts = 1_700_000_040_000.0 + 60_000 * np.arange(count)
    return np.array([ts, opens, high, low, close, g.exponential(5.0, count) * (g.random(count) < 0.9)])


def gains(c: Floats, n: int) -> Floats:
    return np.diff(np.log(c))[-n:]


def deviations(c: Floats, n: int, m: int) -> Floats:
    """The last m sample deviations of n log returns each."""
    r = np.diff(np.log(c))
    return np.array([np.std(r[len(r) - k - n : len(r) - k], ddof=1) for k in range(m - 1, -1, -1)])


def spans(h: Floats, low: Floats, c: Floats, n: int) -> Floats:
    return (np.maximum(h[1:], c[:-1]) - np.minimum(low[1:], c[:-1]))[-n:]


def share_below(before: Floats, value: float) -> float:
    return float(np.mean(before < value))


def ulcer(c: Floats, n: int) -> float:
    falls = [c[t] / c[t - n + 1 : t + 1].max() - 1 for t in range(len(c) - n, len(c))]
    return math.sqrt(np.mean(np.square(falls)))


def adaptive(h: Floats, low: Floats, c: Floats, n: int) -> float:
    efficiency = abs(c[-1] - c[-1 - n]) / np.abs(np.diff(c[-n - 1 :])).sum()
    m = 2 * n - 1.5 * n * efficiency
    weights = np.clip(m - np.arange(2 * n), 0, 1)
    return float((spans(h, low, c, 2 * n)[::-1] * weights).sum() / m / c[-1])


def clustering(c: Floats, n: int) -> float:
    size = np.abs(gains(c, n)) - np.abs(gains(c, n)).mean()
    return float((size[1:] * size[:-1]).sum() / (size * size).sum())


def bipower(c: Floats, n: int) -> float:
    size = np.abs(gains(c, n))
    return float(math.pi / 2 * n / (n - 1) * (size[1:] * size[:-1]).sum())


def satchell(o: Floats, h: Floats, low: Floats, c: Floats, n: int) -> float:
    each = np.log(h / c) * np.log(h / o) + np.log(low / c) * np.log(low / o)
    return float(each[-n:].mean())


def yang_zhang(o: Floats, h: Floats, low: Floats, c: Floats, n: int) -> float:
    jumps = np.var(np.log(o[1:] / c[:-1])[-n:], ddof=1)
    bodies = np.var(np.log(c / o)[-n:], ddof=1)
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    return math.sqrt(jumps + k * bodies + (1 - k) * satchell(o, h, low, c, n))


def acceleration(h: Floats, low: Floats, n: int) -> tuple[float, float]:
    g = 4 * (h - low) / (h + low)
    return float((low * (1 - g))[-n:].mean()), float((h * (1 + g))[-n:].mean())


def by_volume(c: Floats, v: Floats, n: int) -> float:
    r, w = gains(c, n), v[-n:]
    return math.sqrt((w * r * r).sum() / w.sum()) / math.sqrt((r * r).mean())


def parkinson(h: Floats, low: Floats, n: int) -> float:
    return math.sqrt((np.log(h / low)[-n:] ** 2).mean() / (4 * math.log(2)))


FORMULAS: dict[str, Formula] = {
    "true_range_pct": lambda o, h, low, c, v: spans(h, low, c, 1)[0] / c[-2],
    "atr_dynamic_14": lambda o, h, low, c, v: adaptive(h, low, c, 14),
    "volatility_20": lambda o, h, low, c, v: np.std(gains(c, 20), ddof=1),
    "parkinson_20": lambda o, h, low, c, v: parkinson(h, low, 20),
    "garman_klass_20": lambda o, h, low, c, v: math.sqrt(
        np.mean((0.5 * np.log(h / low) ** 2 - (2 * math.log(2) - 1) * np.log(c / o) ** 2)[-20:])
    ),
    "rogers_satchell_20": lambda o, h, low, c, v: math.sqrt(satchell(o, h, low, c, 20)),
    "yang_zhang_30": lambda o, h, low, c, v: yang_zhang(o, h, low, c, 30),
    "bb_position_20_2": lambda o, h, low, c, v: 0.5 + (c[-1] - c[-20:].mean()) / (4 * c[-20:].std()),
    "bb_width_20_2": lambda o, h, low, c, v: 4 * c[-20:].std() / c[-20:].mean(),
    "donchian_position_20": lambda o, h, low, c, v: (c[-1] - low[-20:].min()) / (h[-20:].max() - low[-20:].min()),
    "donchian_width_20": lambda o, h, low, c, v: (
        2 * (h[-20:].max() - low[-20:].min()) / (h[-20:].max() + low[-20:].min())
    ),
    "acceleration_position_20": lambda o, h, low, c, v: (
        (c[-1] - acceleration(h, low, 20)[0]) / (acceleration(h, low, 20)[1] - acceleration(h, low, 20)[0])
    ),
    "acceleration_skew_20": lambda o, h, low, c, v: (
        (sum(acceleration(h, low, 20)) - 2 * c[-20:].mean())
        / (acceleration(h, low, 20)[1] - acceleration(h, low, 20)[0])
    ),
    "avgdev_share_14": lambda o, h, low, c, v: np.abs(c[-14:] - c[-14:].mean()).mean() / c[-14:].std(),
    "range_pct_20": lambda o, h, low, c, v: ((h - low) / c)[-20:].mean(),
    "candle_range_zscore_20": lambda o, h, low, c, v: (
        (((h - low) / c)[-1] - ((h - low) / c)[-20:].mean()) / ((h - low) / c)[-20:].std()
    ),
    "range_expansion_20": lambda o, h, low, c, v: ((h - low) / c)[-1] / ((h - low) / c)[-21:-1].mean(),
    "volatility_ratio_10_50": lambda o, h, low, c, v: deviations(c, 10, 1)[0] / deviations(c, 50, 1)[0],
    "volatility_of_volatility_10_20": lambda o, h, low, c, v: (
        deviations(c, 10, 20).std() / deviations(c, 10, 20).mean()
    ),
    "volatility_zscore_10_20": lambda o, h, low, c, v: (
        (deviations(c, 10, 1)[0] - deviations(c, 10, 20).mean()) / deviations(c, 10, 20).std()
    ),
    "volatility_rank_5_50": lambda o, h, low, c, v: share_below(deviations(c, 5, 51)[:-1], deviations(c, 5, 1)[0]),
    "volatility_change_10": lambda o, h, low, c, v: math.log(deviations(c, 10, 1)[0] / deviations(c, 10, 11)[0]),
    "downside_volatility_20": lambda o, h, low, c, v: math.sqrt(np.mean(np.minimum(gains(c, 20), 0) ** 2)),
    "upside_volatility_20": lambda o, h, low, c, v: math.sqrt(np.mean(np.maximum(gains(c, 20), 0) ** 2)),
    "ulcer_index_14": lambda o, h, low, c, v: ulcer(c, 14),
    "bipower_volatility_50": lambda o, h, low, c, v: math.sqrt(bipower(c, 50) / 50),
    "jump_share_50": lambda o, h, low, c, v: max(1 - bipower(c, 50) / (gains(c, 50) ** 2).sum(), 0),
    "largest_move_share_50": lambda o, h, low, c, v: (gains(c, 50) ** 2).max() / (gains(c, 50) ** 2).sum(),
    "volatility_clustering_50": lambda o, h, low, c, v: clustering(c, 50),
    "volume_volatility_50": lambda o, h, low, c, v: by_volume(c, v, 50),
    "close_range_ratio_20": lambda o, h, low, c, v: deviations(c, 20, 1)[0] / parkinson(h, low, 20),
    "bb_to_keltner_20": lambda o, h, low, c, v: 2 * c[-20:].std() / (1.5 * spans(h, low, c, 20).mean()),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_feature_is_its_formula_over_the_last_candles(name: str) -> None:
    candles = market(seed=5)
    values = computed([name], candles)[:, 0]
    for end in (130, 219, 400):
        expected = FORMULAS[name](*candles[1:, :end])
        assert values[end - 1] == pytest.approx(expected, rel=1e-10, abs=1e-13)


Lines = Callable[[Any, Floats, Floats, Floats], Any]
"""TA-Lib's values of talib, high, low, close."""

LINES: dict[str, tuple[str, Lines]] = {
    "true_range": ("TRANGE", lambda ta, h, low, c: ta.TRANGE(h, low, c)),
    "atr_14": ("ATR", lambda ta, h, low, c: ta.ATR(h, low, c, 14)),
    "natr_28": ("NATR", lambda ta, h, low, c: ta.NATR(h, low, c, 28)),
    "atr_pct_14": ("NATR", lambda ta, h, low, c: ta.NATR(h, low, c, 14) / 100),
    "adr_20": ("ADR", lambda ta, h, low, c: ta.ADR(h, low, 20)),
    "stddev_20": ("STDDEV", lambda ta, h, low, c: ta.STDDEV(c, 20)),
    "variance_5": ("VAR", lambda ta, h, low, c: ta.VAR(c, 5)),
    "avgdev_14": ("AVGDEV", lambda ta, h, low, c: ta.AVGDEV(c, 14)),
    "bb_upper_20_2": ("BBANDS", lambda ta, h, low, c: ta.BBANDS(c, 20, 2.0, 2.0)[0]),
    "bb_middle_20_2": ("BBANDS", lambda ta, h, low, c: ta.BBANDS(c, 20, 2.0, 2.0)[1]),
    "bb_lower_20_2": ("BBANDS", lambda ta, h, low, c: ta.BBANDS(c, 20, 2.0, 2.0)[2]),
    "keltner_upper_20_10_2": ("KC", lambda ta, h, low, c: ta.KC(h, low, c, 20, 10, 2.0)[0]),
    "keltner_middle_20_10_2": ("KC", lambda ta, h, low, c: ta.KC(h, low, c, 20, 10, 2.0)[1]),
    "keltner_lower_20_10_2": ("KC", lambda ta, h, low, c: ta.KC(h, low, c, 20, 10, 2.0)[2]),
    "donchian_upper_55": ("DONCHIAN", lambda ta, h, low, c: ta.DONCHIAN(h, low, 55)[0]),
    "donchian_middle_55": ("DONCHIAN", lambda ta, h, low, c: ta.DONCHIAN(h, low, 55)[1]),
    "donchian_lower_55": ("DONCHIAN", lambda ta, h, low, c: ta.DONCHIAN(h, low, 55)[2]),
    "acceleration_upper_20": ("ACCBANDS", lambda ta, h, low, c: ta.ACCBANDS(h, low, c, 20)[0]),
    "acceleration_middle_20": ("ACCBANDS", lambda ta, h, low, c: ta.ACCBANDS(h, low, c, 20)[1]),
    "acceleration_lower_20": ("ACCBANDS", lambda ta, h, low, c: ta.ACCBANDS(h, low, c, 20)[2]),
    "chaikin_volatility_10_10": ("CVI", lambda ta, h, low, c: ta.CVI(h, low, 10, 10) / 100),
    "mass_index_9_25": ("MASSI", lambda ta, h, low, c: ta.MASSI(h, low, 9, 25)),
    "relative_volatility_index_14_10": ("RVI", lambda ta, h, low, c: ta.RVI(c, 14, 10)),
}


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
@pytest.mark.parametrize("name", LINES)
def test_a_feature_that_talib_has_is_talibs_to_nine_digits(name: str) -> None:
    talib = pytest.importorskip("talib")
    function, lines = LINES[name]
    if not hasattr(talib, function):
        pytest.skip(f"this TA-Lib has no {function}")
    for symbol, period in (("BTCUSDT_1m", 60_000), ("ADAUSDT_1h", HOUR)):
        candles = real(f"binanceusdm_{symbol}", 4_000)
        ours = computed([name], candles, period)[:, 0]
        theirs = lines(talib, *candles[2:5])
        defined = ~np.isnan(ours)
        assert defined.sum() > 3_000
        np.testing.assert_allclose(ours[defined], theirs[defined], rtol=1e-9, atol=1e-15)


def real(name: str, count: int) -> Floats:
    import pyarrow.parquet as pq

    table = pq.read_table(Path(str(DATA)) / "candles" / f"{name}.parquet").slice(0, count)
    return np.array([table[key].to_numpy() for key in ("ts", "open", "high", "low", "close", "volume")], np.float64)


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of reference series")
def test_the_ulcer_index_is_stockcharts_own_example() -> None:
    sheet = np.genfromtxt(
        Path(str(DATA)) / "indicators" / "stockcharts" / "cs-ui.csv",
        delimiter=",",
        names=True,
        dtype=None,
        encoding=None,
    )
    ours = computed(["ulcer_index_14"], candles_of(sheet["Close"].tolist()))[:, 0]
    assert np.isnan(ours[:26]).all()
    np.testing.assert_allclose(100 * ours[26:], sheet["ulcer_index"][26:], rtol=1e-6)


def test_the_average_true_range_moves_a_fourteenth_of_the_way_to_each_range() -> None:
    closes = 100 + np.cumsum(np.resize([1.0, -2.0, 3.0], 600))
    average = 0.0
    for span in np.abs(np.diff(closes)):
        average += (span - average) / 14
    values = computed(["atr_14", "atr_pct_14"], candles_of(closes.tolist()))[-1]
    assert values == pytest.approx([average, average / closes[-1]], rel=1e-12)


def test_an_adaptive_range_looks_back_half_as_far_in_a_straight_line_and_twice_as_far_in_a_zigzag() -> None:
    line = candles_of([*[100.0] * 60, *np.arange(101.0, 108.0), *np.arange(109.0, 123.0, 2.0)])
    zigzag = candles_of([100.0 + (k % 2) for k in range(60)])
    assert computed(["atr_dynamic_14"], line)[-1, 0] == pytest.approx(2.0 / 121)
    assert computed(["atr_dynamic_14"], zigzag)[-1, 0] == pytest.approx(1.0 / 101)


def test_a_market_that_stands_still_has_no_volatility_and_is_in_the_middle_of_every_band() -> None:
    names = [
        *("volatility_20", "atr_pct_14", "atr_dynamic_14", "parkinson_20", "yang_zhang_30", "ewma_volatility_0.94"),
        *(
            "jump_share_50",
            "ulcer_index_14",
            "keltner_width_20_10_2",
            "chaikin_volatility_10_10",
            "volatility_zscore_20_50",
        ),
    ]
    middles = ["bb_position_20_2", "keltner_position_20_10_2", "donchian_position_20", "acceleration_position_20"]
    still = candles_of([100.0] * 900)
    assert (computed(names, still)[-1] == 0).all()
    assert (computed([*middles, "volatility_rank_20_100", "atr_rank_14_100"], still)[-1] == 0.5).all()
    assert computed(["relative_volatility_index_14_10", "mass_index_9_25"], still)[-1].tolist() == [50.0, 25.0]
    assert np.isnan(computed(["volatility_ratio_10_50", "volatility_regime_10_100", "bb_to_keltner_20"], still)).all()


def test_the_regime_turns_loud_quiet_and_back_with_hysteresis() -> None:
    pace = np.concatenate([np.full(300, 1.0), np.full(60, 2.0), np.full(400, 1.0), np.full(60, 0.3)])
    closes = 100 * np.exp(0.001 * np.cumsum(pace * np.resize([1.0, -1.0], len(pace))))
    ratio, regime = computed(["volatility_ratio_10_100", "volatility_regime_10_100"], candles_of(closes.tolist())).T
    expected = 0.0
    for t in range(251, len(closes)):
        if ratio[t] >= 1.25:
            expected = 1.0
        elif ratio[t] <= 0.75:
            expected = -1.0
        elif (expected > 0 and ratio[t] <= 1.1) or (expected < 0 and ratio[t] >= 0.9):
            expected = 0.0
        assert regime[t] == expected
    assert {-1.0, 0.0, 1.0} == set(regime[251:])
    assert ((regime == 1) & (ratio < 1.25) & (ratio > 1.1)).any()


def test_a_regime_that_nothing_settles_is_forgotten_after_150_candles() -> None:
    """Moves that grow fast, then slowly: the ratio comes to stay between where a loud regime begins and ends."""
    growth = np.concatenate([np.full(400, 0.01), np.full(400, 0.0035)])
    size = 0.0002 * np.exp(np.cumsum(growth))
    closes = 100 * np.exp(np.cumsum(size * np.resize([1.0, -1.0], len(size))))
    ratio, regime = computed(["volatility_ratio_10_100", "volatility_regime_10_100"], candles_of(closes.tolist())).T
    last = int(np.flatnonzero(ratio >= 1.25)[-1])
    assert last < 600 and ((ratio[last + 1 :] > 1.1) & (ratio[last + 1 :] < 1.25)).all()
    assert (regime[last : last + 150] == 1).all()
    assert (regime[last + 150 :] == 0).all()


def test_one_jump_is_seen_as_a_jump() -> None:
    g = np.random.default_rng(2)
    steps = g.normal(0, 0.001, 120)
    steps[100] = 0.05
    values = computed(["jump_share_50", "largest_move_share_50"], candles_of((100 * np.exp(np.cumsum(steps))).tolist()))
    assert (values[99] < 0.3).all()
    assert (values[100] > 0.8).all()


def test_an_exponential_volatility_halves_its_variance_in_eleven_still_candles() -> None:
    closes = [100.0 + (k % 2) for k in range(1_000)] + [100.0] * 23
    values = computed(["ewma_volatility_0.94"], candles_of(closes))[:, 0]
    assert values[-1] / values[-12] == pytest.approx(0.94 ** (11 / 2), rel=1e-9)


def test_prices_in_another_currency_change_nothing() -> None:
    names = [*FORMULAS, "atr_pct_14", "keltner_position", "keltner_width", "relative_volatility_index", "mass_index"]
    candles = market(seed=9, count=900)
    dearer = candles.copy()
    dearer[1:5] *= 4096.0
    np.testing.assert_allclose(computed(names, dearer), computed(names, candles), rtol=1e-9, atol=1e-12)
