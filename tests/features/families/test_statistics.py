"""Statistics of the last candles: small examples, the plain formulas on a random walk, TA-Lib on real candles."""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from tests.features.families.computed import candles_of, computed
from tests.features.reference.real_candles import candles as real_candles
from tests.features.reference.real_candles import needs_candles

from papertape.contract.candle import Floats


def walk(size: int = 400, seed: int = 7) -> Floats:
    """A random walk with heavy tails, whose highs and lows reach beyond open and close."""
    random = np.random.default_rng(seed)
    candles = candles_of(list(100 * np.exp(np.cumsum(0.01 * random.standard_t(4, size)))))
    candles[2] *= 1 + 0.01 * random.random(size)
    candles[3] *= 1 - 0.01 * random.random(size)
    return candles


def last(name: str, closes: Sequence[float]) -> float:
    return float(computed([name], candles_of(closes))[-1, 0])


def by_returns(returns: Sequence[float] | Floats) -> list[float]:
    """Closes with these log returns."""
    return list(100 * np.exp(np.cumsum([0.0, *returns])))


def correlation(x: Floats, y: Floats) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def skew(r: Floats) -> float:
    off = r - r.mean()
    return float(np.mean(off**3) / np.mean(off**2) ** 1.5)


def kurtosis(r: Floats) -> float:
    off = r - r.mean()
    return float(np.mean(off**4) / np.mean(off**2) ** 2 - 3)


def ljung_box(r: Floats, n: int, lags: int) -> float:
    squares = (correlation(r[-n - k : -k], r[-n:]) ** 2 / (n - k) for k in range(1, lags + 1))
    return n * (n + 2) * sum(squares)


def permutation_entropy(x: Floats, n: int, order: int) -> float:
    windows = [x[len(x) - order - k : len(x) - k] for k in range(n)]
    patterns = [tuple(np.argsort(window, kind="stable")) for window in windows]
    shares = np.array([patterns.count(one) for one in itertools.permutations(range(order))]) / n
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() / math.log(math.factorial(order)))


def fractional(x: Floats, d: float, n: int) -> Floats:
    weights = [1.0]
    for k in range(1, n):
        weights.append(-weights[-1] * (d - k + 1) / k)
    return np.array(weights) @ x[::-1][:n]


def variance_ratio(r: Floats, n: int, q: int) -> float:
    sums = np.array([r[len(r) - k - q : len(r) - k].sum() for k in range(n)])
    return float(np.mean((sums - q * r[-n:].mean()) ** 2) / (q * r[-n:].var()))


def runs_zscore(r: Floats, n: int) -> float:
    up = r[-n:] > 0
    rises, runs = up.sum(), 1 + (up[1:] != up[:-1]).sum()
    mean = 2 * rises * (n - rises) / n + 1
    return float((runs - mean) / math.sqrt((mean - 1) * (mean - 2) / (n - 1)))


def absolute_deviation(r: Floats) -> float:
    return float(np.median(np.abs(r - np.median(r))))


def spread(r: Floats, low: float, high: float) -> float:
    return float(np.quantile(r, high) - np.quantile(r, low))


def quantile_skew(r: Floats) -> float:
    low, middle, high = np.quantile(r, [0.25, 0.5, 0.75])
    return float((high + low - 2 * middle) / (high - low))


def regression(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and its t statistic."""
    off = x - x.mean()
    slope = off @ (y - y.mean()) / (off @ off)
    rest = y - y.mean() - slope * off
    return float(slope), float(slope / math.sqrt(rest @ rest / (len(x) - 2) / (off @ off)))


def reversion(x: Floats, n: int) -> tuple[float, float]:
    return regression(x[-n - 1 : -1], np.diff(x)[-n:])


def rank(v: Floats) -> float:
    before = v[:-1]
    return float(((before < v[-1]).sum() + 0.5 * (before == v[-1]).sum()) / len(before))


def dimension(high: Floats, low: float | Floats, n: int) -> float:
    def reach(begin: int, end: int | None) -> float:
        return float(high[begin:end].max() - np.asarray(low)[begin:end].min())

    return math.log2(2 * (reach(-n, -n // 2) + reach(-n // 2, None)) / reach(-n, None))


def half_life(x: Floats, n: int) -> float:
    slope = reversion(x, n)[0]
    return min(-math.log(2) / math.log(1 + slope), n) if slope < 0 else n


# Each takes the log closes x, their differences r, and the candles c.
PLAIN: dict[str, Callable[[Floats, Floats, Floats], float]] = {
    "skew_30": lambda x, r, c: skew(r[-30:]),
    "kurtosis_100": lambda x, r, c: kurtosis(r[-100:]),
    "autocorrelation_50_1": lambda x, r, c: correlation(r[-51:-1], r[-50:]),
    "autocorrelation_100_5": lambda x, r, c: correlation(r[-105:-5], r[-100:]),
    "volatility_autocorrelation_100_2": lambda x, r, c: correlation(abs(r[-102:-2]), abs(r[-100:])),
    "leverage_100_1": lambda x, r, c: correlation(r[-101:-1], abs(r[-100:])),
    "ljung_box_50_5": lambda x, r, c: ljung_box(r, 50, 5),
    "permutation_entropy_50_3": lambda x, r, c: permutation_entropy(x, 50, 3),
    "permutation_entropy_100_4": lambda x, r, c: permutation_entropy(x, 100, 4),
    "frac_diff_level_0.4_100": lambda x, r, c: float(fractional(x, 0.4, 100)),
    "frac_diff_0.7_30": lambda x, r, c: float(fractional(x - x[-1], 0.7, 30)),
    "frac_diff_0.7_31": lambda x, r, c: float(fractional(x - x[-1], 0.7, 31)),
    "frac_diff_1_50": lambda x, r, c: r[-1],
    "zscore_30": lambda x, r, c: (c[4, -1] - c[4, -30:].mean()) / c[4, -30:].std(),
    "return_zscore_100": lambda x, r, c: (r[-1] - r[-100:].mean()) / r[-100:].std(),
    "close_rank_20": lambda x, r, c: rank(c[4, -20:]),
    "return_rank_50": lambda x, r, c: rank(r[-50:]),
    "drawdown_100": lambda x, r, c: c[4, -1] / c[4, -100:].max() - 1,
    "run_up_20": lambda x, r, c: c[4, -1] / c[4, -20:].min() - 1,
    "time_since_high_50": lambda x, r, c: (49 - np.argmax(c[4, -50:])) / 49,
    "time_since_low_200": lambda x, r, c: (199 - np.argmin(c[4, -200:])) / 199,
    "variance_ratio_100_5": lambda x, r, c: variance_ratio(r, 100, 5),
    "up_share_20": lambda x, r, c: float(np.mean(r[-20:] > 0)),
    "runs_zscore_50": lambda x, r, c: runs_zscore(r, 50),
    "tail_ratio_100": lambda x, r, c: abs(np.quantile(r[-100:], 0.95) / np.quantile(r[-100:], 0.05)),
    "quantile_skew_51": lambda x, r, c: quantile_skew(r[-51:]),
    "tail_weight_50": lambda x, r, c: spread(r[-50:], 0.05, 0.95) / spread(r[-50:], 0.25, 0.75),
    "return_mad_50": lambda x, r, c: absolute_deviation(r[-50:]),
    "return_mad_51": lambda x, r, c: absolute_deviation(r[-51:]),
    "robust_zscore_100": lambda x, r, c: (r[-1] - np.median(r[-100:])) / (1.4826 * absolute_deviation(r[-100:])),
    "trend_correlation_50": lambda x, r, c: correlation(np.arange(50.0), x[-50:]),
    "trend_tstat_150": lambda x, r, c: regression(np.arange(150.0), x[-150:])[1],
    "reversion_speed_50": lambda x, r, c: -reversion(x, 50)[0],
    "reversion_tstat_100": lambda x, r, c: reversion(x, 100)[1],
    "half_life_50": lambda x, r, c: half_life(x, 50),
    "high_low_correlation_30": lambda x, r, c: correlation(c[2, -30:], c[3, -30:]),
    "high_low_beta_20": lambda x, r, c: regression(
        c[2, -20:] / c[2, -21:-1] - 1, c[3, -20:] / c[3, -21:-1] - 1
    )[0],
    "sharpe_50": lambda x, r, c: r[-50:].mean() / r[-50:].std(),
    "gain_to_pain_20": lambda x, r, c: r[-20:].sum() / abs(r[-20:]).sum(),
    "fractal_dimension_30": lambda x, r, c: dimension(c[2], c[3], 30),
    "max_30": lambda x, r, c: c[4, -30:].max(),
    "min_30": lambda x, r, c: c[4, -30:].min(),
    "sum_30": lambda x, r, c: c[4, -30:].sum(),
}  # fmt: skip


def test_the_values_are_those_of_the_plain_formulas() -> None:
    candles = walk()
    found = computed(list(PLAIN), candles)
    for end in (260, 333, 400):
        x = np.log(candles[4, :end])
        for place, (name, plain) in enumerate(PLAIN.items()):
            expected = plain(x, np.diff(x), candles[:, :end])
            assert found[end - 1, place] == pytest.approx(expected, rel=1e-9, abs=1e-12), (name, end)


def test_no_value_follows_the_price_itself() -> None:
    candles, large = walk(), walk()
    large[1:5] *= 4096.0  # a power of two, so that rounding is the same
    names = [name for name in PLAIN if name not in {"max_30", "min_30", "sum_30", "frac_diff_level_0.4_100"}]
    np.testing.assert_allclose(computed(names, candles), computed(names, large), rtol=1e-7, atol=1e-9)


def test_random_walks_have_no_memory_and_trends_and_turns_have() -> None:
    names = ["hurst_256", "variance_ratio_300_20", "return_entropy_200"]
    random = np.random.default_rng(1)
    noise = random.normal(0, 0.01, 6000)
    slow = np.convolve(noise, np.ones(50) / 50, "same")
    turning = np.diff(np.concatenate([[0.0], noise]))
    hurst, ratio, entropy = np.nanmean(computed(names, candles_of(by_returns(noise))), axis=0)
    assert (hurst, ratio) == (pytest.approx(0.5, abs=0.05), pytest.approx(1.0, abs=0.15))
    assert entropy == pytest.approx(0.907, abs=0.01)
    hurst, ratio, _ = np.nanmean(computed(names, candles_of(by_returns(slow))), axis=0)
    assert hurst > 0.7 and ratio > 5
    hurst, ratio, _ = np.nanmean(computed(names, candles_of(by_returns(turning))), axis=0)
    assert hurst < 0.3 and ratio < 0.2


def test_the_rescaled_range_of_a_chunk_counts_from_the_empty_sum() -> None:
    returns = [0.01, -0.01] * 64  # sums reach from 0 to 0.01, the deviation is 0.01: every R(m) is 1
    scales = np.array([8, 16, 32, 64])
    expected = [
        math.lgamma((m - 1) / 2) - math.lgamma(m / 2) - math.log(math.pi) / 2
        + math.log(sum(math.sqrt((m - k) / k) for k in range(1, m)))
        for m in scales
    ]  # fmt: skip
    slope = np.polyfit(np.log(scales), -np.array(expected), 1)[0]
    held = computed(["hurst_128"], candles_of(by_returns(returns * 2)))[:, 0]
    assert held[-1] == pytest.approx(0.5 + slope, rel=1e-6)
    assert not np.isnan(held[144:]).any() and np.isnan(held[:144]).all()


def test_costly_values_are_held_until_the_next_block_of_candle_numbers() -> None:
    found = computed(["return_entropy_50", "hurst_128"], walk())
    changes = [np.flatnonzero(np.diff(column) != 0) + 1 for column in found[160:].T]
    numbers = walk()[0, 160:] // 60_000
    assert set(numbers[changes[0]] % 5) == {0} and set(numbers[changes[1]] % 16) == {0}


def test_equal_returns_make_one_bin_and_an_outlier_makes_two() -> None:
    returns = [0.0] * 199 + [0.1] * 1
    one, other = 199 / 200, 1 / 200
    expected = -(one * math.log(one) + other * math.log(other)) / math.log(10)
    found = computed(["return_entropy_200"], candles_of(by_returns([*returns, *[0.0] * 40])))
    assert expected in [pytest.approx(value, rel=1e-12) for value in np.unique(found[~np.isnan(found)])]


@pytest.mark.parametrize(
    ("name", "closes", "expected"),
    [
        ("permutation_entropy_10_3", range(1, 13), 0.0),
        ("permutation_entropy_10_3", [5] * 12, 0.0),
        ("time_since_high_5", [9, 8, 9, 7, 6, 5], 0.75),
        ("time_since_high_5", [1, 2, 3, 3, 2], 0.25),
        ("time_since_low_5", [9, 8, 9, 7, 6], 0.0),
        ("close_rank_5", [1, 2, 3, 3, 1, 3], 0.75),
        ("close_rank_5", [2] * 6, 0.5),
        ("up_share_5", [1, 2, 3, 3, 2, 3], 0.6),
        ("unchanged_share_5", [1, 2, 3, 3, 2, 3], 0.2),
        ("runs_zscore_6", [1, 2, 1, 2, 1, 2, 1], (6 - 4) / math.sqrt(3 * 2 / 5)),
        ("drawdown_4", [20, 10, 8, 4, 5], -0.5),
        ("run_up_4", [20, 10, 8, 4, 5], 0.25),
        ("gain_to_pain_4", [1, 2, 4, 2, 4], 0.5),
        ("fractal_dimension_8", range(10, 30), math.log2(2 * (4 + 4) / 8)),
        ("trend_correlation_10", [2.0**k for k in range(12)], 1.0),
        ("half_life_10", by_returns([(-0.5) ** k for k in range(1, 40)]), 0.0),
    ],
)
def test_small_examples(name: str, closes: Sequence[float], expected: float) -> None:
    assert last(name, closes) == pytest.approx(expected, abs=1e-12)


def test_the_half_life_of_a_price_that_comes_back_halfway_each_candle_is_one_candle() -> None:
    assert last("half_life_10", by_returns([0.0, 1.0, *(-(0.5**k) for k in range(1, 12))])) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("skew_30", math.nan),
        ("kurtosis_30", math.nan),
        ("autocorrelation_50_1", 0.0),
        ("ljung_box_50_5", 0.0),
        ("hurst_128", math.nan),
        ("return_entropy_50", math.nan),
        ("frac_diff_0.5_100", 0.0),
        ("zscore_30", 0.0),
        ("variance_ratio_100_2", math.nan),
        ("runs_zscore_50", math.nan),
        ("tail_ratio_50", math.nan),
        ("quantile_skew_50", 0.0),
        ("robust_zscore_50", math.nan),
        ("trend_correlation_50", 0.0),
        ("trend_tstat_50", 0.0),
        ("reversion_tstat_50", math.nan),
        ("half_life_50", 50.0),
        ("high_low_correlation_30", 0.0),
        ("high_low_beta_5", 0.0),
        ("sharpe_50", 0.0),
        ("gain_to_pain_50", 0.0),
        ("fractal_dimension_30", 1.0),
    ],
)
def test_a_price_that_never_moves_has_the_value_that_the_definition_says(name: str, expected: float) -> None:
    assert last(name, [0.1] * 300) == pytest.approx(expected, nan_ok=True)


@needs_candles
@pytest.mark.parametrize("file", ["binanceusdm_BTCUSDT_1m", "binanceusdm_ADAUSDT_1h"])
def test_talib_gives_the_same(file: str) -> None:
    talib = pytest.importorskip("talib")
    candles = real_candles(file, 3000)
    high, low, close = candles[2:5]
    theirs = {
        "high_low_correlation_30": talib.CORREL(high, low, 30),
        "max_30": talib.MAX(close, 30),
        "min_30": talib.MIN(close, 30),
        "sum_30": talib.SUM(close, 30),
    }
    found = computed(list(theirs), candles)
    for place, expected in enumerate(theirs.values()):
        np.testing.assert_allclose(found[100:, place], expected[100:], rtol=1e-9, atol=1e-9)
    # TA-Lib keeps running sums of squared changes, which lose digits where prices hardly move.
    beta = computed(["high_low_beta_20"], candles)[100:, 0]
    np.testing.assert_allclose(beta, talib.BETA(high, low, 20)[100:], rtol=1e-6, atol=1e-6)
    since = computed(["time_since_high_30"], candles)[100:, 0]
    index = talib.MAXINDEX(close, 30)[100:]
    np.testing.assert_array_equal(close[np.arange(100, len(close)) - np.round(29 * since).astype(int)], close[index])


def test_shape_is_told_of_returns_that_vary_little_around_a_steady_rise() -> None:
    r = 0.01 + 1e-6 * np.random.default_rng(1).normal(size=200)
    closes = 100 * np.exp(np.cumsum(r))
    r = np.diff(np.log(closes))
    values = computed(["skew_100", "kurtosis_100"], candles_of(closes.tolist()))[-1]
    assert values == pytest.approx([skew(r[-100:]), kurtosis(r[-100:])], abs=1e-6)
