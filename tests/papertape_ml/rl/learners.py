"""Small settings, small learners and one training that tests share."""

from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
from tests.papertape_ml.rl.lessons import course, discrete, plugins, setup, simulated

from papertape_ml.rl.acting import Acting
from papertape_ml.rl.actor import ActorShape
from papertape_ml.rl.config import RlConfig
from papertape_ml.rl.course import Course
from papertape_ml.rl.learning import Plan
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.settings import ALGORITHMS, OnPolicy, Settings, preset
from papertape_ml.rl.setup import Setup
from papertape_ml.rl.terms import Terms
from papertape_ml.rl.training import train_rl
from papertape_ml.training.trained import Trained

PAIRS = [
    ("ppo", "continuous"), ("ppo", "discrete"), ("recurrent-ppo", "continuous"), ("sac", "continuous"),
    ("tqc", "continuous"), ("td3", "continuous"), ("ddpg", "continuous"), ("qr-dqn", "discrete"),
]  # fmt: skip


def small(algorithm: str, **given: Any) -> Settings:
    """Networks of few units, and updates after few steps."""
    if ALGORITHMS[algorithm] is OnPolicy:
        usual: dict[str, Any] = {"steps": 16, "batch": 32, "epochs": 1}
        if algorithm == "recurrent-ppo":
            usual["memory"] = 4
    else:
        usual = {"starts": 16, "batch": 16, "memories": 200, "quantiles": 5, "updates": 1}
    return preset(algorithm, **{"actor": (8,), "critic": (8,), **usual, **given})


def market(space: str = "continuous") -> Setup:
    return setup(acting=discrete() if space == "discrete" else Acting(most_units=1e9))


@cache
def candles() -> Course:
    return course(simulated())


@cache
def trained() -> Trained:
    """A policy of PPO over two seeds, on simulated candles."""
    return train_rl(candles(), config(quick(), seeds=(1, 2)), plugins())


def quick() -> Settings:
    """PPO in such steps that few of them make it trade."""
    return small("ppo", rate=0.05, epochs=4)


def config(*settings: Settings, **changes: Any) -> RlConfig:
    """Without fees, since with them the best of few steps is to stay flat."""
    plan = Plan(steps=128, every=64, patience=None)
    usual: dict[str, Any] = {"acting": Acting(most_units=1e9), "plan": plan, "length": 32, "environments": 2,
                             "terms": Terms(fee=Decimal(0))}  # fmt: skip
    return RlConfig(settings=settings, **{**usual, **changes})


def network(seed: int = 1, space: str = "continuous", inputs: int = 12) -> NetworkPolicy:
    """A policy with weights drawn from a seed."""
    import safetensors.numpy

    rng = np.random.default_rng(seed)
    actions = 8 if space == "discrete" else 1
    head = "categorical" if space == "discrete" else "gaussian"
    shape = ActorShape(head=head, inputs=inputs, hidden=(8,), activation="tanh", actions=actions)
    sizes = {"layers.0.weight": (8, inputs), "layers.0.bias": (8,), "head.weight": (shape.width, 8)}
    arrays = {name: rng.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    arrays["head.bias"] = rng.normal(size=shape.width).astype(np.float32)
    return NetworkPolicy.made(small("ppo"), shape, safetensors.numpy.save(arrays))
