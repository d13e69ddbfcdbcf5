"""The limit on risk: its measure, its price, and that a policy learns to keep to it where it must and only there."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from papertape_ml.errors import BadSettings
from papertape_ml.rl.constraint import CvarLimit, Price, cvar, value_at_risk
from papertape_ml.rl.learning import Plan, learn
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.settings import preset

LIMIT = CvarLimit(share=0.25, limit=0.03, margin=0.0)


def test_cvar_is_the_mean_of_the_worst_share_and_at_least_of_one() -> None:
    losses = np.array([0.0, 4.0, -2.0, 2.0, 1.0])
    assert cvar(losses, 0.4) == 3.0
    assert cvar(losses, 0.01) == 4.0
    assert cvar(losses, 1.0) == 1.0
    assert value_at_risk(losses, 0.4) == 2.0


def test_the_measure_is_the_least_of_rockafellar_and_uryasevs_function() -> None:
    losses = np.random.default_rng(1).normal(size=400)
    places = np.linspace(-3, 3, 2_001)
    least = min(v + np.maximum(losses - v, 0).mean() / 0.1 for v in places)
    assert cvar(losses, 0.1) == pytest.approx(least, abs=2e-3)


def test_the_price_rises_while_the_limit_is_broken_and_falls_while_it_is_kept() -> None:
    broken, kept = np.full(100, 0.06), np.full(100, 0.0)
    price = Price()
    for _ in range(3):
        price = price.after(broken, LIMIT)
    assert price.lasting == pytest.approx(3 * LIMIT.pace) and price.multiplier > price.lasting
    assert price.threshold == 0.06
    eased = price.after(kept, LIMIT)
    assert eased.lasting < price.lasting and eased.multiplier == 0.0


def test_only_what_goes_beyond_the_threshold_is_charged() -> None:
    price = Price(multiplier=1.0, threshold=0.02)
    charged = price.charged(np.array([0.01, -0.02, -0.04]), LIMIT)
    assert charged.tolist() == pytest.approx([0.005, -0.01, (-0.04 - 0.02 / 0.25) / 2])


def test_limits_that_cannot_be_are_refused() -> None:
    for wrong in ({"share": 0.0}, {"share": 1.5}, {"limit": -0.1}, {"margin": 1.0}, {"pace": float("inf")}):
        with pytest.raises(BadSettings, match="limit's"):
            CvarLimit(**wrong)


class Weather(gymnasium.Env[Any, Any]):
    """Calm and wild steps, one half each. A share a of 0 to 1 earns a x 0.02 or -0.01 when it is calm, a x 0.08 or
    -0.06 when it is wild, either as likely as the other. A quarter of all steps are wild and lose; so at that share
    CVaR is 0.06 x the share held when it is wild, and under a limit of 0.03 the best is all when calm, half when wild.
    """

    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space = spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.left = 64
        return self._look(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        up = bool(self.np_random.integers(2))
        move = (0.08 if up else -0.06) if self.wild else (0.02 if up else -0.01)
        self.left -= 1
        return self._look(), (float(action[0]) + 1) / 2 * move, False, self.left == 0, {}

    def _look(self) -> Any:
        self.wild = bool(self.np_random.integers(2))
        return np.array([1.0 if self.wild else -1.0], np.float32)


def test_a_policy_learns_the_known_optimum_under_the_limit() -> None:
    from stable_baselines3.common.vec_env import DummyVecEnv

    settings = preset(
        "ppo-lagrangian", actor=(16,), critic=(16,), steps=64, batch=256, limit=LIMIT, rate=3e-3, gamma=0.0, spread=1.0
    )
    shares: list[Any] = []

    def judge(shape: Any, weights: bytes) -> float:
        policy = NetworkPolicy.made(settings, shape, weights)
        said = policy.act(np.array([[-1.0], [1.0]], np.float32), np.zeros((2, 0))).actions
        shares.append((said + 1) / 2)
        return float(len(shares))

    plan = Plan(steps=10_240, every=512, patience=None, scale=20.0)
    learned = learn(settings, DummyVecEnv([Weather] * 8), judge, plan, 1)
    calm, wild = np.mean(shares[-4:], axis=0)
    assert calm > 0.9
    assert 0.35 < wild < 0.7
    assert learned.price.threshold > 0.0
