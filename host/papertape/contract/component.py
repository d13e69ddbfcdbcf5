"""Components: what a plugin registers. Parameters that describe themselves, and state that survives a restart."""

from collections.abc import Iterable, Mapping
from copy import copy
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast, overload

from papertape.contract.errors import ConfigError

if TYPE_CHECKING:
    from papertape.contract.model import Model

T = TypeVar("T")


class Param(Generic[T]):
    """A typed parameter of a component: `window = Param(55, min=2, max=500, help="candles looked back")`.

    The default fixes the type (an int default takes no 2.5; a float default takes an int). `None` as default, without
    `type`, takes any value as it is. Reading it on an instance gives the plain value.
    """

    def __init__(
        self,
        default: T,
        *,
        min: float | None = None,
        max: float | None = None,
        choices: Iterable[T] = (),
        help: str = "",
        type: type | None = None,
    ) -> None:
        self.default = default
        self.min = min
        self.max = max
        self.choices = tuple(choices)
        self.help = help
        self.type = type or (object if default is None else default.__class__)
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "Param[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "Param[T] | T":
        return self if instance is None else self.default

    def check(self, value: object, owner: str) -> T:
        """`value` in this parameter's type; raises `ConfigError` naming owner, parameter, value and what would do."""
        where = f"{owner}: {self.name}"
        if value is None and self.default is None:
            return cast(T, None)
        converted = self._convert(value, where)
        if isinstance(converted, (float, Decimal)) and not Decimal(converted).is_finite():
            raise ConfigError(f"{where} must be a finite number, was {value!r}")
        if self.choices and converted not in self.choices:
            raise ConfigError(f"{where} must be one of {', '.join(map(str, self.choices))}, was {value!r}")
        if self.min is not None and not cast(float, converted) >= self.min:
            raise ConfigError(f"{where} must be {self.min} or more, was {value!r}")
        if self.max is not None and not cast(float, converted) <= self.max:
            raise ConfigError(f"{where} must be {self.max} or less, was {value!r}")
        return cast(T, converted)

    def _convert(self, value: object, where: str) -> object:
        wanted = self.type
        if wanted is object:
            return value
        if wanted is bool:
            spoken = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            answer = value if isinstance(value, bool) else spoken.get(str(value).lower())
            if answer is None:
                raise ConfigError(f"{where} must be true or false, was {value!r}")
            return answer
        if isinstance(value, wanted) and not isinstance(value, bool):
            return copy(value) if isinstance(value, (dict, list)) else value  # no two instances share one
        if wanted in (dict, list, tuple) or value is None or isinstance(value, (bool, dict, list)):
            if wanted in (list, tuple) and isinstance(value, (list, tuple)):
                return wanted(value)
            raise ConfigError(f"{where} must be {_NAMES.get(wanted, wanted.__name__)}, was {value!r}")
        try:
            if wanted is not int or isinstance(value, str):
                return wanted(str(value))
            whole = int(cast(float, value))
            if whole != value:
                raise ValueError
            return whole
        except (TypeError, ValueError, ArithmeticError):
            raise ConfigError(f"{where} must be {_NAMES.get(wanted, wanted.__name__)}, was {value!r}") from None


_NAMES = {
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    str: "text",
    dict: "a table",
    list: "a list",
    tuple: "a list",
}


class Component:
    """Base of everything that a plugin registers.

    Construct with keyword parameters; an unknown or bad one raises `ConfigError`. `keeps` names the attributes that
    make up its `state`: JSON values, `Decimal`s and numpy arrays, saved at every checkpoint and put back on resume,
    after `on_start`. `keeps = None` (the default) says that state is not kept: on resume the host rebuilds the
    component by calling it over the tape from the start, and compares. `keeps = ()` says that there is none.
    """

    keeps: ClassVar[tuple[str, ...] | None] = None

    def __init__(self, **params: object) -> None:
        declared = self.params()
        owner = type(self).__name__
        for name in params:
            if name not in declared:
                raise ConfigError(f"{owner} has no parameter {name!r}; it takes {', '.join(declared) or 'none'}")
        for name, param in declared.items():
            setattr(self, name, param.check(params.get(name, param.default), owner))

    @classmethod
    def params(cls) -> dict[str, Param[Any]]:
        """The declared parameters by name, base classes first."""
        found: dict[str, Param[Any]] = {}
        for base in reversed(cls.__mro__):
            found.update((name, value) for name, value in vars(base).items() if isinstance(value, Param))
        return found

    def models(self) -> Iterable[str]:
        """References of the models that it asks, such as `signal@champion` or `signal@3`: strategies, sizers, fusions.

        The host loads and checks them, and calls `on_model`.
        """
        return ()

    def on_model(self, model: "Model") -> None:
        """Called once for each reference in `models`, before `features` and `on_start`; keep it, it stays the same."""

    @property
    def state(self) -> Mapping[str, Any] | None:
        """What must survive a restart, or None when it is not kept. Override both halves for a form of your own."""
        return None if self.keeps is None else {name: getattr(self, name) for name in self.keeps}

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        for name, value in kept.items():
            setattr(self, name, value)

    @classmethod
    def create(cls, name: str, params: Mapping[str, object]) -> Self:
        """An instance; errors name the component as the user called it."""
        try:
            return cls(**params)
        except ConfigError as error:
            raise ConfigError(str(error).replace(cls.__name__, name, 1)) from None
