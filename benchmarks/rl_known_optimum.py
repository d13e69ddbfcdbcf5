"""Agents on markets whose best policy is known: how much of its growth they reach, on candles that they never saw.

1. A noisy cycle. The mean return of a candle is a sine of its hour, under noise; fees are 0.1 %. The best policy, which
   observes the same hour and the same position, chooses among the same targets and pays the same fees, is computed by
   dynamic programming over hours and positions. Agent and oracle walk over the same held-out candles, by the host's
   book; the share is growth / growth of the oracle.
2. A martingale with fees: nothing can be earned, so the best is to stay flat. What counts is the turnover.
3. The cycle with a limit on the conditional value at risk of a candle: PPO breaks it, PPO-Lagrangian must not, on
   candles that neither saw.

    python benchmarks/rl_known_optimum.py             # all of it, five seeds: says how long it took
    python benchmarks/rl_known_optimum.py --quick     # one seed, few steps: to see that it runs

Everything is drawn from seeds, so a run can be repeated to the last digit on one machine.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from table import table

from papertape.features.catalogue import Catalogue
from papertape.features.families.momentum.returns import FAMILY as RETURNS
from papertape.features.families.temporal.clock import FAMILY as CLOCK
from papertape.features.feature_set import FeatureSet
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.constraint import CvarLimit, cvar
from papertape_ml.rl.course import Course, course_of
from papertape_ml.rl.deciding import Acts
from papertape_ml.rl.learning import Plan, learn
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.observing import ObservationBuilder, Observations
from papertape_ml.rl.settings import OnPolicy, Settings, preset
from papertape_ml.rl.setup import Setup
from papertape_ml.rl.terms import Episodes, Terms
from papertape_ml.rl.training import judge_of
from papertape_ml.rl.vector import TradingVecEnv
from papertape_ml.rl.walking import Walked, side_by_side, walked

Floats = NDArray[np.float64]

HOURS = 24
HOUR = 3_600_000
BEGIN = 1_704_067_200_000
"""2024-01-01, ms UTC."""
FEE = Decimal("0.001")
FEATURES = ("hour_sin", "hour_cos", "returns_1")
SYMBOL = "CYCLE/USDT"
EPISODES = 16
LENGTH = 240
SHARES = np.linspace(0.0, 1.0, 21)
"""Positions and targets among which the oracle chooses."""
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(9)


@dataclass(frozen=True, slots=True)
class Cycle:
    """A market: the mean log return of a candle is `height` x sin(2 pi hour / 24), its deviation `noise`."""

    height: float
    noise: float
    days: int

    def drift(self, hour: Any) -> Any:
        """The mean of the candle that closes at an hour."""
        return self.height * np.sin(2.0 * np.pi * np.asarray(hour) / HOURS)

    def course(self, seed: int) -> Course:
        """Candles of so many days, prices of four decimals, each opening where the one before closed."""
        count = self.days * HOURS
        rng = np.random.default_rng([seed, 1])
        ts = BEGIN + HOUR * np.arange(count)
        hours = (ts + HOUR) // HOUR % HOURS
        moves = self.drift(hours) + self.noise * rng.standard_normal(count)
        closes = np.round(100.0 * np.exp(np.cumsum(moves)), 4)
        opens = np.concatenate(([100.0], closes[:-1]))
        candles = np.stack(
            (ts, opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, np.full(count, 1e6))
        )
        features = Catalogue([RETURNS, CLOCK]).select(FEATURES)
        return course_of({SYMBOL: candles}, FeatureSet(features, "1h", (SYMBOL,)))


@dataclass(frozen=True, slots=True, eq=False)
class Oracle:
    """The best policy of a cycle: `targets` (hours, positions), the share to hold. It reads the hour and the position
    out of the very observations that agents get."""

    builder: ObservationBuilder
    targets: Floats
    memory: int = 0

    @classmethod
    def of(cls, market: Cycle, builder: ObservationBuilder) -> "Oracle":
        """By value iteration of the mean log growth, discounted by so little (0.999 a candle) that it does not matter.

        A target a held at share w costs the fee on |a - w|; then the candle moves equity by 1 + a (e^r - 1) and the
        share to a e^r / (1 + a (e^r - 1)). The noise is integrated by Gauss-Hermite quadrature.
        """
        hours, count = np.arange(HOURS), len(SHARES)
        weights = WEIGHTS / WEIGHTS.sum()
        value = np.zeros((HOURS, count))
        cost = np.log1p(-float(FEE) * np.abs(SHARES[None, :] - SHARES[:, None]))  # (held, target)
        returns = np.exp(market.drift((hours + 1) % HOURS)[:, None] + market.noise * NODES[None, :])
        gross = 1.0 + SHARES[None, :, None] * (returns[:, None, :] - 1.0)  # (hour, target, node)
        after = SHARES[None, :, None] * returns[:, None, :] / gross
        gains = (np.log(gross) * weights).sum(axis=2)
        for _ in range(4_000):
            later = np.stack([np.interp(after[hour], SHARES, value[(hour + 1) % HOURS]) for hour in hours])
            best = gains + 0.999 * (later * weights).sum(axis=2)  # (hour, target)
            new = (cost[None] + best[:, None, :]).max(axis=2)
            change, value = float(np.abs(new - value).max()), new
            if change < 1e-10:
                break
        return cls(builder, SHARES[(cost[None] + best[:, None, :]).argmax(axis=2)])

    def act(self, observations: Observations, memory: Floats) -> Acts:
        """As `Decides.act`."""
        raw = observations[:, :2] * np.array(self.builder.scale[:2]) + np.array(self.builder.centre[:2])
        hours = np.rint(np.arctan2(raw[:, 0], raw[:, 1]) * HOURS / (2 * np.pi)).astype(np.int64) % HOURS
        held = observations[:, self.builder.names.index("position")].clip(0.0, 1.0)
        targets = self.targets[hours, np.rint(held * (len(SHARES) - 1)).astype(np.int64)]
        return Acts(targets, np.ones(len(targets)), np.empty((len(targets), 0)), memory)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A market cut in two: `setup` of all, `learned` and `held_out`, ranges of candles."""

    market: Cycle
    setup: Setup
    learned: tuple[int, int]
    stop: tuple[int, int]
    held_out: tuple[int, int]

    @classmethod
    def of(cls, market: Cycle, seed: int) -> "Ground":
        course = market.course(seed)
        count = len(course)
        cut, end = count * 5 // 10, count * 6 // 10
        builder = ObservationBuilder.fitted(course.names, course.values[:cut], acting=Acting(most_units=1e9))
        setup = Setup(course, builder, Terms(fee=FEE), Episodes(length=LENGTH))
        return cls(market, setup, (0, cut), (cut, end), (end, count))

    def walk(self, policy: Any) -> list[Walked]:
        """Over all held-out candles, in episodes side by side."""
        setup, starts = side_by_side(self.setup, *self.held_out, EPISODES)
        return walked(policy, setup, starts)


def trained(ground: Ground, settings: Settings, steps: int, seed: int) -> tuple[NetworkPolicy, float]:
    """The policy that was best on the candles that stop a training, and how long it took in s."""
    began = time.monotonic()
    first, last = ground.learned
    fit = replace(ground.setup, episodes=replace(ground.setup.episodes, first=first, last=last))
    plan = Plan(steps=steps, every=max(2_000, steps // 20), patience=None, scale=1.0 / ground.market.noise)
    judge = judge_of(ground.setup, settings, ground.stop)
    learned = learn(settings, TradingVecEnv(fit, 8, seed), judge, plan, seed)
    return NetworkPolicy.made(settings, learned.shape, learned.weights), time.monotonic() - began


def growth(walks: Sequence[Walked]) -> float:
    """Log growth of all episodes together."""
    return sum(each.growth for each in walks)


def worst(walks: Sequence[Walked], share: float) -> float:
    """The conditional value at risk of a candle."""
    return cvar(-np.concatenate([each.gains for each in walks]), share)


def agents(quick: bool) -> dict[str, tuple[Settings, int]]:
    """Settings and steps of what is tried. A day is 24 candles, so a discount of 0.9 sees far enough. SAC's critic
    needs a low rate, since a candle's noise is twice the most that it can be worth."""
    ppo = preset("ppo", steps=128, batch=256, rate=1e-3, gamma=0.95, entropy=0.003)
    sac = preset("sac", gamma=0.9, entropy=0.005, rate=3e-4)
    return {"ppo": (ppo, 16_384 if quick else 200_000), "sac": (sac, 8_000 if quick else 100_000)}


def cycle(seeds: Sequence[int], quick: bool) -> None:
    """The share of the oracle's growth."""
    market = Cycle(0.002, 0.004, 200 if quick else 1_000)
    rows = []
    for name, (settings, steps) in agents(quick).items():
        shares = []
        for seed in seeds:
            ground = Ground.of(market, seed)
            best = growth(ground.walk(Oracle.of(market, ground.setup.builder)))
            policy, took = trained(ground, settings, steps, seed)
            found = growth(ground.walk(policy))
            shares.append(found / best)
            rows.append([f"{name}, seed {seed}", f"{steps:,}", f"{best:.3f}", f"{found:.3f}", f"{found / best:.3f}",
                         f"{took:.0f}"])  # fmt: skip
        rows.append([f"{name}, median", "", "", "", f"{median(shares):.3f}", ""])
    print("\nA noisy cycle: log growth on held-out episodes (wanted: a median share of 0.90 or more)")
    print(table(["agent", "steps", "oracle", "agent", "share", "s"], rows))


def martingale(seeds: Sequence[int], quick: bool) -> None:
    """What is traded where nothing can be earned."""
    market = Cycle(0.0, 0.004, 200 if quick else 1_000)
    rows = []
    for name, (settings, steps) in agents(quick).items():
        for seed in seeds:
            ground = Ground.of(market, seed)
            policy, took = trained(ground, settings, steps, seed)
            walks = ground.walk(policy)
            turnover = float(np.mean([each.turnover for each in walks]))
            held = float(np.mean([np.abs(each.shares).mean() for each in walks]))
            rows.append(
                [f"{name}, seed {seed}", f"{turnover:.5f}", f"{held:.3f}", f"{growth(walks):.4f}", f"{took:.0f}"]
            )
    print("\nA martingale with fees: the best is to stay flat")
    print(table(["agent", "turnover a candle", "mean position", "log growth", "s"], rows))


def constrained(seeds: Sequence[int], quick: bool) -> None:
    """The limit on candles that were not learned from."""
    market = Cycle(0.002, 0.004, 200 if quick else 1_000)
    plain, steps = agents(quick)["ppo"]
    assert isinstance(plain, OnPolicy)
    limit = CvarLimit(share=0.05, limit=0.004)
    bound = replace(plain, algorithm="ppo-lagrangian", limit=limit, spread=0.5)
    rows = []
    for seed in seeds:
        ground = Ground.of(market, seed)
        for settings in (plain, bound):
            policy, took = trained(ground, settings, steps, seed)
            walks = ground.walk(policy)
            risk = worst(walks, limit.share)
            kept = "kept" if risk <= limit.limit else "broken"
            rows.append([f"{settings.algorithm}, seed {seed}", f"{risk:.5f}", kept,
                         f"{growth(walks):.3f}", f"{took:.0f}"])  # fmt: skip
    print(f"\nConditional value at risk of a candle at 5 %, held out, with a limit of {limit.limit:g}")
    print(table(["agent", "CVaR", "limit", "log growth", "s"], rows))


def main() -> None:
    """Runs the parts, and says what they took."""
    parts = {"cycle": cycle, "martingale": martingale, "constrained": constrained}
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed and few steps: shows that it runs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--part", choices=list(parts), action="append", help="Repeatable. Default: all.")
    options = parser.parse_args()
    seeds = range(1, 1 + (1 if options.quick else options.seeds))
    began = time.monotonic()
    for name in options.part or list(parts):
        parts[name](seeds, options.quick)
    print(f"\n{time.monotonic() - began:,.0f} s in all; the aim is 7,200 s on 2 cores")


if __name__ == "__main__":
    main()
