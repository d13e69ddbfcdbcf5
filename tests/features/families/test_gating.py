"""Features that say when to trade: their formulas on random candles, and small examples by hand."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.features.families.computed import candles_of, computed

from papertape.contract.candle import Floats

Formula = Callable[[Floats, Floats, Floats, Floats], Any]
"""A value from high, low, close and volume, the newest last."""


def market(seed: int, count: int = 400) -> Floats:
    """Candles (6, count) of a random walk with changing volatility, some without volume."""
    g = np.random.default_rng(seed)
    pace = 0.004 * np.exp(0.8 * np.sin(np.arange(count) / 30))
    close = 50 * np.exp(np.cumsum(g.normal(0, 1, count) * pace))
    opens = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(opens, close) * (1 + 0.002 * g.random(count))
    low = np.minimum(opens, close) * (1 - 0.002 * g.random(count))
    ts = 1_700_000_040_000.0 + 60_000 * np.arange(count)
    return np.array([ts, opens, high, low, close, g.exponential(5.0, count) * (g.random(count) < 0.9)])


def opportunity(c: Floats, v: Floats, n: int, m: int) -> float:
    efficiency = abs(c[-1] - c[-1 - n]) / np.abs(np.diff(c[-n - 1 :])).sum()
    r = np.diff(np.log(c))
    loud = math.sqrt(np.mean(r[-n:] ** 2) / np.mean(r[-m:] ** 2))
    busy = v[-n:].mean() / v[-m:].mean()
    return float((efficiency * loud / (1 + loud) * busy / (1 + busy)) ** (1 / 3))


def beyond(h: Floats, low: Floats, c: Floats, n: int) -> float:
    over, under = c[-1] / h[-n - 1 : -1].max() - 1, c[-1] / low[-n - 1 : -1].min() - 1
    return float(max(over, 0.0) + min(under, 0.0))


def since(h: Floats, low: Floats, c: Floats, n: int, side: int) -> int:
    for back in range(120):
        end = len(c) - back
        if side * beyond(h[:end], low[:end], c[:end], n) > 0:
            return back
    return 120


def moves(c: Floats, n: int, h: int) -> Floats:
    return np.abs(np.log(c[h:] / c[:-h]))[-n:]


def width(h: Floats, low: Floats, n: int) -> float:
    return float(h[-n:].max() - low[-n:].min())


def ways(h: Floats, low: Floats, c: Floats, n: int) -> Floats:
    return (np.maximum(h[1:], c[:-1]) - np.minimum(low[1:], c[:-1]))[-n:]


FORMULAS: dict[str, Formula] = {
    "opportunity_score_20_100": lambda h, low, c, v: opportunity(c, v, 20, 100),
    "range_breach_size_10": lambda h, low, c, v: beyond(h, low, c, 10),
    "range_breach_10": lambda h, low, c, v: np.sign(beyond(h, low, c, 10)),
    "time_since_breach_up_20": lambda h, low, c, v: since(h, low, c, 20, 1),
    "time_since_breach_down_20": lambda h, low, c, v: since(h, low, c, 20, -1),
    "time_since_breach_20": lambda h, low, c, v: min(since(h, low, c, 20, 1), since(h, low, c, 20, -1)),
    "breach_side_20": lambda h, low, c, v: (since(h, low, c, 20, -1) - since(h, low, c, 20, 1)) / 120,
    "squeeze_on_20": lambda h, low, c, v: 2 * c[-20:].std() < 1.5 * ways(h, low, c, 20).mean(),
    "expected_move_50_5_10": lambda h, low, c, v: moves(c, 50, 5).mean() / 0.002,
    "fee_clearing_50_5_10": lambda h, low, c, v: np.mean(moves(c, 50, 5) > 0.002),
    "fee_probability_50_5_100": lambda h, low, c, v: math.erfc(
        0.02 / (np.std(np.diff(np.log(c))[-50:], ddof=1) * math.sqrt(10))
    ),
    "compression_ratio_10_50": lambda h, low, c, v: width(h, low, 10) / width(h, low, 50),
    "narrow_range_4": lambda h, low, c, v: (h - low)[-1] <= (h - low)[-4:].min(),
    "noise_ratio_20": lambda h, low, c, v: 1 - width(h, low, 20) / ways(h, low, c, 20).sum(),
    "traded_share_20_100": lambda h, low, c, v: np.mean(v[-20:] > 0),
    "volume_evenness_20_100": lambda h, low, c, v: (v * c)[-20:].sum() ** 2 / (20 * ((v * c)[-20:] ** 2).sum()),
    "tradability_20_100": lambda h, low, c, v: (
        np.mean(v[-20:] > 0) * (v * c)[-20:].mean() / ((v * c)[-20:].mean() + (v * c)[-100:].mean())
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_feature_is_its_formula_over_the_last_candles(name: str) -> None:
    candles = market(seed=8)
    values = computed([name], candles)[:, 0]
    for end in (160, 233, 311, 400):
        expected = FORMULAS[name](*candles[2:, :end])
        assert values[end - 1] == pytest.approx(float(expected), rel=1e-10, abs=1e-13)


def test_a_straight_line_is_a_better_opportunity_than_a_zigzag() -> None:
    line = candles_of([100.0 * 1.001**k for k in range(150)])
    zigzag = candles_of([100.0 + (k % 2) for k in range(150)])
    assert computed(["opportunity_score_20_100"], line)[-1, 0] == pytest.approx(0.25 ** (1 / 3))
    assert computed(["opportunity_score_20_100"], zigzag)[-1, 0] == 0.0


def test_a_breach_is_told_once_and_its_age_is_counted_up_to_120_candles() -> None:
    closes = [100.0 + (k % 2) for k in range(200)] + [110.0] + [105.0] * 130
    names = ["range_breach_20", "range_breach_size_20", "time_since_breach_20", "time_since_breach_up_20"]
    values = computed([*names, "time_since_breach_down_20", "breach_side_20"], candles_of(closes))
    assert not values[150:200, :2].any()
    assert values[200].tolist() == [1.0, 110.0 / 101.0 - 1.0, 0.0, 0.0, 120.0, 1.0]
    assert values[230].tolist() == [0.0, 0.0, 30.0, 30.0, 120.0, 0.75]
    assert values[-1].tolist() == [0.0, 0.0, 120.0, 120.0, 120.0, 0.0]


def test_touching_the_edge_of_the_range_is_no_breach() -> None:
    edge = 0.1 + 0.2
    closes = [0.25 if k % 2 else edge for k in range(60)]
    assert not computed(["range_breach_20", "range_breach_size_20"], candles_of([*closes, 0.3]))[30:].any()


def test_a_squeeze_is_on_in_quiet_closes_and_released_to_the_side_of_the_jump() -> None:
    quiet = np.resize([100.0, 100.1], 200)
    candles = candles_of([*quiet.tolist(), 97.0, 94.0, 91.0])
    candles[2, :200] += 0.5
    candles[3, :200] -= 0.5
    names = ["squeeze_on_20", "squeeze_release_20", "squeeze_length_20", "time_since_squeeze_20"]
    values = computed(names, candles)
    assert (values[141:200, 0] == 1).all() and not values[141:200, 1].any()
    assert values[199].tolist() == [1.0, 0.0, 120.0, 0.0]
    released = 200 + int(np.flatnonzero(values[200:, 1])[0])
    assert values[released].tolist() == [0.0, -1.0, 0.0, 1.0]


def test_moves_are_measured_against_fees_on_both_sides() -> None:
    closes = [100.0 * math.exp(0.004 * (k % 2)) for k in range(100)]
    names = ["expected_move_20_1_10", "fee_clearing_20_1_10", "expected_move_20_1_30", "fee_clearing_20_1_30"]
    values = computed(names, candles_of(closes))[-1]
    assert values == pytest.approx([2.0, 1.0, 2.0 / 3.0, 0.0])


def test_a_market_that_stands_still_offers_nothing() -> None:
    names = ["opportunity_score", "range_breach", "squeeze_on", "squeeze_release", "squeeze_length", "expected_move"]
    values = computed([*names, "fee_clearing", "fee_probability"], candles_of([100.0] * 300))[-1]
    assert not values.any()
    assert np.isnan(computed(["compression_ratio", "noise_ratio"], candles_of([100.0] * 300))[-1]).all()


def test_a_market_without_volume_cannot_be_traded() -> None:
    names = ["tradability", "traded_share", "volume_evenness", "opportunity_score"]
    values = computed(names, candles_of([100.0 + k for k in range(200)], volume=0.0))[-1]
    assert not values.any()


def test_steady_volume_is_even_and_half_tradable() -> None:
    values = computed(["traded_share", "volume_evenness", "tradability"], candles_of([100.0] * 200))[-1]
    assert values == pytest.approx([1.0, 1.0, 0.5])


def test_prices_in_another_currency_change_nothing() -> None:
    candles = market(seed=4)
    dearer = candles.copy()
    dearer[1:5] *= 4096.0
    np.testing.assert_allclose(computed([*FORMULAS], dearer), computed([*FORMULAS], candles), rtol=1e-9, atol=1e-12)
