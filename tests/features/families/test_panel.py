"""Features across symbols: plain formulas over common candles, holes, the reference itself, too small a universe."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from tests.features.families.computed import CATALOGUE, candles_of
from tests.features.reference.real_candles import candles as real_candles
from tests.features.reference.real_candles import needs_candles

from papertape.contract.candle import Floats
from papertape.contract.errors import ConfigError
from papertape.features.batches import merged
from papertape.features.check import prove
from papertape.features.plan import plan
from papertape.features.stream import Stream

SYMBOLS = ["BTC/USDT", "ETH/USDT", "XRP/USDT", "SOL/USDT"]
PERIOD = 60_000


def walks(size: int = 160, symbols: int = 4, seed: int = 3) -> list[Floats]:
    """Candles of symbols that share a part of their movement."""
    random = np.random.default_rng(seed)
    common = random.normal(0, 0.01, size)
    moves = [(k + 1) * common + random.normal(0, 0.01, size) for k in range(symbols)]
    return [candles_of(list(10.0**k * np.exp(np.cumsum(move)))) for k, move in enumerate(moves)]


def without(candles: Floats, places: Sequence[int]) -> Floats:
    return np.ascontiguousarray(np.delete(candles, list(places), axis=1))


def computed(names: Sequence[str], candles: Sequence[Floats]) -> Floats:
    """The features (batches, symbols, names), with the candles that each symbol has."""
    layout = plan(CATALOGUE.select(names), SYMBOLS[: len(candles)])
    _, fresh = merged(candles)
    return Stream(layout, PERIOD).run(candles, fresh)[:, :, list(layout.columns)]


def both(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Log closes of the candle numbers that both have."""
    _, here, there = np.intersect1d(one[0], other[0], return_indices=True)
    return np.log(one[4, here]), np.log(other[4, there])


def correlation(x: Floats, y: Floats) -> float:
    return float(np.corrcoef(x, y)[0, 1])


HOLES = {0: [150, 131], 1: [149, 148, 120, 110], 2: [], 3: [*range(20, 150, 7)]}


def holed() -> list[Floats]:
    """Walks with holes, all of which have the last candle."""
    return [without(one, HOLES[k]) for k, one in enumerate(walks())]


@pytest.mark.parametrize("symbol", [1, 2, 3])
def test_pairs_are_the_returns_between_common_candles(symbol: int) -> None:
    candles = holed()
    names = ["correlation", "beta", "own_volatility", "relative_volatility", "correlation_change", "lead_correlation"]
    names += ["lag_correlation", "relative_strength", "spread_zscore"]
    found = computed([f"{name}_REF_20" for name in names], candles)[-1, symbol]
    y, x = both(candles[symbol], candles[0])
    spread = (y - x)[-20:]
    ry, rx = np.diff(y), np.diff(x)
    r = correlation(rx[-20:], ry[-20:])
    expected = [
        r,
        r * ry[-20:].std() / rx[-20:].std(),
        math.sqrt(1 - r * r) * ry[-20:].std(),
        ry[-20:].std() / rx[-20:].std(),
        r - correlation(rx[-40:-20], ry[-40:-20]),
        correlation(rx[-21:-1], ry[-20:]),
        correlation(ry[-21:-1], rx[-20:]),
        (y - x)[-1] - (y - x)[-21],
        (spread[-1] - spread.mean()) / spread.std(),
    ]
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_reference_against_itself_has_its_natural_value() -> None:
    names = ["correlation", "beta", "own_volatility", "relative_volatility", "correlation_change", "relative_strength"]
    found = computed([f"{name}_REF_20" for name in [*names, "spread_zscore"]], holed())
    assert found[-1, 0] == pytest.approx([1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0], abs=1e-15)


def test_a_pair_by_name_has_one_value_for_all_in_the_batch() -> None:
    candles = holed()
    found = computed(["correlation_xrp_btc", "correlation_btc_20", "correlation_btc_xrp_30"], candles)
    assert found[-1, :, 0] == pytest.approx([found[-1, 2, 1]] * 4)
    x, y = both(candles[0], candles[2])
    assert found[-1, 0, 2] == pytest.approx(correlation(np.diff(x)[-30:], np.diff(y)[-30:]))
    assert np.isnan(found[150]).all()  # there BTC has no candle


def test_nobody_without_a_candle_gets_a_value_and_nothing_is_carried_forward() -> None:
    names = ["correlation_REF_20", "relative_strength_REF_20", "breadth_20", "cross_return_20", "market_beta_20"]
    found = computed(names, holed())
    for symbol, holes in HOLES.items():
        assert np.isnan(found[holes, symbol]).all()
    assert np.isnan(found[150, :, :2]).all()  # the reference is away
    assert not np.isnan(found[150, 1:, 2:4]).any()


def test_common_candles_that_lie_too_far_back_do_not_count() -> None:
    candles = walks(300, 2)
    candles[1] = without(candles[1], range(100, 125))
    found = computed(["correlation_REF_20", "spread_zscore_REF_20"], candles)[:, 1]
    numbers = [set(one[0] // PERIOD) for one in candles]
    for t, number in enumerate(candles[0][0] // PERIOD):
        common = [k for k in range(int(number) - 39, int(number) + 1) if k in numbers[0] and k in numbers[1]]
        here = number in numbers[1]
        if t >= 40:
            assert list(~np.isnan(found[t])) == [here and len(common) >= 21, here and len(common) >= 20]


def test_breadth_counts_the_symbols_that_take_part() -> None:
    rising, falling, level = [float(10 + k) for k in range(40)], [float(90 - k) for k in range(40)], [0.1] * 40
    candles = [candles_of(closes) for closes in (rising, falling, level, rising)]
    found = computed(["breadth_5", "breadth_returns_5", "breadth_extremes_5", "advance_decline_5"], candles)[-1]
    assert found.tolist() == [[0.5, 0.5, 0.25, 0.25]] * 4


def test_breadth_counts_those_with_a_candle_and_needs_half_of_the_symbols() -> None:
    rising, falling = [float(10 + k) for k in range(40)], [float(90 - k) for k in range(40)]
    candles = [candles_of(closes) for closes in (rising, falling, rising, rising)]
    candles[2] = without(candles[2], [38, 39])
    candles[3] = without(candles[3], [39])
    found = computed(["breadth_5", "cross_rank_5"], candles)
    assert found[38, [0, 1, 3], 0] == pytest.approx(2 / 3)
    assert found[39, [0, 1], 0] == pytest.approx(1 / 2)
    candles[1] = without(candles[1], [39])
    assert np.isnan(computed(["breadth_5", "cross_rank_5"], candles)[39]).all()


def test_the_cross_section_ranks_returns_among_the_symbols() -> None:
    candles = walks()
    names = ["cross_rank_20", "cross_zscore_20", "cross_return_20", "dispersion_20"]
    found = computed(names, candles)[-1]
    r = np.array([math.log(one[4, -1] / one[4, -21]) for one in candles])
    assert found[:, 0] == pytest.approx(np.argsort(np.argsort(r)) / 3)
    assert found[:, 1] == pytest.approx((r - r.mean()) / r.std())
    assert found[:, 2] == pytest.approx(r - r.mean())
    assert found[:, 3] == pytest.approx([r.std()] * 4)


def test_equal_returns_share_the_middle_rank() -> None:
    found = computed(["cross_rank_1", "cross_zscore_1", "dispersion_1"], [walks(symbols=1)[0]] * 3)
    assert found[-1].tolist() == [[0.5, 0.0, 0.0]] * 3


def test_the_market_is_the_mean_of_the_symbols_returns() -> None:
    candles = walks()
    found = computed(["market_correlation_50", "market_beta_50", "average_correlation_50"], candles)[-1]
    r = np.array([np.diff(np.log(one[4]))[-50:] for one in candles])
    market = r.mean(axis=0)
    expected = [correlation(market, one) for one in r]
    assert found[:, 0] == pytest.approx(expected)
    assert found[:, 1] == pytest.approx([np.cov(market, one)[0, 1] / np.var(market, ddof=1) for one in r])
    assert found[:, 2] == pytest.approx([np.mean(expected)] * 4)
    assert np.mean(found[:, 1]) == pytest.approx(1.0)


def test_a_market_of_one_symbol_is_that_symbol() -> None:
    names = ["market_correlation_20", "market_beta_20", "average_correlation_20", "cross_rank_5"]
    assert computed(names, walks(symbols=1))[-1, 0] == pytest.approx([1.0, 1.0, 1.0, math.nan], nan_ok=True)


def test_a_reference_that_the_session_lacks_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="'doge'"):
        computed(["correlation_doge_20"], walks(symbols=2))


@pytest.mark.parametrize("closes", [[0.1] * 120, [1e12 * (1 + k % 2) for k in range(120)], [1e-12] * 119 + [1.0]])
def test_prices_that_stand_still_or_are_huge_or_tiny_give_no_infinity(closes: list[float]) -> None:
    names = [feature.name for feature in CATALOGUE.listed() if feature.family.panel]
    found = computed(names, [candles_of(closes), *walks(120, 2)])
    assert not np.isinf(found).any()


@needs_candles
@pytest.mark.parametrize("missing", [0.05, 0.3])
def test_they_keep_their_promises_whatever_candles_are_missing(missing: float) -> None:
    files = ("binanceusdm_BTCUSDT_1m", "binanceusdm_ETHUSDT_1m", "binanceusdm_XRPUSDT_1m")
    random = np.random.default_rng(5)
    candles = [real_candles(file, 700) for file in files]
    some = [np.ascontiguousarray(one[:, random.random(one.shape[1]) > missing]) for one in candles]
    features = [feature for feature in CATALOGUE.listed() if feature.family.panel]
    pairs = CATALOGUE.select(["correlation_xrp_btc", "correlation_eth_xrp_10"])
    for proof in prove([*features, *pairs], SYMBOLS[:3], some, PERIOD):
        assert not proof.failures, proof.feature.name
