"""All that an environment is made of, and what steps it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Ints
from papertape_ml.errors import BadSettings, WrongInputs
from papertape_ml.rl.course import Course
from papertape_ml.rl.observing import ObservationBuilder, Observations
from papertape_ml.rl.rewards import Reward
from papertape_ml.rl.terms import Episodes, Terms

REGIME = "volatility_regime"
"""The feature that tells a reward how loud the market is."""


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """A course, what is seen of it, on which terms a book trades it, and what that is rewarded for.

    `starts`: the candles at which an episode may begin. `regimes`: (n,) 0 quiet, 1 usual, 2 loud, by the feature
    `volatility_regime` where the reward asks for it. Raises `WrongInputs` for a builder whose features are not the
    course's in their order, `BadSettings` for a reward that lacks a feature, `TooLittleHistory` for too few candles.
    """

    course: Course
    builder: ObservationBuilder
    terms: Terms = field(default_factory=Terms)
    episodes: Episodes = field(default_factory=Episodes)
    reward: Reward = field(default_factory=Reward)
    starts: Ints = field(init=False)
    regimes: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        if self.builder.features != self.course.names:
            raise WrongInputs(
                f"observations are made of {', '.join(self.builder.features)}; the course has "
                f"{', '.join(self.course.names)}"
            )
        object.__setattr__(self, "starts", self.course.starts(self.episodes))
        object.__setattr__(self, "regimes", self._regimes())

    def _regimes(self) -> npt.NDArray[np.int64]:
        if not self.reward.asks_regime:
            return np.ones(len(self.course), np.int64)
        if REGIME not in self.course.names:
            raise BadSettings(f"reward {self.reward.name} needs the feature {REGIME} in the course")
        told = self.course.column(REGIME)
        return np.where(np.isnan(told), 1, np.clip(np.nan_to_num(told), -1, 1) + 1).astype(np.int64)


class Traded(NamedTuple):
    """A fill in an episode. `at`: ms UTC; `quantity`: signed units; `price`, `fee`, `cash` (of the book, after it) in
    quote currency; `role`: entry, exit or liquidation."""

    at: int
    quantity: Decimal
    price: Decimal
    fee: Decimal
    cash: Decimal
    role: str


class Stepped(NamedTuple):
    """What a step brought. `observation`: (names,) float32; `ruined`: whether equity has fallen to the ruin's share."""

    observation: Observations
    reward: float
    ruined: bool


class Stage(Protocol):
    """What steps the one book of an environment: the engine, or the compiled book that is held equal to it."""

    def begin(self, at: int) -> Observations:
        """A fresh book at the close of candle `at`; what is seen there. Forgets the fills of the episode before."""

    def step(self, action: float) -> Stepped:
        """Decides at the newest close, and goes on by one candle."""

    @property
    def equity(self) -> float:
        """Of the book as just marked, quote currency."""

    @property
    def cash(self) -> Decimal:
        """Of the book, quote currency."""

    @property
    def quantity(self) -> Decimal:
        """Signed units held."""

    def fills(self) -> list[Traded]:
        """What has been traded in the episode so far."""
