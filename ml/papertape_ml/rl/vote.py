"""Several policies as one: each has a vote, as heavy as the evidence that it is the best of them.

The evidence is what each earned by itself, stretch by stretch, on candles that none of them learned from. The weight of
a policy is the posterior probability that its mean growth is the highest, by the Bayesian bootstrap: the stretches get
weights drawn from a flat Dirichlet distribution, the same for all policies, so that what happened to all of them counts
for none (D. B. Rubin, "The Bayesian bootstrap", 1981). A prior of one win for each keeps every policy in the vote.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from papertape.contract.candle import Floats
from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.models.documents import numbers
from papertape_ml.rl.deciding import Acts
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.observing import Observations

DRAWS: Final = 4_000
STRETCHES: Final = 64
"""Parts of equal length that evidence is cut into, as far as there are candles: what happens within one may depend on
each other."""

_MOST: Final = 16
_KEYS: Final = {"votes", "members"}


def votes_by_evidence(gains: Floats, seed: int) -> tuple[float, ...]:
    """The weights of policies, together 1, by their log growth `(policies, candles)` on the same candles.

    >>> votes_by_evidence(np.array([[0.1] * 8, [0.0] * 8]), 1)
    (0.9997501249375312, 0.0002498750624687656)
    """
    if gains.ndim != 2 or not gains.shape[1] or not np.isfinite(gains).all():
        raise BadSettings("evidence is the growth of each policy on the same candles, at least one")
    count = min(STRETCHES, gains.shape[1])
    earned = np.stack([part.sum(axis=1) for part in np.array_split(gains, count, axis=1)], axis=1)
    drawn = np.random.default_rng(seed).dirichlet(np.ones(count), DRAWS)
    means = drawn @ earned.T
    # Equals share a win.
    best = means == means.max(axis=1, keepdims=True)
    wins = (best / best.sum(axis=1, keepdims=True)).sum(axis=0)
    found = (wins + 1.0) / (DRAWS + len(gains))
    return tuple((found / found.sum()).tolist())


@dataclass(frozen=True, slots=True, eq=False)
class VotePolicy:
    """Members that see and do the same, and the weight of each, above 0, together 1.

    Continuous actions: the weighted mean; as sure as the members are, times how far they agree, which is the absolute
    mean over the mean of the absolutes. Discrete ones: the weighted mean of the probabilities, the likeliest is taken.
    Raises `BadSettings`.
    """

    members: tuple[NetworkPolicy, ...]
    votes: tuple[float, ...]
    name: str = "vote"

    def __post_init__(self) -> None:
        if not 2 <= len(self.members) <= _MOST or len(self.votes) != len(self.members):
            raise BadSettings(f"2 to {_MOST} policies vote, each with one weight, not {len(self.members)}")
        first = self.members[0]
        if any((each.inputs, each.discrete) != (first.inputs, first.discrete) for each in self.members):
            raise BadSettings("policies that vote see the same values and have the same actions")
        if any(each.memory for each in self.members):
            raise BadSettings("a policy with a memory does not vote with others: leave out recurrent-ppo")
        if min(self.votes) <= 0 or abs(sum(self.votes) - 1.0) > 1e-9:
            raise BadSettings(f"votes lie above 0 and are 1 together, not {', '.join(f'{x:g}' for x in self.votes)}")

    @property
    def inputs(self) -> int:
        return self.members[0].inputs

    @property
    def discrete(self) -> bool:
        return self.members[0].discrete

    @property
    def memory(self) -> int:
        return 0

    def act(self, observations: Observations, memory: Floats) -> Acts:
        """As `Decides.act`. Summed one member after the other, each row by itself."""
        said = [each.act(observations, memory) for each in self.members]
        if self.discrete:
            chances = np.zeros_like(said[0].chances)
            for vote, each in zip(self.votes, said, strict=True):
                chances = chances + vote * each.chances
            return Acts(chances.argmax(axis=1).astype(np.float64), chances.max(axis=1), chances, memory)
        mean = size = sure = np.zeros(len(observations))
        for vote, each in zip(self.votes, said, strict=True):
            mean, size = mean + vote * each.actions, size + vote * np.abs(each.actions)
            sure = sure + vote * each.confidence
        agreed = np.where(size > 0.0, np.abs(mean) / np.where(size > 0.0, size, 1.0), 1.0)
        return Acts(np.clip(mean, -1.0, 1.0), np.clip(sure * agreed, 0.0, 1.0), said[0].chances, memory)

    def document(self) -> dict[str, Any]:
        return {"votes": list(self.votes), "members": [each.document() for each in self.members]}

    def files(self) -> dict[str, bytes]:
        members = enumerate(self.members)
        return {_prefix(number) + name: data for number, each in members for name, data in each.files().items()}

    @classmethod
    def from_files(cls, about: dict[str, Any], files: Mapping[str, bytes]) -> Self:
        """What `document` and `files` gave. Raises `BadModelFiles` for anything else."""
        said = about.get("members")
        if about.keys() != _KEYS or not isinstance(said, list) or not 2 <= len(said) <= _MOST:
            raise BadModelFiles(f"a vote has 2 to {_MOST} members, and votes")
        members = []
        for number, each in enumerate(said):
            start = _prefix(number)
            mine = {name[len(start) :]: data for name, data in files.items() if name.startswith(start)}
            if not isinstance(each, dict):
                raise BadModelFiles("a member of a vote has settings and a shape")
            members.append(NetworkPolicy.from_files(each, mine))
        made = cls(tuple(members), tuple(numbers(about["votes"], len(said), "votes")))
        if made.files().keys() != files.keys():
            raise BadModelFiles(f"a vote has {', '.join(made.files())}, not {', '.join(sorted(files))[:200]}")
        return made


def _prefix(number: int) -> str:
    return f"member-{number}."
