"""What of a trained policy decides: its network, rebuilt by our own code from its shape and its weights.

The library that trained it is not needed. One call takes a block of observations and gives, for each, the action that
the policy holds for best, how sure it is of it, and of discrete actions the probability of each.
"""

from dataclasses import dataclass, fields
from typing import Any, Final, Self

from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.networks.library import torch
from papertape_ml.networks.weights import fill

HEADS: Final = ("categorical", "gaussian", "squashed", "deterministic", "quantiles")
"""Kinds of last layers.

- `categorical`: a margin for each discrete action; the likeliest is taken, as sure as it is likely.
- `gaussian`, `squashed`: mean and log deviation of a target, which is cut off at -1 and 1, or goes through tanh. The
  mean is taken, as sure as the side on which it lies is likely.
- `deterministic`: the target through tanh, as sure as it is large.
- `quantiles`: of the value of each discrete action. The highest mean is taken, as sure as the share of the quantiles at
  which that action is the best.
"""
DISCRETE: Final = ("categorical", "quantiles")

_MOST: Final = {"inputs": 1_024, "actions": 64, "quantiles": 512, "memory": 1_024}
_WIDEST, _DEEPEST = 1_024, 8
_LOWEST, _HIGHEST = -20.0, 2.0
"""Bounds of a log deviation that depends on the observation, as soft actor-critic has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorShape:
    """Sizes of a policy's network. `inputs`: values of an observation; `hidden`: widths; `actions`: how many there are,
    1 for a continuous one; `quantiles`: of each value, 0 but for that head; `memory`: units of an LSTM before the
    layers, 0 for none. Raises `BadSettings`."""

    head: str
    inputs: int
    hidden: tuple[int, ...]
    activation: str
    actions: int = 1
    quantiles: int = 0
    memory: int = 0

    def __post_init__(self) -> None:
        if self.head not in HEADS or self.activation not in ("tanh", "relu"):
            raise BadSettings(f"no head {self.head!r} with {self.activation!r}; there are {', '.join(HEADS)}")
        least = {
            "inputs": 1,
            "actions": 2 if self.discrete else 1,
            "quantiles": int(self.head == "quantiles"),
            "memory": 0,
        }
        for name, most in _MOST.items():
            value = getattr(self, name)
            if type(value) is not int or not least[name] <= value <= most:
                raise BadSettings(f"{name} is a whole number from {least[name]} to {most}, not {value!r}")
        if (not self.discrete and self.actions != 1) or (self.head != "quantiles" and self.quantiles):
            raise BadSettings(f"a {self.head} head has no {self.actions} actions with {self.quantiles} quantiles")
        whole = all(type(width) is int and 1 <= width <= _WIDEST for width in self.hidden)
        if not whole or not 1 <= len(self.hidden) <= _DEEPEST:
            raise BadSettings(f"a policy has 1 to {_DEEPEST} layers of 1 to {_WIDEST} units, not {self.hidden!r}")

    @property
    def discrete(self) -> bool:
        """Whether its actions are numbers of a list."""
        return self.head in DISCRETE

    @property
    def width(self) -> int:
        """Values of the last layer."""
        return {"categorical": self.actions, "deterministic": 1, "quantiles": self.actions * self.quantiles}.get(
            self.head, 2
        )

    def as_document(self) -> dict[str, Any]:
        """JSON values."""
        return {each.name: getattr(self, each.name) for each in fields(self)} | {"hidden": list(self.hidden)}

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """The shape of `as_document`; anything else is `BadModelFiles`."""
        names = {each.name for each in fields(cls)}
        if not isinstance(document, dict) or document.keys() != names or not isinstance(document["hidden"], list):
            raise BadModelFiles(f"the shape of a policy has {', '.join(sorted(names))}")
        if not isinstance(document["head"], str) or not isinstance(document["activation"], str):
            raise BadModelFiles("the shape of a policy has a head and an activation by name")
        try:
            return cls(**document | {"hidden": tuple(document["hidden"])})
        except BadSettings as wrong:
            raise BadModelFiles(str(wrong)) from wrong


class Actor(torch.nn.Module):
    """(block, inputs, and twice the memory's units) -> (block, 2 + discrete actions, and twice the memory's units):
    action, how sure, probabilities, and what is remembered."""

    def __init__(self, shape: ActorShape) -> None:
        super().__init__()
        self.shape = shape
        self.cell = torch.nn.LSTMCell(shape.inputs, shape.memory) if shape.memory else None
        widths = (shape.memory or shape.inputs, *shape.hidden)
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(widths, shape.hidden, strict=False))
        self.head = torch.nn.Linear(shape.hidden[-1], shape.width)
        self._activate = torch.tanh if shape.activation == "tanh" else torch.relu

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """As the class has it."""
        seen, kept = rows[:, : self.shape.inputs], rows[:, self.shape.inputs :]
        if self.cell is None:
            return _decided(self.shape, self.last(seen))
        hidden, cell = self.cell(seen, kept.chunk(2, dim=1))
        return torch.cat((_decided(self.shape, self.last(hidden)), hidden, cell), dim=1)

    def last(self, values: torch.Tensor) -> torch.Tensor:
        """The values of the last layer."""
        for layer in self.layers:
            values = self._activate(layer(values))
        found: torch.Tensor = self.head(values)
        return found


def _decided(shape: ActorShape, values: torch.Tensor) -> torch.Tensor:
    """(n, width) -> (n, 2 + discrete actions)."""
    if shape.discrete:
        if shape.head == "categorical":
            scores = chances = torch.softmax(values, dim=1)
        else:
            quantiles = values.view(-1, shape.quantiles, shape.actions)
            scores = quantiles.mean(dim=1)
            best = torch.nn.functional.one_hot(quantiles.argmax(dim=2), shape.actions)
            chances = best.to(values.dtype).mean(dim=1)
        action = scores.argmax(dim=1, keepdim=True)
        return torch.cat((action.to(values.dtype), chances.gather(1, action), chances), dim=1)
    mean = values[:, :1]
    action = mean.clamp(-1.0, 1.0) if shape.head == "gaussian" else torch.tanh(mean)
    if shape.head == "deterministic":
        return torch.cat((action, action.abs()), dim=1)
    # The bounds that learning has, and for a deviation without any what float32 can hold.
    spread = values[:, 1:].clamp(_LOWEST, _HIGHEST if shape.head == "squashed" else -_LOWEST).exp()
    return torch.cat((action, torch.special.ndtr(mean.abs() / spread)), dim=1)


def actor_from(shape: ActorShape, data: bytes, name: str) -> Actor:
    """The network of a shape with the weights of a safetensors file, to be asked and not to be trained.

    Raises `BadModelFiles` as `fill`.
    """
    with torch.device("meta"):
        net = Actor(shape)
    fill(net, data, name)
    return net
