"""Probability of backtest overfitting, by combinatorially symmetric cross-validation (CSCV).

Source: Bailey, Borwein, Lopez de Prado, Zhu (2017), The Probability of Backtest Overfitting, sections 2 and 3. The rows
are cut into an even number of blocks; for each way to take half of them, the trial that is best there is looked up in
the other half. How often it lies in the lower half of all trials is the probability that choosing overfits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from papertape_ml.splits import symmetric_halves

Array = NDArray[np.float64]

BLOCKS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """``probability``: how many splits have a logit of 0 or less; ``logits``: of the chosen trial's rank, by split."""

    probability: float
    logits: Array


def overfitting(returns: Array, blocks: int = BLOCKS) -> Overfitting:
    """CSCV over net returns ``(rows in order of time, trials)``, judged by Sharpe ratio.

    Rows that do not fill a block are left out at the beginning. A trial that never moves has ratio 0. Equal ratios
    share the mean of their ranks; of equally good trials the first is chosen.
    """
    rows, trials = returns.shape
    if blocks < 2 or blocks % 2 or rows < 2 * blocks or trials < 2 or not np.isfinite(returns).all():
        raise ValueError(f"{blocks} blocks (an even number) need two finite rows each and two trials: {returns.shape}")
    size = rows // blocks
    used = returns[rows - size * blocks :]
    scale = np.abs(used).max(axis=0)
    used = used / np.where(scale > 0, scale, 1.0)  # a ratio knows no unit, and squares neither overflow nor vanish
    parts = used.reshape(blocks, size, trials)
    sums, squares = parts.sum(axis=1), (parts**2).sum(axis=1)
    all_sums, all_squares = sums.sum(axis=0), squares.sum(axis=0)
    logits = []
    for chosen, _ in symmetric_halves(blocks):
        inside, inside_squares = sums[chosen].sum(axis=0), squares[chosen].sum(axis=0)
        count = size * blocks // 2
        best = int(_ratios(inside, inside_squares, count).argmax())
        outside = _ratios(all_sums - inside, all_squares - inside_squares, count)
        rank = (outside < outside[best]).sum() + ((outside == outside[best]).sum() + 1) / 2
        logits.append(np.log(rank / (trials + 1 - rank)))
    found = np.array(logits)
    return Overfitting(float((found <= 0).mean()), found)


def _ratios(sums: Array, squares: Array, count: int) -> Array:
    means = sums / count
    variances = squares / count - means**2
    moves = variances > 1e-13 * (squares / count)
    result: Array = np.where(moves, means / np.sqrt(np.where(moves, variances, 1.0)), 0.0)
    return result
