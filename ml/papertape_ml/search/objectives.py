"""What a search looks for: figures of held-out rows, and which way is better."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from papertape_ml.errors import BadSettings
from papertape_ml.training.tasks import Task


@dataclass(frozen=True, slots=True)
class Objective:
    """`figure`: its key among the figures of a test; `direction`: which way is better."""

    name: str
    figure: str
    direction: Literal["minimize", "maximize"]

    def value(self, figures: Mapping[str, Any]) -> float:
        """The value in the figures of a test; that of doing nothing where there is none."""
        found = figures[self.figure]
        return 0.0 if found is None else float(found)

    def better(self, one: float, other: float) -> bool:
        """Whether `one` is better than `other`."""
        return one < other if self.direction == "minimize" else one > other


OBJECTIVES: Final[Mapping[str, Objective]] = {
    each.name: each
    for each in (
        Objective("logloss", "logloss", "minimize"),
        Objective("brier", "brier", "minimize"),
        Objective("ece", "ece", "minimize"),
        Objective("accuracy", "accuracy", "maximize"),
        Objective("sharpe", "sharpe", "maximize"),
        Objective("net-return", "net_return", "maximize"),
    )
}
_OF_TRADES: Final = ("sharpe", "net-return")


def objective(name: str, aim: Task) -> Objective:
    """The objective of that name. Raises `BadSettings` for one that there is not, or this kind has no figure of."""
    if name not in OBJECTIVES:
        raise BadSettings(f"no objective {name!r}; there are {', '.join(OBJECTIVES)}")
    if name in _OF_TRADES and not aim.side:
        raise BadSettings(f"a {aim.kind} does not say what to do, so it has no {name}; search for logloss")
    return OBJECTIVES[name]
