"""A trained policy as a model of the host: raw values of a symbol and its book in, the target that it wants out.

What it sees is made by the `ObservationBuilder` that its training had, and what its action means is said by the same
`Acting`: both are in its files. `papertape_ml.rl.policy` has the names of its inputs and outputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

import numpy as np

from papertape.contract.candle import Floats
from papertape_ml.errors import BadModelFiles, BadSettings, WrongInputs
from papertape_ml.models.contract import Array, ModelContract
from papertape_ml.models.documents import from_bytes, to_bytes
from papertape_ml.rl.acting import ACTIONS
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.observing import ObservationBuilder
from papertape_ml.rl.policy import DECISION, MEMORY
from papertape_ml.rl.vote import VotePolicy

KIND: Final = "rl"
Policy: TypeAlias = NetworkPolicy | VotePolicy

_POLICIES: Final[Mapping[str, type[NetworkPolicy] | type[VotePolicy]]] = {"network": NetworkPolicy, "vote": VotePolicy}
_ABOUT: Final = "model.json"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class PolicyModel:
    """A policy with its eyes and hands; `papertape_ml.models.contract.Model`.

    A target is NaN where a feature is missing, unless its builder's rule is to mask, and where the book has no equity.
    Raises `BadSettings` for a policy that sees or does something else than its builder says.
    """

    builder: ObservationBuilder
    policy: Policy
    kind: str = KIND
    tolerance: float = 2e-4

    def __post_init__(self) -> None:
        if self.policy.inputs != len(self.builder.names):
            raise BadSettings(
                f"the policy sees {self.policy.inputs} values, an observation has {len(self.builder.names)}"
            )
        if self.policy.discrete != (self.builder.acting.space == "discrete"):
            raise BadSettings(f"the policy's actions are not of the space {self.builder.acting.space}")

    @property
    def contract(self) -> ModelContract:
        """Of raw values, float64."""
        remembered = tuple(f"{MEMORY}{number}" for number in range(self.policy.memory))
        actions = tuple(name.replace(" ", "_") for name in ACTIONS) if self.policy.discrete else ()
        return ModelContract((*self.builder.inputs, *remembered), (*DECISION, *actions, *remembered))

    def files(self) -> dict[str, bytes]:
        """`model.json`, and the policy's own."""
        about: dict[str, Any] = {
            "format": _FORMAT,
            "kind": self.kind,
            "contract": self.contract.as_document(),
            "observation": self.builder.document(),
            "policy": {"name": self.policy.name, **self.policy.document()},
        }
        return {_ABOUT: to_bytes(about), **self.policy.files()}

    def exact(self, rows: Array) -> Array:
        """Nothing: a network's inner values are the same bits on one kind of machine alone."""
        return np.empty((len(rows), 0))

    def predict(self, rows: Array) -> Array:
        """As `Model.predict`: raw values `(n, inputs)` -> `(n, outputs)`."""
        rows = self.contract.check_rows(rows)
        count = len(self.builder.inputs)
        raw, memory = rows[:, :count], rows[:, count:]
        acts = self.policy.act(self.builder.observe(raw), np.where(np.isnan(memory), 0.0, memory))
        told = np.column_stack((acts.actions, acts.confidence, acts.actions, acts.chances, acts.memory))
        if not np.isfinite(told).all():
            raise BadModelFiles("the policy answers with what is not a finite number")
        told[:, 0] = [self._fraction(action, row) for action, row in zip(acts.actions.tolist(), raw, strict=True)]
        return told

    def _fraction(self, action: float, row: Floats) -> float:
        features = len(self.builder.features)
        book = row[features:]
        unseen = self.builder.missing == "abstain" and np.isnan(row[:features]).any()
        if unseen or np.isnan(book).any():
            return float("nan")
        fraction = self.builder.acting.fraction(action, float(book[0]), float(book[-1]))
        return float("nan") if fraction is None else fraction

    @classmethod
    def from_files(cls, kind: str, files: dict[str, bytes]) -> Self:
        """The model of `files`; anything else is `BadModelFiles`."""
        if _ABOUT not in files:
            raise BadModelFiles(f"a policy has the file {_ABOUT}, there are: {', '.join(sorted(files)) or 'none'}")
        about = from_bytes(files[_ABOUT], _ABOUT)
        if about.get("format") != _FORMAT or about.get("kind") != kind:
            raise BadModelFiles(f"{_ABOUT} is no {kind} of format {_FORMAT}")
        said = about.get("policy")
        name = said.get("name") if isinstance(said, dict) else None
        if not isinstance(said, dict) or not isinstance(name, str) or name not in _POLICIES:
            raise BadModelFiles(f"{_ABOUT} names the policy {str(name)[:80]!r}, there is {', '.join(_POLICIES)}")
        rest = {file: data for file, data in files.items() if file != _ABOUT}
        try:
            builder = ObservationBuilder.from_document(about.get("observation"))
            policy = _POLICIES[name].from_files({key: said[key] for key in said if key != "name"}, rest)
            made = cls(builder, policy)
        except (BadSettings, WrongInputs) as wrong:
            raise BadModelFiles(f"{_ABOUT}: {wrong}") from wrong
        if ModelContract.from_document(about.get("contract")) != made.contract:
            raise BadModelFiles(
                f"{_ABOUT}: the contract does not fit the observation: a policy reads {len(made.contract.inputs)} "
                "inputs in their order, features, book and memory"
            )
        return made
