"""What a network is made of: its kind and its sizes, within bounds."""

from dataclasses import dataclass, fields
from typing import Any, Self

from papertape_ml.errors import BadModelFiles, BadSettings

ARCHITECTURES = ("lstm", "tft")
CLASSES = 3
QUANTILES = (0.1, 0.5, 0.9)

_MOST = {"features": 512, "window": 2_048, "horizons": 64, "hidden": 1_024, "layers": 8, "heads": 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of a network. `arch`: `lstm` or `tft`; `dense`: the widths of the LSTM's dense layers, none for the other;
    `dropout`: the share of values that training leaves out, on the way between layers. Raises `BadSettings`."""

    arch: str
    features: int
    window: int
    horizons: int
    hidden: int
    layers: int
    heads: int
    dense: tuple[int, ...]
    dropout: float

    def __post_init__(self) -> None:
        if self.arch not in ARCHITECTURES:
            raise BadSettings(f"no architecture {self.arch!r}; there are {', '.join(ARCHITECTURES)}")
        for name, most in _MOST.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise BadSettings(f"{name} is a whole number from 1 to {most}, not {value!r}")
        if len(self.dense) != (2 if self.arch == "lstm" else 0):
            raise BadSettings(f"an lstm has two dense layers, a tft none, not {self.dense!r} in {self.arch}")
        if any(type(width) is not int or not 1 <= width <= _MOST["hidden"] for width in self.dense):
            raise BadSettings(f"dense layers are whole numbers from 1 to {_MOST['hidden']}, not {self.dense!r}")
        if isinstance(self.dropout, bool) or not 0 <= self.dropout < 1:
            raise BadSettings(f"dropout lies from 0 below 1, not at {self.dropout!r}")
        if self.hidden % self.heads:
            raise BadSettings(f"{self.hidden} values cannot be shared among {self.heads} heads of attention")

    @property
    def answers(self) -> int:
        """Numbers for each horizon: three classes' margins, and three quantiles where the network has them."""
        return CLASSES + (len(QUANTILES) if self.quantiles else 0)

    @property
    def quantiles(self) -> bool:
        """Whether it answers with quantiles too."""
        return self.arch == "tft"

    def as_document(self) -> dict[str, Any]:
        """For the model's own file."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return found | {"dense": list(self.dense)}

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """The shape of `as_document`; anything else is `BadModelFiles`."""
        names = {each.name for each in fields(cls)}
        if not isinstance(document, dict) or document.keys() != names or not isinstance(document["dense"], list):
            raise BadModelFiles(f"the shape of a network has {', '.join(sorted(names))}")
        if not isinstance(document["dropout"], int | float) or not isinstance(document["arch"], str):
            raise BadModelFiles("the shape of a network has a name and numbers")
        try:
            return cls(**document | {"dense": tuple(document["dense"])})
        except BadSettings as wrong:
            raise BadModelFiles(str(wrong)) from wrong


def default_shape(arch: str, features: int, window: int, horizons: int, dropout: float) -> Shape:
    """The sizes that are taken where nothing else is said. Raises `BadSettings`."""
    lstm = arch == "lstm"
    return Shape(
        arch=arch,
        features=features,
        window=window,
        horizons=horizons,
        hidden=128 if lstm else 32,
        layers=2 if lstm else 1,
        heads=4,
        dense=(64, 32) if lstm else (),
        dropout=dropout,
    )
