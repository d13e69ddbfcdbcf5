"""How fast the environment of reinforcement learning steps, beside others in the same run.

    python benchmarks/peers/setup.py gymtrading     # once: gym-trading-env in an environment of its own
    python benchmarks/rl_env.py                     # about a minute; --quick to see whether it runs

One process each, one thread, actions drawn beforehand, resets included, 36 observed values (CartPole: 4). Rounds take
turns, so that whatever else the machine does meets all alike; the table has the median of each and its spread. Then PPO
(the preset `seed`) and SAC learn in eight environments, on one thread, and the second table says how much of that time
the environment took. Ends with 1 where the compiled environment is not ahead of gym-trading-env.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from peers.setup import python_of
from table import table
from workloads import Workload

if TYPE_CHECKING:
    from papertape_ml.rl.setup import Setup

HERE = Path(__file__).parent
CANDLES = 50_000
PEER = "gym-trading-env"
OURS = "papertape, compiled"


def setup(space: str) -> Setup:
    """28 features of the default set and the book, on a seeded walk."""
    from papertape.engine.discovery import load_plugins
    from papertape.features.feature_set import FeatureSet
    from papertape.feeds.sources import Source
    from papertape_ml.data.build import read_candles
    from papertape_ml.rl.acting import Acting
    from papertape_ml.rl.course import course_of
    from papertape_ml.rl.observing import FEATURES, ObservationBuilder
    from papertape_ml.rl.setup import Setup
    from papertape_ml.rl.terms import Episodes

    work = Workload(1, CANDLES)
    work.write()
    (symbol,) = work.names
    candles = read_candles([[Source(work.files[0], symbol, "1m")]])
    wanted = FeatureSet(load_plugins().catalogue().select(FEATURES), "1m", (symbol,))
    course = course_of(candles, wanted)
    acting = Acting(space="discrete" if space == "discrete" else "continuous")
    builder = ObservationBuilder.fitted(course.names, course.values, acting=acting)
    assert len(builder.names) == 36
    return Setup(course, builder, episodes=Episodes(length=2_048))


def alone(env: Any, steps: int) -> float:
    """Steps a second of one environment."""
    actions = drawn(env.action_space)
    env.reset(seed=1)
    began = time.perf_counter()
    for number in range(steps):
        *_, ruined, truncated, _ = env.step(actions[number & 4095])
        if ruined or truncated:
            env.reset()
    return steps / (time.perf_counter() - began)


def together(env: Any, steps: int) -> float:
    """Steps a second of all environments of a vector."""
    count = env.num_envs
    actions = np.array(drawn(env.action_space)[: 4096 // count * count]).reshape(-1, count, 1)
    env.reset()
    began = time.perf_counter()
    for number in range(steps // count):
        env.step(actions[number % len(actions)])
    return steps / (time.perf_counter() - began)


def learning(setup: Setup, name: str, steps: int) -> tuple[float, float]:
    """Steps a second of a training, and the share of its time that the environments took."""
    from stable_baselines3.common.vec_env import VecEnvWrapper

    from papertape_ml.networks.library import threads
    from papertape_ml.rl.algorithms import learner
    from papertape_ml.rl.settings import preset
    from papertape_ml.rl.vector import TradingVecEnv

    class Timed(VecEnvWrapper):
        seconds = 0.0

        def reset(self) -> Any:
            return self.venv.reset()

        def step_wait(self) -> Any:
            began = time.perf_counter()
            found = self.venv.step_wait()
            self.seconds += time.perf_counter() - began
            return found

    env = Timed(TradingVecEnv(setup, 8, seed=1))
    settings = preset("ppo", "seed", steps=256) if name == "ppo" else preset(name, starts=64)
    with threads(1):
        model = learner(settings, env, 1)
        began = time.perf_counter()
        model.learn(steps)
        took = time.perf_counter() - began
    return model.num_timesteps / took, env.seconds / took


def drawn(space: Any) -> list[Any]:
    """4,096 actions of a space."""
    space.seed(2)
    return [space.sample() for _ in range(4096)]


def peers(steps: int) -> dict[str, float]:
    """Steps a second of the others; none where they have not been set up."""
    python = python_of("gymtrading")
    if not python.exists():
        return {}
    done = subprocess.run(
        [str(python), "-m", "peers.run_gymtrading", str(steps)], cwd=HERE, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout)["rates"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Steps a second of the environment, and of others.")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    steps, rounds = (5_000, 1) if options.quick else (100_000, options.rounds)

    from papertape.engine.discovery import load_plugins
    from papertape_ml.rl.env import TradingEnv
    from papertape_ml.rl.vector import TradingVecEnv

    shares, numbers = setup("continuous"), setup("discrete")
    single, discrete = TradingEnv.compiled(shares), TradingEnv.compiled(numbers)
    engine, many = TradingEnv.on_engine(shares, load_plugins()), TradingVecEnv(shares, 8, seed=1)
    engine.reset(seed=1)  # the continuous pass over the candles is not what is measured
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        rates = {
            OURS: alone(single, steps),
            f"{OURS}, discrete actions": alone(discrete, steps),
            f"{OURS}, 8 in parallel": together(many, 4 * steps),
            "papertape, the engine itself": alone(engine, steps // 40),
            **peers(steps),
        }
        for name, rate in rates.items():
            found.setdefault(name, []).append(rate)
    rows = [
        [name, f"{median(rates):,.0f}", f"{min(rates):,.0f}", f"{max(rates):,.0f}"] for name, rates in found.items()
    ]
    print(table(["environment", "steps/s", "least", "most"], rows))
    trained = {name: learning(shares, name, count) for name, count in (("ppo", 4 * steps // 10), ("sac", steps // 5))}
    print()
    print(table(["training", "steps/s", "of its time, in the environment"],
                [[name, f"{rate:,.0f}", f"{share:.1%}"] for name, (rate, share) in trained.items()]))  # fmt: skip
    if PEER not in found:
        print(f"{PEER} is not set up here: python benchmarks/peers/setup.py gymtrading")
        return 0
    ahead = median(found[OURS]) / median(found[PEER])
    print(f"\n{OURS}: {ahead:.1f} times as fast as {PEER}, one process each")
    return 0 if ahead > 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
