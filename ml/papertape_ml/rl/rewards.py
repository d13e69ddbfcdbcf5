"""What a policy is rewarded for, candle by candle: small functions of the book's log growth after costs.

Each takes its parameters `p`, a state `s` of its own (floats, zeroed where an episode begins, changed in place), the
growth `g` = log(equity now / equity before) and the market's regime at the decision (0 quiet, 1 usual, 2 loud).
The environment compiles these very functions.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Self

from papertape_ml.errors import BadSettings

FLOOR: Final = 1e-4
"""Equity counts as at least this share of what it was a candle before: growth is finite in ruin, too."""
WINDOW: Final = 64
"""Steps among which the conditional value at risk is taken."""
STATES: Final = WINDOW + 4
"""Floats of a reward's state."""


def log_growth_of(before: float, now: float) -> float:
    """log(now / before), of equities above 0 before; not below log(FLOOR)."""
    return math.log(max(now / before, FLOOR))


def log_growth(p: Any, s: Any, g: float, regime: int) -> float:
    """The growth itself: its sum over an episode is the log of what equity was multiplied with."""
    return g


def differential_sharpe(p: Any, s: Any, g: float, regime: int) -> float:
    """How much this step's return adds to an exponentially weighted Sharpe ratio of rate `p[0]`; 0 before the second.

    D = (B dA - A dB / 2) / (B - A^2)^(3/2) with A, B the moving first and second moments before the step, dA = R - A,
    dB = R^2 - B. J. Moody, L. Wu, Y. Liao and M. Saffell, "Performance functions and reinforcement learning for trading
    systems and portfolios" (1998); J. Moody and M. Saffell, "Learning to trade via direct reinforcement" (2001).
    """
    first, second = s[0], s[1]
    variance = second - first * first
    gain = 0.0
    if variance > 1e-12:
        gain = (second * (g - first) - 0.5 * first * (g * g - second)) / (variance * math.sqrt(variance))
    s[0] = first + p[0] * (g - first)
    s[1] = second + p[0] * (g * g - second)
    return float(min(max(gain, -10.0), 10.0))


def drawdown_penalised(p: Any, s: Any, g: float, regime: int) -> float:
    """Growth less `p[0]` times what the drawdown (in logs, from the episode's highest equity) has risen by."""
    return float(g - p[0] * _deeper(s, g))


def cvar_penalised(p: Any, s: Any, g: float, regime: int) -> float:
    """Growth less `p[0]` times the conditional value at risk of the last 64 steps, this one included: the mean loss in
    the worst share `p[1]` of them, 0 where that is a gain.

    R. T. Rockafellar and S. Uryasev, "Optimization of conditional value-at-risk" (2000).
    """
    count = int(s[0])
    s[1 + count % WINDOW] = g
    s[0] = count + 1.0
    size = min(count + 1, WINDOW)
    worst = max(1, int(p[1] * size))
    # The worst returns by selection, each looked for above the one before it; few, so cheaper than to sort.
    total, taken, floor = 0.0, 0, -math.inf
    while taken < worst:
        least, times = math.inf, 0
        for k in range(1, size + 1):
            if s[k] > floor:
                if s[k] < least:
                    least, times = s[k], 1
                elif s[k] == least:
                    times += 1
        times = min(times, worst - taken)
        total += least * times
        taken += times
        floor = least
    return float(g - p[0] * max(0.0, -total / worst))


def regime_adaptive(p: Any, s: Any, g: float, regime: int) -> float:
    """As `drawdown_penalised`, with a penalty of its own for each regime: `p[0]` quiet, `p[1]` usual, `p[2]` loud."""
    return float(g - p[regime] * _deeper(s, g))


def _deeper(s: Any, g: float) -> float:
    """What the drawdown has risen by; `s[0]`: log equity since the start, `s[1]`: its highest, `s[2]`: the drawdown."""
    s[0] += g
    s[1] = max(s[1], s[0])
    below = s[1] - s[0]
    rise = max(0.0, below - s[2])
    s[2] = below
    return float(rise)


def rewarded(kind: int, p: Any, s: Any, g: float, regime: int) -> float:
    """The reward by its number in `REWARDS`."""
    if kind == 0:
        return log_growth(p, s, g, regime)
    if kind == 1:
        return differential_sharpe(p, s, g, regime)
    if kind == 2:
        return drawdown_penalised(p, s, g, regime)
    if kind == 3:
        return cvar_penalised(p, s, g, regime)
    return regime_adaptive(p, s, g, regime)


@dataclass(frozen=True, slots=True)
class Kind:
    """A reward and its parameters: their names, defaults and greatest values, all from 0."""

    function: Callable[[Any, Any, float, int], float]
    parameters: tuple[tuple[str, float, float], ...] = ()


REWARDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "log-growth": Kind(log_growth),
        "differential-sharpe": Kind(differential_sharpe, (("rate", 0.01, 1.0),)),
        "drawdown-penalised": Kind(drawdown_penalised, (("penalty", 1.0, 1e6),)),
        "cvar-penalised": Kind(cvar_penalised, (("penalty", 1.0, 1e6), ("share", 0.05, 1.0))),
        "regime-adaptive": Kind(regime_adaptive, (("quiet", 0.0, 1e6), ("usual", 0.5, 1e6), ("loud", 2.0, 1e6))),
    }
)
"""The rewards by name, in the order of their numbers."""


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward by name, with parameters where they are not the default. Raises `BadSettings`."""

    name: str = "log-growth"
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in REWARDS:
            raise BadSettings(f"reward {self.name!r} is not known; there is {', '.join(REWARDS)}")
        known = {name: most for name, _, most in REWARDS[self.name].parameters}
        for name, value in self.parameters.items():
            if name not in known:
                raise BadSettings(f"reward {self.name} has no {name!r}; it has {', '.join(known) or 'no parameters'}")
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise BadSettings(f"reward {self.name}: {name} must be a number, was {value!r}")
            if not 0.0 <= value <= known[name]:
                raise BadSettings(f"reward {self.name}: {name} must lie in 0..{known[name]:g}, was {value:g}")

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return {"name": self.name, "parameters": dict(self.parameters)}

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """What `document` gave. Raises `BadSettings` for anything else."""
        if not isinstance(document, Mapping) or document.keys() != {"name", "parameters"}:
            raise BadSettings("a reward is said by name and parameters")
        name, parameters = document["name"], document["parameters"]
        if not isinstance(name, str) or not isinstance(parameters, Mapping):
            raise BadSettings("a reward has a name, and parameters by name")
        return cls(name, dict(parameters))

    @property
    def number(self) -> int:
        """Its place among `REWARDS`."""
        return list(REWARDS).index(self.name)

    @property
    def values(self) -> tuple[float, float, float]:
        """Its parameters, 0 where it has fewer than three."""
        given = [float(self.parameters.get(name, usual)) for name, usual, _ in REWARDS[self.name].parameters]
        first, second, third, *_ = (*given, 0.0, 0.0, 0.0)
        return first, second, third

    @property
    def asks_regime(self) -> bool:
        """Whether it depends on the market's regime."""
        return self.name == "regime-adaptive"
