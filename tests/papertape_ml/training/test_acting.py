"""Acting on a dataset's rows: each decision finds its candle, whatever holes the symbols have."""

import numpy as np
import pytest
from tests.papertape_ml.data import markets

from papertape_ml.data import from_candles
from papertape_ml.judging.sharpe import described
from papertape_ml.labels import parse
from papertape_ml.training.acting import act, acted_figures, figures, opponents

pytest.importorskip("numba")

CANDLES = markets.market(3, count=400)
DATASET = from_candles(CANDLES, markets.wanted(), parse("triple-barrier:0.5,0.8,30m"))


def test_the_sum_of_returns_is_that_of_the_trades_profits() -> None:
    """One trade after the other, by a plain loop; the label's profit, or what follows for the other side."""
    stances = np.random.default_rng(1).choice([-1, 0, 1], len(DATASET), p=[0.1, 0.8, 0.1])
    assert DATASET.profit is not None
    free, profits = {0: 0, 1: 0}, []
    for row in range(len(DATASET)):
        symbol, begin = int(DATASET.symbol[row]), int(DATASET.t0[row])
        if stances[row] and begin >= free[symbol]:
            free[symbol] = int(DATASET.t1[row])
            ratio = (DATASET.profit[row] + 1.001) / 0.999
            profits.append(DATASET.profit[row] if stances[row] > 0 else 0.999 - ratio * 1.001)
    found = act(DATASET, CANDLES, np.arange(len(DATASET)), stances)
    assert found.trades == len(profits) > 10
    assert found.returns.sum() == pytest.approx(sum(profits) / 2)
    said = acted_figures(found, stances)
    assert said["net_return"] == pytest.approx(sum(profits) / 2) and said["trades"] == len(profits)
    assert said["action_rate"] == pytest.approx((stances != 0).mean())
    assert said["sharpe"] == pytest.approx(described(found.returns).sharpe)


def test_opponents_cover_the_same_candles() -> None:
    rows = np.flatnonzero(DATASET.t0 > np.median(DATASET.t0))
    quiet = act(DATASET, CANDLES, rows, np.zeros(len(rows), np.int64))
    assert quiet.trades == 0 and not quiet.returns.any()
    found = opponents(CANDLES, quiet, fee_bps=10.0)
    assert found["flat"] == figures(quiet.returns)
    grown = []
    for one in CANDLES.values():
        inside = one[1, (one[0] >= quiet.times[0]) & (one[0] <= quiet.times[-1])]
        grown.append(inside[-1] / inside[0] - 1 - 0.001 * (1 + inside[-1] / inside[0]))
    assert found["buy_and_hold"]["net_return"] == pytest.approx(np.mean(grown), abs=1e-9)
