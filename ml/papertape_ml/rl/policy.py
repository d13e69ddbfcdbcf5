"""What a served policy reads and answers: the contract between a model of the kind rl and whoever asks it.

Inputs, in order: the features of its training; the raw values of the symbol's book (`observing.BOOK`); what it
remembers of the closes before, which is 0 at the first. Outputs, in order: `fraction`, the target as a signed fraction
of equity, NaN where nothing is said and the position stays; `confidence`, how sure the policy is of it, 0 to 1;
`action`, as the environment takes it; the probability of each action, where actions are discrete; and what it remembers
now, under the names that it comes back by. What it sees is made of the inputs by the `ObservationBuilder` of its
training, and a target of its action by the same `Acting`; both belong to the model, and nobody else needs to know them.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from papertape_ml.errors import WrongInputs
from papertape_ml.rl.observing import BOOK

DECISION: Final = ("fraction", "confidence", "action")
"""What every policy answers first."""
MEMORY: Final = "memory."
"""How the names begin of what a policy remembers, among its inputs and its outputs."""


class PolicyNames(NamedTuple):
    """A policy's contract, part by part: its features, its discrete actions, and what it remembers."""

    features: tuple[str, ...]
    actions: tuple[str, ...]
    memory: tuple[str, ...]


def policy_names(inputs: Sequence[str], outputs: Sequence[str]) -> PolicyNames:
    """The parts of a policy's contract. Raises `WrongInputs`, saying what is another, for one that is no policy's.

    >>> policy_names(["rsi_14", *BOOK], ["fraction", "confidence", "action"])
    PolicyNames(features=('rsi_14',), actions=(), memory=())
    """
    inputs, outputs = tuple(inputs), tuple(outputs)
    memory = tuple(name for name in inputs if name.startswith(MEMORY))
    features = inputs[: len(inputs) - len(memory) - len(BOOK)]
    if not features or inputs != (*features, *BOOK, *memory):
        raise WrongInputs(
            f"a policy reads features, then {', '.join(BOOK)}, then what it remembers; this one reads "
            f"{', '.join(inputs)[:200]}"
        )
    actions = outputs[len(DECISION) : len(outputs) - len(memory)]
    if outputs != (*DECISION, *actions, *memory):
        raise WrongInputs(
            f"a policy answers with {', '.join(DECISION)}, then what it gives its actions, then what it remembers "
            f"({len(memory)} numbers); this one answers with {', '.join(outputs)[:200]}"
        )
    return PolicyNames(features, actions, memory)
