"""How good policies are: figures of a walk, the learning curve over seeds, and how returns are spread."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats
from papertape_ml.judging.bootstrap import block_bootstrap
from papertape_ml.judging.sharpe import described
from papertape_ml.rl.constraint import cvar
from papertape_ml.rl.learning import Learned
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.opponents import Played
from papertape_ml.rl.rewards import REWARDS, STATES
from papertape_ml.rl.setup import Setup
from papertape_ml.rl.walking import Walked

QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of foretold returns: which share of what came lies below each is held against them."""
TAIL: Final = 0.05

_STUDENT: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""97.5 % quantiles of Student's distribution with 1 to 9 degrees of freedom."""
_BLOCK: Final = 24
"""Candles that are kept together in a bootstrap of growth."""


def figures(found: Walked | Played) -> dict[str, float | None]:
    """Of one book on held-out candles. `growth`: log growth in all, after costs; `net_return`: the same as a fraction;
    `sharpe`: per candle; `cvar`: what the worst 5 % of candles lose on average, in log growth; `turnover`: traded per
    candle, and `fees`, in all: fractions of equity and of the cash to begin with."""
    gains = found.gains
    trades = found.trades if isinstance(found, Played) else len(found.fills)
    return {
        "growth": found.growth,
        "net_return": math.expm1(found.growth),
        "sharpe": described(gains).sharpe if len(gains) > 1 else None,
        "drawdown": found.drawdown,
        "cvar": cvar(-gains, TAIL),
        "turnover": found.turnover,
        "fees": found.fees,
        "trades": float(trades),
    }


def over(walk: Walked, opponent: Played | None, seed: int) -> dict[str, float | None]:
    """Log growth of a candle beyond that of an opponent on the same ones (of doing nothing, without one), with
    one-sided 95 % bounds and the p-value of "none or less", by a block bootstrap; None of too few candles."""
    mine = walk.gains
    count = len(mine) if opponent is None else min(len(mine), len(opponent.gains))
    if count < 4 * _BLOCK:
        return {"growth": None, "low": None, "high": None, "p_value": None}
    theirs = np.zeros(count) if opponent is None else opponent.gains[-count:]
    found = block_bootstrap(mine[-count:] - theirs, _BLOCK, seed)
    return {"growth": found.mean, "low": found.low, "high": found.high, "p_value": found.p_value}


def band(values: Sequence[float]) -> dict[str, float | None]:
    """Mean and 95 % confidence bounds of it, by Student's distribution over seeds; no bounds of one value.

    >>> band([1.0, 3.0])["mean"]
    2.0
    """
    found = np.array(values, np.float64)
    mean, count = float(found.mean()), len(found)
    if count < 2:
        return {"mean": mean, "low": None, "high": None}
    half = _student(count - 1) * float(found.std(ddof=1)) / math.sqrt(count)
    return {"mean": mean, "low": mean - half, "high": mean + half}


def curve(learned: Sequence[Learned]) -> list[dict[str, Any]]:
    """The learning curve: at each number of steps the judgements of the seeds that came so far, and their band."""
    steps = sorted({point.steps for each in learned for point in each.course})
    found = []
    for step in steps:
        values = [point.value for each in learned for point in each.course if point.steps == step]
        found.append({"steps": step, "seeds": len(values), **band(values)})
    return found


def spread(gains: Floats) -> dict[str, float]:
    """Quantiles of log growth by candle."""
    return {f"q{100 * share:g}": float(np.quantile(gains, share)) for share in QUANTILES}


def foretold(policy: NetworkPolicy, walk: Walked, setup: Setup, scale: float) -> list[dict[str, float]] | None:
    """Of a policy that foretells the quantiles of its discounted rewards: by level, the mean of what it foretold for
    what it did, the quantile of what came, and the share of what came that lies below. None of other policies, and of
    walks too short to know what came. `setup`: what it was rewarded for; `scale`: what that was multiplied with."""
    if policy.shape.head != "quantiles":
        return None
    gamma = policy.settings.gamma
    # What is discounted to less than 5 % is left out of what came.
    ahead = math.ceil(math.log(0.05) / math.log(gamma)) if 0 < gamma < 1 else 1
    count = len(walk.actions) - ahead
    if count < 1:
        return None
    came = np.convolve(rewards_of(walk, setup), (gamma ** np.arange(ahead))[::-1], "valid")[:count]
    said = _quantiles(policy, walk)[:count] / scale
    found = []
    for level in LEVELS:
        told = np.quantile(said, level, axis=1)
        found.append({
            "level": level, "foretold": float(told.mean()), "came": float(np.quantile(came, level)),
            "below": float((came < told).mean()),
        })  # fmt: skip
    return found


def rewards_of(walk: Walked, setup: Setup) -> Floats:
    """What the environment of a setup rewards each step of a walk with (n,)."""
    reward, state = setup.reward, np.zeros(STATES)
    function, parameters = REWARDS[reward.name].function, np.array(reward.values)
    regimes = setup.regimes[walk.start : walk.start + len(walk.gains)].tolist()
    return np.array([function(parameters, state, g, at) for g, at in zip(walk.gains.tolist(), regimes, strict=True)])


def _quantiles(policy: NetworkPolicy, walk: Walked) -> Floats:
    """(n, quantiles) of the value of each action that was taken."""
    from papertape_ml.networks.library import threads, torch

    with threads(1), torch.inference_mode():
        values = policy.net.last(torch.from_numpy(walk.seen)).view(-1, policy.shape.quantiles, policy.shape.actions)
        taken = torch.from_numpy(walk.actions.astype(np.int64))[:, None, None].expand(-1, policy.shape.quantiles, 1)
        found: Floats = values.gather(2, taken)[:, :, 0].double().numpy()
    return found


def _student(freedom: int) -> float:
    """The 97.5 % quantile; beyond the table by the first term of its expansion about the normal one."""
    if freedom <= len(_STUDENT):
        return _STUDENT[freedom - 1]
    normal = NormalDist().inv_cdf(0.975)
    return normal + (normal**3 + normal) / (4 * freedom)
