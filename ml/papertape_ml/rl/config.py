"""What a training of policies is asked for: algorithms, terms, which candles are for what."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

import numpy as np

from papertape.market.timeframe import iso
from papertape_ml.errors import BadSettings, TooLittleHistory
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.course import Course
from papertape_ml.rl.learning import Plan
from papertape_ml.rl.observing import Regimes
from papertape_ml.rl.rewards import Reward
from papertape_ml.rl.settings import OnPolicy, Settings, check_space, document
from papertape_ml.rl.terms import Terms

_LEAST: Final = 64
"""Candles that a part has at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RlConfig:
    """`settings`: of one algorithm, or of several that vote. `acting`, `terms`, `reward`: of the environment;
    `length`: of an episode in candles; `ruin`: the share of the cash at which it ends; `missing`: as the builder has
    it. `environments`: side by side. `seeds`: the best on held-out candles is taken. `stop`, `test`: shares of the
    candles that stop a training early, and that only the report sees, the last ones. Raises `BadSettings`."""

    settings: tuple[Settings, ...]
    plan: Plan = field(default_factory=Plan)
    acting: Acting = field(default_factory=Acting)
    terms: Terms = field(default_factory=Terms)
    reward: Reward = field(default_factory=Reward)
    length: int = 512
    ruin: float = 0.1
    missing: Literal["abstain", "mask"] = "abstain"
    regimes: Regimes | None = None
    environments: int = 8
    seeds: tuple[int, ...] = (7,)
    stop: float = 0.15
    test: float = 0.25

    def __post_init__(self) -> None:
        names = [each.algorithm for each in self.settings]
        if not names or len(set(names)) < len(names):
            raise BadSettings(f"one algorithm or several learn, each once, not {', '.join(names) or 'none'}")
        for each in self.settings:
            check_space(each.algorithm, self.acting.space)
            if isinstance(each, OnPolicy) and each.limit is not None and self.reward.name != "log-growth":
                raise BadSettings(f"ppo-lagrangian limits what the reward measures: log-growth, not {self.reward.name}")
        if len(names) > 1 and "recurrent-ppo" in names:
            raise BadSettings("a policy with a memory does not vote with others: leave out recurrent-ppo")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise BadSettings(f"seeds are one or more, each once, not {self.seeds}")
        if type(self.environments) is not int or not 1 <= self.environments <= 1_024:
            raise BadSettings(f"environments are 1 to 1,024, not {self.environments!r}")
        for name in ("stop", "test"):
            if not 0 < getattr(self, name) < 1:
                raise BadSettings(f"{name} is a share above 0 and below 1, not {getattr(self, name)!r}")
        if self.stop + self.test >= 1:
            raise BadSettings(f"stop and test leave nothing to learn from: {self.stop:g} + {self.test:g}")

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "window": 1,
            "algorithms": [document(each) for each in self.settings],
            "plan": asdict(self.plan),
            "acting": self.acting.document(),
            "terms": self.terms.document(),
            "reward": self.reward.document(),
            "length": self.length,
            "ruin": self.ruin,
            "missing": self.missing,
            "regimes": None if self.regimes is None else self.regimes.document(),
            "environments": self.environments,
            "stop": self.stop,
            "test": self.test,
        }


@dataclass(frozen=True, slots=True)
class Parts:
    """Candles by number, the end excluded. `fit`: learned from; `stop`: judged on; `test`: for the report alone."""

    fit: tuple[int, int]
    stop: tuple[int, int]
    test: tuple[int, int]


def parts_of(course: Course, config: RlConfig) -> Parts:
    """The parts of a course, in time order. Raises `TooLittleHistory` where one is too short."""
    count = len(course)
    test = count - round(config.test * count)
    stop = test - round(config.stop * count)
    parts = Parts((0, stop), (stop, test), (test, count))
    least = {"fit": config.length + _LEAST, "stop": _LEAST, "test": _LEAST}
    for name, most in least.items():
        first, last = getattr(parts, name)
        if last - first < most:
            raise TooLittleHistory(
                f"{count:,} candles of {course.symbol} leave {last - first:,} for the part {name}, which needs "
                f"{most:,}: give more candles, or shorter episodes"
            )
    return parts


def unseen_parts(course: Course, config: RlConfig, learned: int) -> Parts:
    """The parts of the candles that nothing was learned from: those for evidence, as `fit` and as `stop`, and the last
    ones for the test. `learned`: when the last candle closed that was learned from, ms UTC. Raises `TooLittleHistory`
    where one is too short."""
    count = len(course)
    first = int(np.searchsorted(course.closes, learned, side="right"))
    test = count - round(config.test * (count - first))
    if min(test - first, count - test) < _LEAST:
        raise TooLittleHistory(
            f"the policies learned from candles until {iso(learned)}, and {count - first:,} of {course.symbol} are "
            f"later: {test - first:,} as evidence, {count - test:,} for the test, and {_LEAST} are needed of each; "
            "give newer ones"
        )
    return Parts((first, test), (first, test), (test, count))


def reward_of(text: str) -> Reward:
    """A reward as the command line writes it: `NAME[:k=v,...]`. Raises `BadSettings`.

    >>> reward_of("drawdown-penalised:penalty=2").parameters
    {'penalty': 2.0}
    """
    name, _, rest = text.partition(":")
    values: dict[str, float] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        try:
            values[key.strip()] = float(value)
        except ValueError:
            raise BadSettings(f"reward {text!r}: {part!r} is not key=number") from None
    given: Mapping[str, float] = values
    return Reward(name, given)
