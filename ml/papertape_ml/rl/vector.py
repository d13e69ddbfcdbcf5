"""Many books on one course as one environment of stable-baselines3: all of them step in one compiled call."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv

from papertape.contract.candle import Floats
from papertape_ml.errors import BadSettings
from papertape_ml.rl.acting import ACTIONS
from papertape_ml.rl.compiled_stage import Books
from papertape_ml.rl.env import action_space, observation_space
from papertape_ml.rl.observing import Observations
from papertape_ml.rl.setup import Setup

Dones = npt.NDArray[np.bool_]


class TradingVecEnv(VecEnv):
    """`count` episodes side by side. One that is over begins anew at once; its `info` has what the library looks for
    (`terminal_observation`, `TimeLimit.truncated`, `episode`), and `equity` at its end.

    The same seed has the same episodes. Raises as `Books` does.
    """

    def __init__(self, setup: Setup, count: int = 8, seed: int = 0) -> None:
        if count < 1:
            raise BadSettings(f"environments side by side are one or more, not {count}")
        self.setup = setup
        self.books = Books(setup, count)
        self._chance = np.random.default_rng(seed)
        self._discrete = setup.builder.acting.space == "discrete"
        self._actions: Floats = np.zeros(count)
        self._returns, self._lengths = np.zeros(count), np.zeros(count, np.int64)
        super().__init__(count, observation_space(setup.builder), action_space(setup.builder.acting))

    def reset(self) -> Observations:
        """New episodes in all of them; after `seed`, those of that seed."""
        if self._seeds[0] is not None:
            self._chance = np.random.default_rng(self._seeds[0])
        self._reset_seeds()
        self._reset_options()
        for number in range(self.num_envs):
            self._begin(number)
        return self._seen()

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Takes the actions of the next step. Raises `BadSettings` for what is none."""
        said: Floats = np.asarray(actions, np.float64).reshape(self.num_envs)
        if self._discrete:
            right = (said >= 0) & (said < len(ACTIONS)) & (said == np.floor(said))
        else:
            right = np.abs(said) <= 1.0
        if not right.all():
            what = f"0 to {len(ACTIONS) - 1}" if self._discrete else "-1 to 1"
            raise BadSettings(f"an action must be a number from {what}, was {said[np.argmin(right)]!r}")
        self._actions = said

    def step_wait(self) -> tuple[Observations, npt.NDArray[np.float32], Dones, list[dict[str, Any]]]:
        """Carries the actions out; what was brought, book by book."""
        books = self.books
        ended = books.step(self._actions)
        rewards = books.rewards.astype(np.float32)
        self._returns += books.rewards
        self._lengths += 1
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        dones: Dones = books.over[:, 0] | books.over[:, 1]
        if ended:
            for number in np.flatnonzero(dones).tolist():
                infos[number] = {
                    "terminal_observation": books.seen[number].copy(),
                    "TimeLimit.truncated": bool(books.over[number, 1]),
                    "episode": {"r": float(self._returns[number]), "l": int(self._lengths[number])},
                    "equity": books.equity(number),
                }
                self._begin(number)
        return self._seen(), rewards, dones, infos

    def _begin(self, number: int) -> None:
        starts = self.setup.starts
        self.books.begin(number, int(starts[self._chance.integers(len(starts))]))
        self._returns[number] = 0.0
        self._lengths[number] = 0

    def _seen(self) -> Observations:
        seen: Observations = self.books.seen.copy()
        return seen

    # What the library asks of environments that are objects of their own; these are none.

    def close(self) -> None:
        """Nothing is held open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self, attr_name, None)] * len(self._picked(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise BadSettings(f"{attr_name} of books that step together cannot be set one by one")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        raise BadSettings(f"books that step together have no method {method_name} one by one")

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        return [False] * len(self._picked(indices))

    def _picked(self, indices: None | int | Sequence[int]) -> list[int]:
        return list(self._get_indices(indices))
