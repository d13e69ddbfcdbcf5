"""gym-trading-env: ``python -m peers.run_gymtrading STEPS``, in its own environment; CartPole beside it.

36 observed values: 34 columns of features and the two that it adds; three positions, fees of 10 bps, episodes of 2,048
candles. Each environment is the bare class, without the wrappers of ``gymnasium.make``. Prints JSON: steps a second.
"""
# The library lives in another environment and has no types.
# mypy: ignore-errors

from __future__ import annotations

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

import gym_trading_env  # noqa: E402
import gymnasium  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from gym_trading_env.environments import TradingEnv  # noqa: E402
from gymnasium.envs.classic_control.cartpole import CartPoleEnv  # noqa: E402

CANDLES = 50_000


def frame():
    chance = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(chance.normal(0.0, 1e-3, CANDLES)))
    found = pd.DataFrame(
        {"open": close, "high": close * 1.001, "low": close * 0.999, "close": close, "volume": 1.0},
        index=pd.date_range("2024-01-01", periods=CANDLES, freq="1min"),
    )
    features = {f"feature_{number}": chance.normal(size=CANDLES) for number in range(34)}
    return pd.concat([found, pd.DataFrame(features, index=found.index)], axis=1)


def rate(env, actions, steps):
    env.reset(seed=1)
    began = time.perf_counter()
    for number in range(steps):
        *_, ruined, truncated, _ = env.step(actions[number & 4095])
        if ruined or truncated:
            env.reset()
    return steps / (time.perf_counter() - began)


def main(steps):
    chance = np.random.default_rng(2)
    trading = TradingEnv(
        df=frame(), positions=[-1, 0, 1], trading_fees=0.001, borrow_interest_rate=0.0, portfolio_initial_value=1000,
        max_episode_duration=2_048, verbose=0,
    )  # fmt: skip
    assert trading.observation_space.shape == (36,), trading.observation_space
    found = {
        "gym-trading-env": rate(trading, chance.integers(0, 3, 4096).tolist(), steps),
        "CartPole": rate(CartPoleEnv(), chance.integers(0, 2, 4096).tolist(), steps),
    }
    version = getattr(gym_trading_env, "__version__", "0.3.3")
    print(json.dumps({"rates": found, "versions": {"gym-trading-env": version, "gymnasium": gymnasium.__version__}}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
