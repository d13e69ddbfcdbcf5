"""What a plugin registers: components, each checked before anyone meets it."""

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, get_args

import pluggy

from papertape.contract import (
    Component,
    ConfigError,
    FeatureFamily,
    Feed,
    FeeModel,
    Fusion,
    ModelStore,
    PapertapeError,
    PluginError,
    RiskRule,
    Series,
    Sizer,
    SlippageModel,
    Strategy,
    hookspecs,
)
from papertape.engine.module_style import ModuleStrategy, adapt
from papertape.engine.source import afresh, class_afresh, code_hash

GROUP = "papertape"

Kind = Literal[
    "strategy",
    "fusion",
    "sizer",
    "risk-rule",
    "fee-model",
    "slippage-model",
    "feed",
    "feature",
    "series",
    "model-store",
    "command",
    "screen",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
_HOOKS: Mapping[Kind, str] = {
    "strategy": "register_strategies",
    "fusion": "register_fusions",
    "sizer": "register_sizers",
    "risk-rule": "register_risk_rules",
    "fee-model": "register_fee_models",
    "slippage-model": "register_slippage_models",
    "feed": "register_feeds",
    "feature": "register_features",
    "series": "register_series",
    "model-store": "register_model_stores",
    "command": "register_commands",
    "screen": "register_screens",
}
_BASES: Mapping[str, tuple[type[Component], str | None]] = {
    "strategy": (Strategy, "on_snapshot"),
    "fusion": (Fusion, "fuse"),
    "sizer": (Sizer, "size"),
    "risk-rule": (RiskRule, None),
    "fee-model": (FeeModel, "rate"),
    "slippage-model": (SlippageModel, "slip"),
    "feed": (Feed, "blocks"),
    "series": (Series, "records"),
    "model-store": (ModelStore, "load"),
}
"""The base class of each kind, and the method without which a class of it does nothing."""
_FUNCTIONS = ("command", "feature", "screen")
"""Kinds whose components are no classes."""
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Registered:
    """A component and where it came from. `object`: a component class, a click command, for features a family or a
    function that gives families, or a function that makes a screen.

    `plugin`: the entry point's name, or the path of a strategy file; `distribution` is then empty. `version`: the
    component's own where it says one, else its distribution's.
    """

    kind: Kind
    name: str
    object: Any
    plugin: str
    distribution: str
    version: str

    def create(self, name: str, params: Mapping[str, object]) -> Any:
        """An instance out of a fresh copy of its module; errors call it `name`. Raises `ConfigError`."""
        cls = self.object
        try:
            if issubclass(cls, ModuleStrategy):
                cls = adapt(afresh(cls.module), self.name)
            else:
                cls = class_afresh(cls)
            return cls.create(name, params)
        except PapertapeError:
            raise
        except (Exception, SystemExit) as error:
            raise ConfigError(f"{name} cannot be made: {type(error).__name__}: {error}") from error

    def source_file(self) -> str | None:
        """The file that defines it; None where there is none."""
        if self.kind in _FUNCTIONS:
            module = inspect.getmodule(_function(self.object))
        else:
            module = self.object.module if issubclass(self.object, ModuleStrategy) else inspect.getmodule(self.object)
        return getattr(module, "__file__", None)

    def code_hash(self) -> str | None:
        """`sha256:...` of the source it comes from, with that of base classes of its own; None where there is none."""
        if self.kind in _FUNCTIONS:
            return code_hash(filter(None, [inspect.getmodule(_function(self.object))]))
        if issubclass(self.object, ModuleStrategy):
            return code_hash([self.object.module])
        names = sorted({base.__module__ for base in self.object.__mro__})
        return code_hash([sys.modules[name] for name in names if not _given(name)])


def registrations(
    plugin: object, name: str, taken: Mapping[tuple[Kind, str], str], distribution: str, version: str
) -> list[Registered]:
    """What the hooks of one plugin register, all of it or a `PluginError`. Its own manager: nothing to roll back."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(" ".join(str(error).split())) from error
    parts: dict[tuple[Kind, str], Registered] = {}
    refused: list[PluginError] = []

    def register_as(kind: Kind) -> Callable[[str, Any], None]:
        def register(part: str, component: Any) -> None:
            try:
                made = checked(kind, part, component, name, distribution, version)
                owner = taken.get((kind, part)) or (name if (kind, part) in parts else None)
                if owner is not None:
                    raise PluginError(f"{kind} {part!r} is already registered by plugin {owner!r}; choose another name")
            except PluginError as error:
                refused.append(error)  # a plugin that swallows it is still refused
                raise
            parts[kind, part] = made

        return register

    for kind, hook in _HOOKS.items():
        getattr(manager.hook, hook)(register=register_as(kind))
    if refused:
        raise refused[0]
    return list(parts.values())


def checked(kind: Kind, name: object, component: Any, plugin: str, distribution: str, version: str) -> Registered:
    """The component, found fit to be one of its kind; a module becomes a strategy class. Raises `PluginError`."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name.endswith(".py"):
        raise PluginError(
            f"{kind} {name!r} has a bad name; it may hold letters, digits, and . _ - between them, 64 at most"
        )
    if kind == "command":
        import click

        if not isinstance(component, click.Command):
            raise PluginError(f"command {name!r} must be a click command or group, was {_kind_of(component)}")
        return Registered(kind, name, component, plugin, distribution, version)
    if kind == "feature":
        if not (isinstance(component, FeatureFamily) or inspect.isfunction(component)):
            raise PluginError(
                f"feature {name!r} must be a FeatureFamily or a function that gives some, was {_kind_of(component)}"
            )
        return Registered(kind, name, component, plugin, distribution, version)
    if kind == "screen":
        if not inspect.isfunction(component):
            raise PluginError(f"screen {name!r} must be a function that makes one, was {_kind_of(component)}")
        return Registered(kind, name, component, plugin, distribution, version)
    base, method = _BASES[kind]
    if kind == "strategy" and isinstance(component, ModuleType):
        component = adapt(afresh(component), name)
    if not (isinstance(component, type) and issubclass(component, base) and component is not base):
        also = ", or a module with generate_signal" if kind == "strategy" else ""
        raise PluginError(
            f"{kind} {name!r} must be a class derived from {base.__name__}{also}, was {_kind_of(component)}"
        )
    if method is not None and getattr(component, method) is getattr(base, method):
        raise PluginError(f"{kind} {name!r}: class {component.__name__} has no method {method}")
    own = getattr(component, "version", None)
    return Registered(kind, name, component, plugin, distribution, str(own) if isinstance(own, (str, int)) else version)


def _function(component: Any) -> Any:
    """The function that a command, or a feature, comes down to."""
    if isinstance(component, FeatureFamily):
        return inspect.unwrap(component.step)
    return getattr(component, "callback", component)


def _kind_of(component: object) -> str:
    if isinstance(component, type):
        return f"class {component.__name__}"
    return f"a {type(component).__name__}"


def _given(module: str) -> bool:
    """Whether the module comes with Python or is the contract: its version is recorded elsewhere."""
    return module.partition(".")[0] in sys.stdlib_module_names or module.startswith("papertape.contract.")
