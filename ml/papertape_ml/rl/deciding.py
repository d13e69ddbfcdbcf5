"""What decides in a policy, and what it does."""

from typing import NamedTuple, Protocol

from papertape.contract.candle import Floats
from papertape_ml.rl.observing import Observations


class Acts(NamedTuple):
    """What a policy does. `actions` (n,): a share from -1 to 1, or the number of a discrete action; `confidence` (n,):
    0 to 1; `chances` (n, actions): of the discrete ones, none for shares; `memory` (n, memory)."""

    actions: Floats
    confidence: Floats
    chances: Floats
    memory: Floats


class Decides(Protocol):
    """A pure function of what is seen. A row's answer has the same bits whatever rows come with it."""

    @property
    def memory(self) -> int:
        """Numbers that it remembers from one close to the next, 0 for none."""

    def act(self, observations: Observations, memory: Floats) -> Acts:
        """`(n, inputs)` float32 and `(n, memory)` float64 -> the best action of each."""
