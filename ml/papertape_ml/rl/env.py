"""The environment for one book, as gymnasium has environments."""

from typing import Any, Final, TypeAlias

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from papertape.engine.discovery import Plugins
from papertape_ml.errors import BadSettings
from papertape_ml.rl.acting import ACTIONS, Acting
from papertape_ml.rl.formulas import REACH
from papertape_ml.rl.observing import ObservationBuilder, Observations
from papertape_ml.rl.setup import Setup, Stage

NAME: Final = "papertape/Trading-v0"
"""For `gymnasium.make`, which takes a setup beside it: `make("papertape_ml.rl.env:papertape/Trading-v0", setup=setup)`
imports this module by itself, and makes what `TradingEnv.compiled` makes."""

Action: TypeAlias = npt.NDArray[Any] | np.integer[Any] | int | float


class TradingEnv(gymnasium.Env[Observations, Action]):
    """One book on one course: an action is decided at a candle's close, and the step ends with the next one's.

    An episode begins with all cash at a candle drawn at random from the setup's starts (`options={"start": N}` says
    which), is truncated after its length, and terminates in ruin. `info` has `equity` and, at a reset, `start`.
    `stage`: what steps the book; `on_engine` and `compiled` make environments over either.
    """

    metadata = {"render_modes": []}

    def __init__(self, setup: Setup, stage: Stage) -> None:
        self.setup = setup
        self.stage = stage
        self.observation_space = observation_space(setup.builder)
        self.action_space = action_space(setup.builder.acting)
        self._continuous = setup.builder.acting.space == "continuous"
        self._left = 0

    @classmethod
    def on_engine(cls, setup: Setup, plugins: Plugins) -> "TradingEnv":
        """Over the engine itself. `plugins`: where the features come from."""
        from papertape_ml.rl.engine_stage import EngineStage

        return cls(setup, EngineStage(setup, plugins))

    @classmethod
    def compiled(cls, setup: Setup) -> "TradingEnv":
        """Over a compiled book: the same fills, equity and observations, many times as fast."""
        from papertape_ml.rl.compiled_stage import CompiledStage

        return cls(setup, CompiledStage(setup))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        super().reset(seed=seed)
        starts = self.setup.starts
        start = (options or {}).get("start")
        if start is None:
            start = int(starts[self.np_random.integers(len(starts))])
        elif start not in starts:
            raise BadSettings(
                f"no episode can begin at candle {start!r}; the first is {starts[0]}, the last {starts[-1]}"
            )
        self._left = self.setup.episodes.length
        observation = self.stage.begin(int(start))
        return observation, {"start": int(start), "equity": self.stage.equity}

    def step(self, action: Action) -> tuple[Observations, float, bool, bool, dict[str, Any]]:
        if self._left <= 0:
            raise BadSettings("the episode is over, or none has begun: reset first")
        observation, reward, ruined = self.stage.step(self._checked(action))
        self._left = 0 if ruined else self._left - 1
        return observation, reward, ruined, not ruined and self._left == 0, {"equity": self.stage.equity}

    def _checked(self, action: Action) -> float:
        said = float(action[0]) if self._continuous and isinstance(action, np.ndarray) else float(action)
        if self._continuous:
            if not -1.0 <= said <= 1.0:
                raise BadSettings(f"an action must be a number from -1 to 1, was {said!r}")
        elif said not in range(len(ACTIONS)):
            raise BadSettings(f"an action must be a number from 0 to {len(ACTIONS) - 1}, was {said!r}")
        return said


def observation_space(builder: ObservationBuilder) -> spaces.Space[Observations]:
    """Of the observations that a builder makes."""
    made: spaces.Space[Any] = spaces.Box(-REACH, REACH, (len(builder.names),), np.float32)
    return made


def action_space(acting: Acting) -> spaces.Space[Any]:
    """Of the actions that `acting` understands."""
    if acting.space == "discrete":
        return spaces.Discrete(len(ACTIONS))
    return spaces.Box(-1.0, 1.0, (1,), np.float32)


_COMPILED: Any = TradingEnv.compiled  # gymnasium's type would have it take any keywords
gymnasium.register(NAME, entry_point=_COMPILED)
