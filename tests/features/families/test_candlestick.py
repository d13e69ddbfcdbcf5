import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.features.families.computed import CATALOGUE, candles_of, computed

from papertape.contract.candle import Floats
from papertape.features.request import Feature

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
MINUTE = 60_000.0
PATTERNS = [one for one in CATALOGUE.listed() if one.name.startswith("cdl_") and one.name != "cdl_tweezers"]
THEIRS = {
    "cdl_concealing_baby_swallow": "CDLCONCEALBABYSWALL",
    "cdl_three_methods": "CDLRISEFALL3METHODS",
    "cdl_side_gap_three_methods": "CDLXSIDEGAP3METHODS",
    "cdl_side_by_side_white": "CDLGAPSIDESIDEWHITE",
    "cdl_hikkake_modified": "CDLHIKKAKEMOD",
}

Bar = tuple[float, float, float, float]


def shown(bars: Sequence[Bar]) -> Floats:
    """Candles (6, n) of bars (open, high, low, close), a minute each."""
    rows = np.array(bars, np.float64).T
    ts = MINUTE * (28_000_000 + np.arange(len(bars)))
    return np.vstack([ts, rows, np.full(len(bars), 5.0)])


def quiet(count: int, price: float = 100.0) -> list[Bar]:
    """Candles with a body of 1 and a range of 2 around a price, white and black by turns."""
    white, black = (price, price + 1.5, price - 0.5, price + 1.0), (price + 1.0, price + 1.5, price - 0.5, price)
    return [white if k % 2 == 0 else black for k in range(count)]


def last(names: Sequence[str], bars: Sequence[Bar]) -> list[float]:
    """The features at the last bar, after 20 quiet candles."""
    return [float(value) for value in computed(names, shown([*quiet(20), *bars]))[-1]]


def ticks(seed: int, count: int) -> Floats:
    """A random walk in whole ticks with gaps, short bodies, missing wicks and ties: where rare patterns come up."""
    g = np.random.default_rng(seed)
    jumps = g.integers(-6, 7, count) * (g.random(count) < 0.7)
    bodies = g.integers(-8, 9, count) * (g.random(count) < 0.8)
    over, under = (g.integers(0, 8, count) * (g.random(count) < 0.5) for _ in range(2))
    close = 10_000 + np.cumsum(jumps + bodies)
    start = close - bodies
    high, low = np.maximum(start, close) + over, np.minimum(start, close) - under
    return shown([tuple(map(float, bar)) for bar in zip(start, high, low, close, strict=True)])  # type: ignore[misc]


def real(name: str, count: int) -> Floats:
    import pyarrow.parquet as pq

    table = pq.read_table(Path(str(DATA)) / "candles" / f"{name}.parquet").slice(0, count)
    return np.array([table[key].to_numpy() for key in ("ts", "open", "high", "low", "close", "volume")], np.float64)


def agree(candles: Floats) -> tuple[int, int]:
    """Compares every pattern's occurrences and signs with TA-Lib's; gives how many there are, and how many differ.

    TA-Lib's averages run on through the history; where that makes a difference it is given the pattern's candles alone,
    and must then say the same.
    """
    talib = pytest.importorskip("talib")
    abstract = pytest.importorskip("talib.abstract")
    values = computed([one.name for one in PATTERNS], candles)
    there = differ = 0
    for pattern, ours in zip(PATTERNS, values.T, strict=True):
        name = their_name(pattern)
        function, lookback = getattr(talib, name), abstract.Function(name).lookback
        theirs = np.sign(function(*candles[1:5]))
        known = ~np.isnan(ours)
        assert known[pattern.family.warmup() - 1 :].all()
        there += int(np.count_nonzero(theirs[known]))
        for at in np.flatnonzero(known & (np.sign(ours) != theirs)):
            window = np.ascontiguousarray(candles[1:5, at - lookback : at + 1])
            assert np.sign(function(*window))[-1] == np.sign(ours[at]), (pattern.name, at)
            differ += 1
    return there, differ


def their_name(pattern: Feature) -> str:
    words = pattern.name.removeprefix("cdl_").split("_")
    if "three" in words and pattern.name != "cdl_three_methods":
        words = ["3" if word == "three" else word for word in words]
    return THEIRS.get(pattern.name, "CDL" + "".join(words).upper().replace("TWOCROWS", "2CROWS"))


@pytest.mark.parametrize("seed", range(2))
def test_on_a_walk_in_ticks_every_pattern_is_there_with_the_sign_where_talib_has_it(seed: int) -> None:
    there, differ = agree(ticks(seed, 8_000))
    assert there > 15_000
    assert differ == 0  # sums of whole numbers have no rounding


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
@pytest.mark.parametrize("name", ["binance_XRPETH_1m", "binanceusdm_XTZUSDT_1h", "binance_BTCUSDT_1d"])
def test_on_real_candles_every_pattern_is_there_with_the_sign_where_talib_has_it(name: str) -> None:
    there, differ = agree(real(name, 8_000))
    assert there > 5_000
    assert differ < there / 1_000


def test_talib_has_no_pattern_that_is_not_here() -> None:
    talib = pytest.importorskip("talib")
    assert {their_name(one) for one in PATTERNS} == set(talib.get_function_groups()["Pattern Recognition"])


def test_a_strength_is_zero_or_from_a_half_to_one() -> None:
    values = computed([one.name for one in PATTERNS], ticks(3, 4_000))[15:]
    sizes = np.abs(values[values != 0.0])
    assert sizes.min() >= 0.5 and sizes.max() <= 1.0


def test_prices_in_another_unit_change_no_value() -> None:
    names = [one.name for one in CATALOGUE.listed() if one.family.category == "candlestick" and not one.output.level]
    candles = ticks(4, 600)
    other = candles.copy()
    other[1:5] /= 4_096.0
    np.testing.assert_array_equal(computed(names, other), computed(names, candles))


def test_where_nothing_moves_all_is_neutral() -> None:
    names = [one.name for one in PATTERNS] + ["body_ratio", "close_location", "open_gap", "body_vs_average"]
    found = dict(zip(names, computed(names, candles_of([7.0] * 40))[-1], strict=True))
    assert found["cdl_doji"] == 0.5  # a body of nothing where nothing is usual: TA-Lib has it too
    assert found["body_ratio"] == found["open_gap"] == found["body_vs_average"] == 0.0
    assert found["close_location"] == 0.5
    assert not any(value for name, value in found.items() if name.startswith("cdl_") and name != "cdl_doji")


def test_body_and_wicks_share_the_range() -> None:
    names = ["body_ratio", "upper_wick_ratio", "lower_wick_ratio", "wick_balance", "close_location", "candle_direction"]
    assert last(names, [(12.0, 20.0, 10.0, 17.0)]) == [0.5, 0.3, 0.2, pytest.approx(-0.1), 0.7, 1.0]
    assert last(names, [(17.0, 20.0, 10.0, 12.0)]) == [0.5, 0.3, 0.2, pytest.approx(-0.1), 0.2, -1.0]


def test_body_and_range_are_measured_against_their_means() -> None:
    names = ["body_vs_average_5", "range_vs_average_5", "body_share_average_5"]
    body, size, share = last(names, [(104.0, 108.0, 98.0, 98.0)])
    assert (body, size, share) == pytest.approx((-6 / 2, 10 / 3.6, 10 / 18))


def test_a_gap_is_measured_by_the_mean_true_range() -> None:
    before = candles_of([100.0 + k % 2 for k in range(30)])
    before[1:5, -1] = (104.0, 105.0, 103.0, 104.0)  # after a close of 100 from 101
    spans = 13 * 1.0 + 5.0
    assert computed(["open_gap_14", "body_gap_14"], before)[-1] == pytest.approx((14 * 4 / spans, 14 * 3 / spans))


def test_a_candle_is_told_from_the_one_before() -> None:
    names = ["inside_bar", "outside_bar", "range_overlap", "close_in_previous_range"]
    first = (100.0, 104.0, 96.0, 101.0)
    assert last(names, [first, (100.0, 102.0, 98.0, 98.0)]) == [0.75, 0.0, 0.5, -0.25]
    assert last(names, [first, (100.0, 108.0, 92.0, 98.0)]) == [0.0, -0.75, 0.5, -0.25]
    assert last(names, [first, (200.0, 201.0, 199.0, 200.0)]) == [0.0, 0.0, 0.0, 2.0]


def test_sentiment_is_1_where_all_close_at_their_highs() -> None:
    names = ["candle_sentiment_5", "body_pressure_5", "wick_pressure_5", "buying_pressure_5"]
    rising = [(100.0 + k, 101.0 + k, 100.0 + k, 101.0 + k) for k in range(6)]
    assert last(names, rising) == [1.0, 1.0, 0.0, 1.0]
    falling = [(100.0 - k, 101.0 - k, 98.0 - k, 99.0 - k) for k in range(6)]
    assert last(names, falling) == pytest.approx([-1 / 3, -1 / 3, 0.0, 1 / 3])


def test_heikin_ashi_follows_its_recursion_from_wherever_it_begins() -> None:
    names = ["ha_open", "ha_high", "ha_low", "ha_close", "ha_body", "ha_direction", "ha_run"]
    candles = ticks(5, 400)
    values = computed(names, candles)
    start = candles[1, 0]  # not our seed, which is between open and close; it is forgotten
    run = 0.0
    for at, (o, h, low, c) in enumerate(candles[1:5].T):
        end = (o + h + low + c) / 4
        side = float(np.sign(end - start))
        run = run + side if run * side > 0 else side
        if at >= 86:
            high, bottom = max(h, start, end), min(low, start, end)
            expected = (start, high, bottom, end, (end - start) / (high - bottom), side, np.clip(run, -20, 20))
            np.testing.assert_allclose(values[at], expected, rtol=1e-12)
        start = (start + end) / 2
    assert np.isnan(values[:86]).all()


def test_a_hammer_is_stronger_the_more_of_it_is_wick() -> None:
    (strength,) = last(["cdl_hammer"], [(98.8, 99.0, 96.0, 99.0)])
    assert strength == pytest.approx(0.5 + 0.5 * 2.8 / 3.0)
    names = ["cdl_hammer", "cdl_hanging_man", "cdl_inverted_hammer", "cdl_shooting_star"]
    assert np.sign(last(names, [(98.8, 99.0, 96.0, 99.0)])).tolist() == [1, 0, 0, 0]
    assert np.sign(last(names, [(102.8, 103.0, 100.0, 103.0)])).tolist() == [0, -1, 0, 0]
    assert np.sign(last(names, [(98.0, 101.0, 98.0, 98.2)])).tolist() == [0, 0, 1, 0]
    assert np.sign(last(names, [(102.0, 105.0, 102.0, 102.2)])).tolist() == [0, 0, 0, -1]


def test_engulfing_is_stronger_the_larger_the_second_body() -> None:
    first = (101.0, 101.5, 99.5, 100.0)
    assert last(["cdl_engulfing"], [first, (99.5, 103.0, 99.0, 102.5)]) == [pytest.approx(0.5 + 0.5 * 3 / 4)]
    assert last(["cdl_engulfing"], [first, (99.5, 101.0, 99.0, 100.5)]) == [0.0]


def test_three_white_soldiers_by_their_bodies_against_usual_ones() -> None:
    soldiers = [(100.0 + 2 * k, 103.0 + 2 * k, 99.9 + 2 * k, 103.0 + 2 * k) for k in range(3)]
    assert last(["cdl_three_white_soldiers"], soldiers) == [pytest.approx(0.5 + 0.5 * 9 / 12)]


def test_a_hikkake_is_half_at_the_breakout_and_whole_where_it_is_confirmed_once() -> None:
    bars = [
        (100.0, 104.0, 96.0, 101.0),
        (100.0, 102.0, 98.0, 101.0),  # inside
        (100.0, 101.0, 97.0, 99.0),  # falls out of it
        (99.0, 102.0, 97.5, 101.0),
        (101.0, 103.0, 98.0, 102.5),  # back above the inside bar
        (102.5, 104.0, 98.5, 103.0),
    ]
    values = computed(["cdl_hikkake"], shown([*quiet(20), *bars]))[-4:, 0]
    assert values.tolist() == [0.5, 0.0, 1.0, 0.0]


def test_a_mat_hold_rises_after_a_rest_that_keeps_high() -> None:
    talib = pytest.importorskip("talib")
    bars = [
        (100.0, 106.5, 99.5, 106.0),
        (107.0, 107.2, 106.3, 106.4),
        (106.2, 106.5, 105.0, 105.5),
        (105.5, 106.0, 104.5, 104.9),
        (105.5, 109.0, 105.0, 108.5),
    ]
    (strength,) = last(["cdl_mat_hold"], bars)
    assert strength == pytest.approx(0.5 + 0.5 * 10.9 / 15.9)
    assert talib.CDLMATHOLD(*shown([*quiet(20), *bars])[1:5])[-1] == 100


def test_tweezers_meet_at_the_end_of_a_move() -> None:
    top = [(100.0, 105.0, 99.5, 104.0), (104.0, 105.0, 101.0, 102.0)]
    assert last(["cdl_tweezers"], top) == [pytest.approx(-(0.5 + 0.5 * 6 / 8))]
    bottom = [(101.0, 101.5, 95.0, 97.0), (97.0, 100.0, 95.0, 99.0)]
    assert last(["cdl_tweezers"], bottom) == [pytest.approx(0.5 + 0.5 * 6 / 8)]
    below = [(100.0, 101.2, 99.5, 101.0), (101.0, 101.2, 99.5, 100.0)]  # others before them were higher
    assert last(["cdl_tweezers"], below) == [0.0]
