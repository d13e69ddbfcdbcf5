"""Whether the version before would have done better: log losses of both on the same candles, once outcomes are known.

Losses are averaged over blocks of time as long as the claim's horizon, so that neighbouring means share little; at
500, 1,000, 2,000, ... such blocks the mean of the differences is bootstrapped (circular, two blocks at a time:
D. N. Politis and J. P. Romano, "A circular block-resampling procedure for stationary data", 1992). Looking at those
few counts alone keeps the chance of being fooled by looking often small.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.model import Claim, LoadedModel

FIRST: Final = 500
"""Blocks before the first look."""
_RESAMPLES: Final = 2_000
_LEAST: Final = 1e-12
"""Probabilities below count as this: a loss stays finite."""


class Duel:
    """The losses of a version and of the one before it, on the predictions that both have made.

    `means`: of each block that is over, loss of the version less that of the one before; above 0 the one before was
    better. `decided`: whether it has been said already.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.means: list[float] = []
        self.decided = False
        self._block = 0
        self._sum = 0.0
        self._count = 0
        self._waiting: dict[tuple[int, int, bool], float] = {}

    @classmethod
    def over(cls, loaded: LoadedModel, before: LoadedModel) -> "Duel | None":
        """Over the first claim about classes that both make; None where there is none."""
        theirs = {claim.name: claim for claim in before.claims}
        for claim in loaded.claims:
            if len(claim.outcomes) == 1 and len(claim.outputs) > 1 and theirs.get(claim.name) == claim:
                return cls(claim)
        return None

    def hear(self, first: bool, at: int, slot: int, said: Floats, happened: tuple[float, ...]) -> str | None:
        """Takes in what came of one prediction; `first`: the version's, else that of the one before. Gives the evidence
        when it shows that the one before is better, once."""
        if not 0 <= happened[0] < len(said):
            return None
        loss = -float(np.log(max(float(said[int(happened[0])]), _LEAST)))
        other = self._waiting.pop((at, slot, not first), None)
        if other is None:
            self._waiting[at, slot, first] = loss
            return None
        block = at // self.claim.horizon
        found = self._close() if block != self._block else None
        self._block = block
        self._sum += loss - other if first else other - loss
        self._count += 1
        return found

    def _close(self) -> str | None:
        if not self._count:
            return None
        self.means.append(self._sum / self._count)
        self._sum, self._count = 0.0, 0
        blocks = len(self.means)
        if self.decided or not _looks_at(blocks):
            return None
        if lower_bound(np.array(self.means)) <= 0:
            return None
        self.decided = True
        found = self.figures()
        return (
            f"the version before is better: its log loss of {self.claim.name} is lower by {found['difference']:.6f} "
            f"over {blocks:,} blocks, 95 % bound {found['bound']:.6f}"
        )

    def figures(self) -> dict[str, Any]:
        """What its verdict rests on so far."""
        means = np.array(self.means)
        return {
            "claim": self.claim.name,
            "blocks": len(means),
            "difference": float(means.mean()),
            "bound": lower_bound(means),
        }

    def settle(self) -> None:
        """At the end of a batch: what one of them alone has said is compared with nothing."""
        self._waiting.clear()

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "means": np.array(self.means),
            "decided": self.decided,
            "open": [self._block, self._sum, self._count],
        }

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        self.means = kept["means"].tolist()
        self.decided = kept["decided"]
        self._block, self._sum, self._count = kept["open"]


def lower_bound(differences: Floats) -> float:
    """The lower end of the one-sided 95 % interval of their mean, by circular blocks of two, with set chance."""
    count = len(differences)
    chance = np.random.default_rng(count)
    means = []
    for _ in range(_RESAMPLES):  # one by one: a session of years has a hundred thousand blocks
        starts = chance.integers(0, count, -(-count // 2))
        places = np.stack([starts, (starts + 1) % count], axis=-1).reshape(-1)[:count]
        means.append(differences[places].mean())
    return float(np.quantile(means, 0.05))


def _looks_at(blocks: int) -> bool:
    """Whether a count of blocks is 500, 1,000, 2,000, ..."""
    times, rest = divmod(blocks, FIRST)
    return times > 0 and rest == 0 and times & (times - 1) == 0
