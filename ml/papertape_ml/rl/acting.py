"""What an action means: the target that is said for a book."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import Any, Final, Literal, Self

from papertape_ml.errors import BadSettings
from papertape_ml.rl.formulas import GRID, KEEP, continuous, discrete, most

SPACES: Final = ("continuous", "discrete")
ACTIONS: Final = (
    "hold", "buy small", "buy medium", "buy large", "sell small", "sell medium", "sell large", "close",
)  # fmt: skip
"""The discrete actions, by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """The actions of a policy and the positions that it may take.

    `space`: `continuous`, a number from -1 to 1, or `discrete`, one of `ACTIONS`. Both are about shares of the largest
    position: `most_units` units, or equity x `leverage` where that is less. `short`: whether it may go short, which
    needs margin; without, what is below 0 means flat. `band`: the least change of a share that is traded; a share
    smaller than it means flat. `small`, `medium`, `large`: shares that discrete actions buy or sell.
    Raises `BadSettings`.
    """

    space: Literal["continuous", "discrete"] = "continuous"
    short: bool = False
    leverage: float = 1.0
    most_units: float = 100.0
    band: float = 0.05
    small: float = 0.25
    medium: float = 0.5
    large: float = 1.0

    def __post_init__(self) -> None:
        if self.space not in SPACES:
            raise BadSettings(f"action space {self.space!r} is not known: {' or '.join(SPACES)} would do")
        for name in ("leverage", "most_units", "band", "small", "medium", "large"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise BadSettings(f"actions: {name} must be a number, was {value!r}")
            object.__setattr__(self, name, float(value))
        if not 1.0 <= self.leverage <= 125.0:
            raise BadSettings(f"actions: leverage must lie in 1..125, was {self.leverage:g}")
        if self.leverage > 1.0 and not self.short:
            raise BadSettings(f"actions: leverage {self.leverage:g} needs margin: short = true")
        if not self.most_units > 0.0:
            raise BadSettings(f"actions: most_units must be above 0, was {self.most_units:g}")
        if not 0.0 <= self.band < 1.0:
            raise BadSettings(f"actions: band must lie in 0..1, was {self.band:g}")
        if not 0.0 < self.small <= self.medium <= self.large <= 1.0:
            sizes = f"{self.small:g}, {self.medium:g}, {self.large:g}"
            raise BadSettings(f"actions: small, medium and large must rise within 0..1, were {sizes}")

    @property
    def least(self) -> float:
        """The lowest share."""
        return -1.0 if self.short else 0.0

    def fraction(self, action: float, held: float, unit: float) -> float | None:
        """The fraction of equity that an action asks for, a multiple of 1/10,000; None where nothing changes.

        `held`: the position as a fraction of equity; `unit`: price of a unit per unit of equity. NaN, as an action or
        where the book has no equity, changes nothing.
        """
        if action != action or unit != unit:
            return None
        largest = most(unit, self.leverage, self.most_units)
        if self.space == "continuous":
            steps = continuous(action, held, largest, self.least, self.band)
        else:
            sizes = self.small, self.medium, self.large
            steps = discrete(int(action), held, largest, self.least, self.band, *sizes)
        return None if steps == KEEP else steps / GRID

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """What `document` gave. Raises `BadSettings` for anything else."""
        names = {each.name for each in fields(cls)}
        if not isinstance(document, Mapping) or document.keys() != names:
            raise BadSettings(f"actions are said by {', '.join(sorted(names))}")
        if not isinstance(document["space"], str) or not isinstance(document["short"], bool):
            raise BadSettings("actions: space is a name, and short true or false")
        return cls(**document)
