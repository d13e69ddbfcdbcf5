"""What acting on predictions of a dataset's rows would have brought, by `papertape_ml.judging.acting`."""

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import TS, Floats, Ints
from papertape_ml.data.build import Market
from papertape_ml.data.dataset import Dataset
from papertape_ml.judging.acting import Acted, acted, held
from papertape_ml.judging.sharpe import described


def act(dataset: Dataset, candles: Market, rows: Ints, stances: NDArray[np.int64]) -> Acted:
    """Trades on some rows (numbers, in time order): stances 1 long, -1 short, 0 none. The label must have a profit."""
    assert dataset.profit is not None, "a label without a profit cannot be acted on"
    symbol, ts = dataset.symbol[rows], dataset.ts[rows]
    at = np.zeros(len(rows), np.int64)
    for slot, one in enumerate(candles.values()):
        mine = symbol == slot
        at[mine] = np.searchsorted(one[TS], ts[mine])
    return acted(candles, dataset.label, symbol, at, dataset.t1[rows], dataset.profit[rows], stances)


def figures(returns: Floats) -> dict[str, float | None]:
    """Their sum, and their Sharpe ratio per candle (not annualised); None of fewer than two."""
    return {
        "net_return": float(returns.sum()),
        "sharpe": described(returns).sharpe if len(returns) > 1 else None,
    }


def acted_figures(found: Acted, stances: NDArray[np.int64]) -> dict[str, float | None]:
    """`figures`, the share of rows that act, and how many trades that makes: a decision during a trade is passed."""
    rate = float((stances != 0).mean()) if len(stances) else 0.0
    return {**figures(found.returns), "action_rate": rate, "trades": float(found.trades)}


def opponents(candles: Market, found: Acted, fee_bps: float) -> dict[str, dict[str, float | None]]:
    """The figures of doing nothing, and of holding all symbols in equal parts, over the same candles."""
    bought = figures(held(candles, found.times, fee_bps))
    return {"flat": {"net_return": 0.0, "sharpe": 0.0}, "buy_and_hold": bought}
