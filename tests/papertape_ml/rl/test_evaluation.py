"""Figures of policies: bands over seeds, learning curves."""

import numpy as np
import pytest
from tests.papertape_ml.rl.learners import network
from tests.papertape_ml.rl.lessons import setup

from papertape.contract.candle import Floats
from papertape_ml.rl.constraint import Price
from papertape_ml.rl.deciding import Acts
from papertape_ml.rl.env import TradingEnv
from papertape_ml.rl.evaluation import band, curve, rewards_of, spread
from papertape_ml.rl.learning import Learned, Point
from papertape_ml.rl.observing import Observations
from papertape_ml.rl.rewards import Reward
from papertape_ml.rl.terms import Episodes
from papertape_ml.rl.walking import walked


def test_the_band_of_five_seeds_is_that_of_students_distribution() -> None:
    found = band([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.776 * np.std([1, 2, 3, 4, 5], ddof=1) / np.sqrt(5)
    assert (found["mean"], found["low"], found["high"]) == pytest.approx((3.0, 3.0 - half, 3.0 + half))
    assert band([1.0]) == {"mean": 1.0, "low": None, "high": None}


def test_the_band_beyond_the_table_is_near_the_true_quantile() -> None:
    values = [0.0, 1.0] * 10
    half = 2.093 * float(np.std(values, ddof=1)) / np.sqrt(20)
    assert band(values)["high"] == pytest.approx(0.5 + half, rel=5e-3)


def test_the_curve_counts_the_seeds_that_came_so_far() -> None:
    def learned(*values: float) -> Learned:
        points = tuple(Point(100 * (k + 1), value) for k, value in enumerate(values))
        return Learned(network().shape, b"", {}, points, points[0], Price())

    found = curve([learned(1.0, 2.0, 3.0), learned(3.0, 4.0)])
    assert [(each["steps"], each["seeds"], each["mean"]) for each in found] == [
        (100, 2, 2.0),
        (200, 2, 3.0),
        (300, 1, 3.0),
    ]


def test_the_spread_is_by_quantile() -> None:
    assert spread(np.linspace(0, 1, 101))["q5"] == pytest.approx(0.05)


def test_what_was_foretold_is_held_against_the_reward_that_was_learned() -> None:
    ground = setup(reward=Reward("drawdown-penalised", {"penalty": 2.0}), episodes=Episodes(length=20))
    env, rng = TradingEnv.compiled(ground), np.random.default_rng(1)
    env.reset(seed=1, options={"start": 160})
    actions = rng.uniform(-1.0, 1.0, 20)
    rewards = [env.step(np.array([action]))[1] for action in actions]

    class Scripted:
        memory = 0

        def act(self, observations: Observations, memory: Floats) -> Acts:
            return Acts(np.array([next(said)]), np.ones(1), np.empty((1, 0)), memory)

    said = iter(actions.tolist())
    (walk,) = walked(Scripted(), ground, [160])
    assert rewards_of(walk, ground) == pytest.approx(rewards, abs=1e-12) and rewards != pytest.approx(walk.gains)
