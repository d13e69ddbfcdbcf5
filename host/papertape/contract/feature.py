"""Features: families of named values, each one compiled step over a symbol's candles, and what describes it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, ParamSpec, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Floats
from papertape.contract.errors import ConfigError

P = ParamSpec("P")
R = TypeVar("R")

Memory: TypeAlias = Literal["window", "decaying", "path"]
"""What a feature remembers, and so what a late start gives.

`window`: the last candles only; a late start is bit-equal. `decaying`: all candles, each with a weight that fades; a
late start agrees within 1e-9 of the output's scale. `path`: a recursion restarted on the last candles; bit-equal.
"""

FLOATS: Final = "float64 pointer"
INTS: Final = "int64 pointer"


class Columns(NamedTuple):
    """A symbol's candles as a step sees them: `c.close[t]` is the newest, `c.close[t - 1]` the one before.

    Before the first candle stand NaNs. `ts`: open time, ms UTC. `index`: `ts` in timeframes since 1970, what blocks are
    anchored in. `gain`: log of close to the close before. `span`: true range, quote currency; both NaN at the first
    candle. Prices in quote currency, `volume` in units of the base.
    """

    ts: Any
    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any
    index: Any
    gain: Any
    span: Any


class Kernel:
    """A function that is compiled when its feature is computed; called from Python it runs as it stands."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__wrapped__ = function
        self.__module__ = function.__module__

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Marks a step, or a function that steps call: plain loops and scalars over arrays that it indexes, nothing else.

    No slices, no allocation, no Python objects; of modules `math` alone; constants are module globals.
    """
    return cast(Callable[P, R], Kernel(function))


@dataclass(frozen=True, slots=True)
class FeatureParameter:
    """A number in a feature's name. An int default takes whole numbers only."""

    name: str
    default: float
    min: float
    max: float
    help: str

    def check(self, value: float, feature: str) -> float:
        """`value`, or a `ConfigError` that names the feature, the parameter and what would do."""
        if isinstance(self.default, int) and value != int(value):
            raise ConfigError(f"feature {feature!r}: {self.name} must be a whole number, was {value:g}")
        if not self.min <= value <= self.max:
            raise ConfigError(f"feature {feature!r}: {self.name} must be {self.min:g} to {self.max:g}, was {value:g}")
        return value


@dataclass(frozen=True, slots=True)
class FeatureOutput:
    """One value of a family. `low`, `high`: its range, both ends included.

    `scale`: what a difference of 1e-9 is measured against, in the output's unit; "close" where it is a price.
    `level`: it follows the price (or volume) itself; offered by name, left out of the catalogue's scale-free features.
    """

    name: str
    description: str
    unit: str
    low: float = -np.inf
    high: float = np.inf
    scale: float | Literal["close"] = 1.0
    level: bool = False


_WORD = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]*[a-z][a-z0-9]*)*")


def _one(*_: float) -> int:
    return 1


def _none(*_: float) -> int:
    return 0


@dataclass(frozen=True, kw_only=True)
class FeatureFamily:
    """A feature family: one step for all of its windows. Names of its features: output, parameters, as `rsi_14`.

    `step(p, f, i, c, t, o)` takes in one closed candle of one symbol: `p` this variant's parameters (float64), `f` and
    `i` its state (float64, int64, zero at first), `c` the `Columns`, `t` the newest candle, `o` the outputs, NaN until
    written. `floats`, `ints`: sizes of the state; `reach`: candles that the step looks at, the newest included;
    `warmup`: candles, of the feature's own timeframe, before a value is given: all functions of the parameters.

    A panel family (`panel`) steps once for a batch: `step(p, f, i, c, at, symbols, o, width)`, where `at[s]` is the
    newest candle of symbol s, as in `c.close[at[s]]`, or -1 if it has none in this batch, and `o[s * width]` its first
    output. Its sizes are functions of the number of symbols, then the parameters. `references`: how many reference
    symbols its names hold before the numbers (`correlation_btc_20`); their places come first in `p`.

    `variants`: the parameters under which the catalogue lists it. `version`: raise it when the meaning changes although
    the kernel does not. `definition`: formula, source, and differences from others' definitions; the module's docstring
    says it.
    """

    name: str
    category: str
    memory: Memory
    inputs: tuple[str, ...]
    outputs: tuple[FeatureOutput, ...]
    step: Callable[..., None]
    definition: str | None
    parameters: tuple[FeatureParameter, ...] = ()
    variants: tuple[tuple[float, ...], ...] = ((),)
    warmup: Callable[..., int] = _one
    reach: Callable[..., int] = _one
    floats: Callable[..., int] = _none
    ints: Callable[..., int] = _none
    panel: bool = False
    references: int = 0
    version: int = 1
    aliases: dict[str, str] = field(default_factory=dict)

    def fit(self) -> None:
        """Raises `ConfigError` for a family that cannot be what it says."""
        for output in self.outputs:
            if not _WORD.fullmatch(output.name):
                raise ConfigError(
                    f"feature family {self.name!r}: output {output.name!r} must be words in lower case joined by _"
                )
        if not isinstance(self.step, Kernel):
            raise ConfigError(f"feature family {self.name!r}: decorate its step with @kernel")
        if not (self.definition or "").strip():
            raise ConfigError(f"feature family {self.name!r} needs a definition: its formula and where it is from")
        if unknown := set(self.inputs) - set(Columns._fields):
            raise ConfigError(
                f"feature family {self.name!r}: no candle column {', '.join(sorted(unknown))}; there is "
                + ", ".join(Columns._fields)
            )
        for variant in self.variants or ((),):
            self._sized(self.checked(variant, self.name))
        for alias, name in self.aliases.items():
            if not any(name == output.name or name.startswith(f"{output.name}_") for output in self.outputs):
                raise ConfigError(
                    f"feature family {self.name!r}: alias {alias!r} means {name!r}, which is not one of it"
                )

    def _sized(self, values: tuple[float, ...]) -> None:
        """Raises `ConfigError` where one of the functions of the parameters does not give a number of things."""
        least = {"warmup": 0, "reach": 1, "floats": 0, "ints": 0}
        for name in least:
            try:
                size = getattr(self, name)(*((2,) if self.panel else ()), *values)
            except Exception as error:  # noqa: BLE001  # a guest's own code
                raise ConfigError(
                    f"feature family {self.name!r}: {name} of {values} failed: {type(error).__name__}: {error}"
                ) from None
            if not isinstance(size, int) or size < least[name]:
                raise ConfigError(
                    f"feature family {self.name!r}: {name} of {values} must be a whole number from {least[name]}, "
                    f"was {size!r}"
                )

    def checked(self, values: Sequence[float], feature: str) -> tuple[float, ...]:
        """All parameters of a feature, defaults where `values` end. Raises `ConfigError`."""
        if len(values) > len(self.parameters):
            takes = ", ".join(parameter.name for parameter in self.parameters) or "none"
            raise ConfigError(f"feature {feature!r} has {len(values)} parameters; it takes {takes}")
        given = [*values, *(parameter.default for parameter in self.parameters[len(values) :])]
        return tuple(one.check(value, feature) for one, value in zip(self.parameters, given, strict=True))


class Features:
    """A symbol's features at one close, in the order that the strategy asks for them.

    `values`: (n,) float64, read-only, NaN where missing: still warming up, undefined, or no candle in this batch.
    `mask`: (n,) bool, True where missing. `features["rsi_14"]`: one of them.
    """

    __slots__ = ("_index", "values")

    def __init__(self, index: dict[str, int], packed: bytes) -> None:
        self._index = index
        self.values: Floats = np.frombuffer(packed)

    @property
    def names(self) -> tuple[str, ...]:
        """What the strategy asks for, as it asks."""
        return tuple(self._index)

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """(n,) bool, True where the value is missing."""
        return np.isnan(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, name: str) -> float:
        """One value by name; raises `ConfigError` for one that the strategy did not ask for."""
        try:
            return float(self.values[self._index[name]])
        except KeyError:
            asked = ", ".join(self._index) or "none"
            raise ConfigError(
                f"feature {name!r} was not asked for by the strategy (`features`); it asked for {asked}"
            ) from None
