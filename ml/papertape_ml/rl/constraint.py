"""A limit on the conditional value at risk of what a step loses, and the price that a policy pays for breaking it.

With loss L = -reward of a step, CVaR at a share a is the mean of the worst a of all losses:
min over v of v + E[max(L - v, 0)] / a, reached where v is the (1 - a)-quantile (R. T. Rockafellar and S. Uryasev,
"Optimization of conditional value-at-risk", 2000). To maximise E[reward] with CVaR <= limit, its Lagrangian is
maximised over policies, and over its multiplier minimised by gradient steps, as Y. Chow, M. Ghavamzadeh, L. Janson and
M. Pavone do ("Risk-constrained reinforcement learning with percentile risk criteria", 2017), with the rewards divided
by 1 + multiplier as in A. Ray, J. Achiam and D. Amodei, "Benchmarking safe exploration in deep reinforcement learning"
(2019), so that their scale hardly changes while the multiplier moves. Gradient steps alone make policy and multiplier
swing about each other; a part of the multiplier that answers to the newest rollout alone damps that (A. Stooke,
J. Achiam and P. Abbeel, "Responsive safety in reinforcement learning by PID Lagrangian methods", 2020).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import ceil, isfinite
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from papertape_ml.errors import BadSettings

Losses = NDArray[np.float64]

_MOST: Final = 100.0
"""No price of risk goes beyond: above it the reward itself hardly counts any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CvarLimit:
    """`share`: of the steps, the worst ones that are looked at; `limit`: what they may lose on average, in the reward's
    unit (log growth of a candle). Training aims below it by the share `margin`, so that it holds on other candles, too.
    Where the constraint is broken, or kept, by as much as the limit itself, the
    multiplier rises or falls by `pace` at each update, and is higher or lower by `answer` in that one. Raises
    `BadSettings`."""

    share: float = 0.05
    limit: float = 0.01
    margin: float = 0.15
    pace: float = 0.05
    answer: float = 0.4

    def __post_init__(self) -> None:
        for name in ("share", "limit", "pace", "answer"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not value > 0:
                raise BadSettings(f"the limit's {name} is a number above 0, not {value!r}")
        if self.share > 1:
            raise BadSettings(f"the limit's share lies in 0..1, not at {self.share:g}")
        if isinstance(self.margin, bool) or not isinstance(self.margin, int | float) or not 0 <= self.margin < 1:
            raise BadSettings(f"the limit's margin lies from 0 below 1, not at {self.margin!r}")

    @property
    def aim(self) -> float:
        """What training keeps to: the limit, less the margin."""
        return self.limit * (1.0 - self.margin)

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """What `dataclasses.asdict` gave. Raises `BadSettings` for anything else."""
        names = {each.name for each in fields(cls)}
        if not isinstance(document, Mapping) or document.keys() != names:
            raise BadSettings(f"a limit is said by {', '.join(sorted(names))}")
        return cls(**document)

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def cvar(losses: Losses, share: float) -> float:
    """The mean of the worst `share` of losses, at least of one; a gain is a loss below 0.

    >>> cvar(np.array([-1.0, 0.0, 3.0, 1.0]), 0.5)
    2.0
    """
    count = max(1, ceil(share * len(losses) - 1e-9))
    return float(np.partition(losses, len(losses) - count)[-count:].mean())


def value_at_risk(losses: Losses, share: float) -> float:
    """The least of the worst `share` of losses."""
    count = max(1, ceil(share * len(losses) - 1e-9))
    return float(np.partition(losses, len(losses) - count)[-count])


@dataclass(frozen=True, slots=True)
class Price:
    """What risk costs: `multiplier` of the Lagrangian, `lasting`: the part of it that updates have added up, and
    `threshold`, the loss beyond which a step counts."""

    multiplier: float = 0.0
    lasting: float = 0.0
    threshold: float = 0.0

    def charged(self, rewards: Losses, limit: CvarLimit) -> Losses:
        """The rewards that are learned from: less the multiplier x what goes beyond the threshold / share."""
        beyond = np.maximum(-rewards - self.threshold, 0.0) / limit.share
        return np.asarray((rewards - self.multiplier * beyond) / (1.0 + self.multiplier))

    def after(self, losses: Losses, limit: CvarLimit) -> "Price":
        """The price after an update whose steps lost that much: a step of gradient ascent on the multiplier."""
        broken = float(np.clip(cvar(losses, limit.share) / limit.aim - 1.0, -1.0, 1.0))
        lasting = min(max(self.lasting + limit.pace * broken, 0.0), _MOST)
        multiplier = max(lasting + limit.answer * broken, 0.0)
        return Price(multiplier, lasting, value_at_risk(losses, limit.share))
