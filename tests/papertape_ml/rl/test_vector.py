"""Many books that step together are as many environments."""

from typing import Any

import numpy as np
import pytest
from tests.papertape_ml.rl.lessons import discrete, setup

from papertape_ml.errors import BadSettings
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.env import TradingEnv
from papertape_ml.rl.terms import Episodes

pytest.importorskip("numba")
pytest.importorskip("stable_baselines3")

from papertape_ml.rl.vector import TradingVecEnv


@pytest.mark.parametrize("acting", [Acting(most_units=1e9), discrete(short=True)], ids=["continuous", "discrete"])
def test_each_book_does_what_it_would_do_alone(acting: Acting) -> None:
    of = setup(acting=acting, episodes=Episodes(length=30))
    many = TradingVecEnv(of, 4, seed=5)
    seen: Any = many.reset()
    chance, drawn = np.random.default_rng(5), np.random.default_rng(1)
    alone = [TradingEnv.compiled(of) for _ in range(4)]

    def begin(env: TradingEnv) -> Any:
        return env.reset(options={"start": int(of.starts[chance.integers(len(of.starts))])})[0]

    for number, env in enumerate(alone):
        assert begin(env).tobytes() == seen[number].tobytes()
    ended = 0
    for _ in range(70):
        actions: Any = drawn.integers(0, 8, 4) if acting.space == "discrete" else drawn.uniform(-1, 1, (4, 1))
        actions = actions if acting.space == "discrete" else actions.astype(np.float32)
        seen, rewards, dones, infos = many.step(actions)
        for number, env in enumerate(alone):
            observation, reward, ruined, truncated, info = env.step(actions[number])
            assert np.float32(reward) == rewards[number] and (ruined or truncated) == dones[number]
            if dones[number]:
                ended += 1
                assert infos[number]["terminal_observation"].tobytes() == observation.tobytes()
                assert infos[number]["TimeLimit.truncated"] == truncated and infos[number]["equity"] == info["equity"]
                assert infos[number]["episode"]["l"] == 30
                observation = begin(env)
            assert observation.tobytes() == seen[number].tobytes()
    assert ended == 8


def test_the_same_seed_has_the_same_episodes() -> None:
    env = TradingVecEnv(setup(), 3)
    env.seed(7)
    first = env.reset()
    assert env.reset().tobytes() != first.tobytes()
    env.seed(7)
    assert env.reset().tobytes() == first.tobytes()


def test_the_library_learns_in_it() -> None:
    from stable_baselines3 import PPO

    env = TradingVecEnv(setup(), 2, seed=1)
    agent = PPO("MlpPolicy", env, n_steps=32, batch_size=32, n_epochs=1, seed=1, device="cpu")
    agent.learn(128)
    assert len(agent.ep_info_buffer or ()) == 2 and agent.num_timesteps == 128


@pytest.mark.parametrize("wrong", [float("nan"), 1.5])
def test_what_is_no_action_is_refused(wrong: float) -> None:
    env = TradingVecEnv(setup(), 2)
    env.reset()
    with pytest.raises(BadSettings, match="an action must be a number from -1 to 1, was "):
        env.step(np.array([[0.0], [wrong]], np.float32))
