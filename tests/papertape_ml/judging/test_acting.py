"""What acting brings: every trade the profit that its label says, one at a time, marked in between."""

import numpy as np
import pytest

from papertape_ml.judging.acting import Acted, acted, apart, held, profit_of
from papertape_ml.labels import LabelSpec, label, parse

HOUR = 3_600_000


def market(count: int, seed: int = 1, first: int = 0) -> np.ndarray:
    """Candles (6, count) of a random walk, an hour each."""
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.01, count)))
    opens = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(opens, close) * 1.002, np.minimum(opens, close) * 0.998
    return np.stack((HOUR * np.arange(first, first + count, dtype=np.float64), opens, high, low, close, np.ones(count)))


def on(candles: np.ndarray, spec: LabelSpec, ways: np.ndarray) -> tuple[Acted, np.ndarray]:
    """Acts on every decision of one symbol; and the labels' profits."""
    found = label(candles, "1h", spec)
    assert found.profit is not None
    symbol = np.zeros(len(found), np.int64)
    return acted({"A": candles}, spec, symbol, found.rows, found.t1, found.profit, ways[found.rows]), found.profit


@pytest.mark.parametrize(
    "definition", ["direction:6c,band=0", "triple-barrier:1,2,6h", "triple-barrier:1,2,6h,side=short"]
)
def test_a_trade_brings_what_its_label_says(definition: str) -> None:
    candles, spec = market(300), parse(definition)
    own = -1 if spec.side == "short" else 1
    ways = np.zeros(300, np.int64)
    ways[[150, 200]] = own
    done, profit = on(candles, spec, ways)
    rows = label(candles, "1h", spec).rows
    expected = profit[np.searchsorted(rows, [150, 200])]
    assert done.trades == 2
    assert done.returns.sum() == pytest.approx(expected.sum(), abs=1e-12)
    active = done.times[done.returns != 0.0] // HOUR
    assert active.min() == 151 and active.max() <= 207, "returns lie between the entry and the end"


def test_while_a_trade_is_open_other_decisions_are_passed_over() -> None:
    candles, spec = market(300), parse("direction:6c,band=0")
    done, _ = on(candles, spec, np.ones(300, np.int64))
    assert done.trades == len(range(0, 300 - 7, 6))


def test_a_long_trade_is_marked_at_each_open() -> None:
    candles, spec = market(120), parse("direction:3c,band=0,fee=10")
    ways = np.zeros(120, np.int64)
    ways[109] = 1
    done, _ = on(candles, spec, ways)
    opens = candles[1]
    moves = np.diff(opens[110:114]) / opens[110]
    expected = moves.copy()
    expected[0] -= 0.001
    expected[-1] -= 0.001 * opens[113] / opens[110]
    start = int(np.flatnonzero(done.times == 110 * HOUR)[0])
    assert done.returns[start : start + 3] == pytest.approx(expected, abs=1e-12)


def test_a_short_trade_is_the_long_ones_mirror_without_fees() -> None:
    candles, spec = market(300), parse("direction:6c,band=0,fee=0")
    long, _ = on(candles, spec, np.ones(300, np.int64))
    short, _ = on(candles, spec, -np.ones(300, np.int64))
    assert short.returns == pytest.approx(-long.returns, abs=1e-12)


def test_the_other_side_of_a_shorts_label_is_a_long() -> None:
    """Entered at 100, left at 90: a short brings 10 less fees of 0.1 and 0.09, a long loses 10 and pays the same."""
    spec = parse("triple-barrier:5,10,6h,side=short,fee=10")
    short = (100 - 0.1 - 90 - 0.09) / 100
    assert profit_of(spec, short, -1) == short
    assert profit_of(spec, short, 1) == pytest.approx((90 - 0.09 - 100 - 0.1) / 100, abs=1e-12)


def test_two_symbols_share_the_account() -> None:
    spec = parse("direction:6c,band=0,fee=0")
    both = {"A": market(300, 1), "B": market(250, 2, first=50)}
    labels = [label(candles, "1h", spec) for candles in both.values()]
    symbol = np.repeat([0, 1], [len(each) for each in labels])
    rows, t1, profit = (np.concatenate([getattr(each, name) for each in labels]) for name in ("rows", "t1", "profit"))
    done = acted(both, spec, symbol, rows, t1, profit, np.ones(len(symbol), np.int64))
    alone = [on(candles, spec, np.ones(candles.shape[1], np.int64))[0] for candles in both.values()]
    assert done.trades == sum(each.trades for each in alone)
    assert done.returns.sum() == pytest.approx(sum(each.returns.sum() for each in alone) / 2, abs=1e-12)


def test_holding_pays_two_fees_and_the_way_between() -> None:
    candles = market(100)
    times = (HOUR * np.arange(10, 90)).astype(np.int64)
    returns = held({"A": candles}, times, fee_bps=10)
    first, last = candles[1, 10], candles[1, 89]
    assert len(returns) == 80
    assert returns.sum() == pytest.approx(last / first - 1 - 0.001 - 0.001 * last / first, abs=1e-12)


def test_labels_of_any_symbol_that_overlap_count_once() -> None:
    t0 = np.array([0, 0, 10, 20, 25])
    assert apart(t0, t0 + 10) == 3
    assert apart(t0, t0 + 100) == 1
