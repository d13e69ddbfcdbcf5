"""PPO-Lagrangian: environments whose rewards pay the price of risk, and what moves that price after each rollout.

The learner is stable-baselines3's PPO as it stands; `papertape_ml.rl.constraint` has the method and its sources.
"""

from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from papertape_ml.rl.constraint import CvarLimit, Price


class Charged(VecEnvWrapper):
    """Environments that charge each step for what it loses beyond the threshold. `losses`: of the rollout so far."""

    def __init__(self, venv: VecEnv, limit: CvarLimit, price: Price = Price()) -> None:  # noqa: B008  # a frozen value
        super().__init__(venv)
        self.limit = limit
        self.price = price
        self.losses: list[np.ndarray[Any, Any]] = []

    def reset(self) -> VecEnvObs:
        return self.venv.reset()

    def step_wait(self) -> VecEnvStepReturn:
        observations, rewards, dones, infos = self.venv.step_wait()
        earned = rewards.astype(np.float64)
        self.losses.append(-earned)
        return observations, self.price.charged(earned, self.limit).astype(np.float32), dones, infos

    def settle(self) -> None:
        """Moves the price by what the rollout lost, and begins a new one."""
        if self.losses:
            self.price = self.price.after(np.concatenate(self.losses), self.limit)
        self.losses = []


class Settling(BaseCallback):
    """Settles the price when a rollout ends, before the policy learns from it."""

    def __init__(self, charged: Charged) -> None:
        super().__init__()
        self.charged = charged

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        self.charged.settle()
        self.logger.record("constraint/multiplier", self.charged.price.multiplier)
        self.logger.record("constraint/threshold", self.charged.price.threshold)


class Scaled(VecEnvWrapper):
    """Environments whose rewards are multiplied, so that a usual one is neither tiny nor huge to a network."""

    def __init__(self, venv: VecEnv, scale: float) -> None:
        super().__init__(venv)
        self.scale = scale

    def reset(self) -> VecEnvObs:
        return self.venv.reset()

    def step_wait(self) -> VecEnvStepReturn:
        observations, rewards, dones, infos = self.venv.step_wait()
        return observations, rewards * self.scale, dones, infos
