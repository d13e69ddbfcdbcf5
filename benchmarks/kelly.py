"""How much of the growth that Kelly's fractions allow a fitted sizer reaches, on a market where they are known.

Every trade wins or loses the same part of its notional, so the fraction that grows fastest is known for each state:
(2 p - 1) / part. It is a function of two of the sizer's own inputs, the chance that the classifier says and the
volatility, which must be read together; the other eleven are noise. It is 0 in a fifth of the states, where the edge is
against the trade, and spreads over 0 to 0.8 in the others.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import numpy.typing as npt
from table import table

from papertape_ml.sizing.fitting import SizerSettings, Trades, fit_sizer
from papertape_ml.sizing.growth import best_constant
from papertape_ml.sizing.inputs import INPUTS

Floats = npt.NDArray[np.float64]

MOST = 0.8
NOTHING = 0.2
TESTED = 200_000
"""States in which the growth is computed; exactly, from the chance of each, and not from drawn outcomes."""


def strength(states: Floats) -> Floats:
    """0 to 1: high where the classifier is sure and the market is calm. `states`: two columns, uniform from 0 to 1."""
    found: Floats = states[:, 0] * (1.0 - 0.6 * states[:, 1])
    return found


def threshold() -> float:
    """The strength that a fifth of the states lie below: the mean over a fine grid of one column decides."""
    calm = 1.0 - 0.6 * (np.arange(10_000) + 0.5) / 10_000
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        below = float(np.minimum(middle / calm, 1.0).mean())
        low, high = (middle, high) if below < NOTHING else (low, middle)
    return (low + high) / 2


def edges(states: Floats) -> Floats:
    """Kelly's fraction of each state, below 0 where the edge is against the trade."""
    least = threshold()
    found: Floats = MOST * (strength(states) - least) / (1.0 - least)
    return found


def drawn(count: int, part: float, chance: np.random.Generator) -> tuple[Trades, Floats]:
    """So many trades that win or lose `part` of their notional, and Kelly's fractions of their states."""
    states = chance.random((count, 2))
    fractions = edges(states)
    wins = chance.random(count) < (1.0 + part * fractions) / 2.0
    rows = chance.normal(size=(count, len(INPUTS)))
    rows[:, INPUTS.index("signal_classifier_prob")] = 0.4 + 0.5 * states[:, 0]
    rows[:, INPUTS.index("volatility_20")] = 0.002 + 0.03 * states[:, 1]
    rows[:, INPUTS.index("volatility_regime")] = chance.integers(-1, 2, count)
    rows[:, INPUTS.index("consecutive_losses")] = chance.geometric(0.5, count) - 1
    return Trades(rows, np.where(wins, part, -part)), fractions


def expected(sizes: Floats, fractions: Floats, part: float) -> float:
    """Expected log growth of a trade."""
    wins = (1.0 + part * fractions) / 2.0
    return float((wins * np.log1p(sizes * part) + (1.0 - wins) * np.log1p(-sizes * part)).mean())


def measured(count: int, part: float, seed: int) -> tuple[float, float, float, float]:
    """Shares of the possible growth: the model's, the best constant's, that of the constant fitted on the same trades;
    and the seconds that fitting took."""
    chance = np.random.default_rng([seed, count])
    trades, _ = drawn(count, part, chance)
    cut = count * 4 // 5
    fit, stop = (Trades(trades.rows[span], trades.returns[span]) for span in (slice(0, cut), slice(cut, None)))
    began = time.perf_counter()
    model = fit_sizer(fit, stop, SizerSettings(penalty=0.0, seed=seed)).model
    seconds = time.perf_counter() - began
    tested, fractions = drawn(TESTED, part, chance)
    best = expected(np.maximum(fractions, 0.0), fractions, part)
    constant = max(expected(np.full(TESTED, size), fractions, part) for size in np.linspace(0.0, 0.995, 200))
    fitted = expected(np.full(TESTED, best_constant(trades.returns)), fractions, part)
    said = expected(model.predict(tested.rows)[:, 0], fractions, part)
    return said / best, constant / best, fitted / best, seconds


def main() -> None:
    """Prints the shares for each number of trades and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trades", type=int, nargs="+", default=[5_000, 20_000])
    parser.add_argument("--part", type=float, nargs="+", default=[1.0, 0.5], help="what a trade wins or loses")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    rows = []
    for part in options.part:
        for count in options.trades:
            found = np.array([measured(count, part, seed) for seed in range(options.seeds)])
            shares = found[:, 0]
            rows.append(
                [f"{part:g}", f"{count:,}", f"{shares.mean():.3f}", f"{shares.min():.3f}", f"{shares.max():.3f}",
                 f"{found[:, 1].mean():.3f}", f"{found[:, 2].mean():.3f}", f"{found[:, 3].mean():.1f}"]
            )  # fmt: skip
    head = ["part", "trades", "model", "lowest", "highest", "best constant", "fitted constant", "s"]
    print(f"growth as a share of Kelly's, {options.seeds} seeds; aim: model 0.9 where the best constant is below 0.8")
    print(table(head, rows))


if __name__ == "__main__":
    main()
