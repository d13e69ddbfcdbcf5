"""Finds the installed plugins and what they register. One bad plugin is reported; the others go on."""

import os
import re
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from papertape.contract import FeatureFamily, PluginError, RequestError, Strategy, UnknownComponent
from papertape.engine.registered import GROUP, KINDS, Kind, Registered, checked, registrations
from papertape.engine.source import load_file

if TYPE_CHECKING:
    from papertape.features.catalogue import Catalogue

DISABLED = "PAPERTAPE_PLUGINS_DISABLED"


@dataclass(frozen=True, slots=True)
class Failure:
    """A plugin that was left out. `reason`: one line; `details`: the traceback, empty where there was none."""

    plugin: str
    distribution: str
    version: str
    reason: str
    details: str


@dataclass(frozen=True, slots=True)
class Plugins:
    """What is installed: components in order of kind and name, plugins left out, plugins switched off."""

    components: tuple[Registered, ...]
    failures: tuple[Failure, ...]
    disabled: tuple[str, ...] = ()

    def of_kind(self, kind: Kind) -> dict[str, Registered]:
        """The components of one kind by name."""
        return {part.name: part for part in self.components if part.kind == kind}

    def find(self, kind: Kind, name: str) -> Registered:
        """The component of that kind and name. Raises `UnknownComponent`, which names the nearest."""
        offered = self.of_kind(kind)
        if name in offered:
            return offered[name]
        unknown = f"no {kind.replace('-', ' ')} is called {name!r}"
        for failure in self.failures:
            if failure.plugin == name:
                raise UnknownComponent(f"{unknown}: the plugin of that name is left out; {failure.reason}")
        near = get_close_matches(name, offered)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UnknownComponent(f"{unknown}; {hint}`papertape plugins list` names them all")

    def catalogue(self) -> "Catalogue":
        """The features that there are. A family that is not in order is left out, with a line in `left_out`."""
        from papertape.features.catalogue import Catalogue
        from papertape.features.definition import check_step

        catalogue = Catalogue()
        for part in sorted(self.of_kind("feature").values(), key=lambda part: part.distribution != "papertape"):
            try:
                families = [part.object] if isinstance(part.object, FeatureFamily) else list(part.object())
            except Exception as error:  # noqa: BLE001  # whatever a guest does, the others go on
                catalogue.left_out.append(f"features {part.name!r} of {part.plugin}: {type(error).__name__}: {error}")
                continue
            for family in families:
                try:
                    if part.distribution != "papertape":
                        check_step(family)
                    catalogue.add(family)
                except PluginError as error:
                    catalogue.left_out.append(f"features {part.name!r} of {part.plugin}: {error}")
        return catalogue


def load_plugins(reserved: Collection[str] = (), only: Callable[[EntryPoint], bool] | None = None) -> Plugins:
    """Loads every plugin of the entry-point group `papertape`, papertape's own first, then by distribution and name.

    `reserved`: names that no plugin's command may take. `only`: which entry points to look at. Plugins named in the
    environment's PAPERTAPE_PLUGINS_DISABLED (separated by commas) are not imported.
    """
    points = entry_points(group=GROUP)
    origins = {dist: _origin(dist) for dist in {point.dist for point in points}}
    found = sorted(points, key=lambda point: _order(point, origins[point.dist][0]))
    switched_off = {name.strip() for name in os.environ.get(DISABLED, "").split(",")} - {""}
    taken: dict[tuple[Kind, str], str] = {("command", name): "papertape" for name in reserved}
    components: list[Registered] = []
    failures = [_not_there(name, found) for name in sorted(switched_off - {point.name for point in found})]
    for point in found:
        if point.name in switched_off or (only is not None and not only(point)):
            continue
        try:
            parts = registrations(point.load(), point.name, taken, *origins[point.dist])
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever a guest does, the others go on
            failures.append(_failure(point, *origins[point.dist], error))
        else:
            components += parts
            taken.update(((part.kind, part.name), part.plugin) for part in parts)
    components.sort(key=lambda part: (KINDS.index(part.kind), part.name))
    return Plugins(tuple(components), tuple(failures), tuple(sorted(switched_off & {point.name for point in found})))


def load_strategy_file(path: str | Path) -> Registered:
    """The strategy in a .py file, in a module object of its own.

    It is what the file's `register_strategies` registers, else its `generate_signal`, else the one `Strategy` class
    defined there. Raises `RequestError` for a file without exactly one strategy, or one that does not load.
    """
    module = load_file(Path(path))
    stem = _slug(Path(path).stem)
    try:
        parts = registrations(module, stem, {}, distribution="", version="")
    except PluginError as error:
        raise RequestError(f"strategy file {path}: {error}") from error
    offered = {part.name: part.object for part in parts if part.kind == "strategy"}
    if not offered and hasattr(module, "generate_signal"):
        offered = {_slug(getattr(module, "STRATEGY_NAME", stem)): module}
    if not offered:
        own = _own_strategies(module)
        offered = {stem: own[0]} if len(own) == 1 else {cls.__name__: cls for cls in own}
    if len(offered) > 1:
        raise RequestError(
            f"strategy file {path} holds {len(offered)} strategies ({', '.join(offered)}); "
            "register the one that is meant with a register_strategies hook"
        )
    if not offered:
        raise RequestError(
            f"strategy file {path} holds no strategy; it needs a class derived from Strategy, "
            "or a function generate_signal(data, config, state)"
        )
    ((name, component),) = offered.items()
    try:
        return checked("strategy", name, component, str(path), "", "")
    except PluginError as error:
        raise RequestError(f"strategy file {path}: {error}") from error


def _origin(dist: Distribution | None) -> tuple[str, str]:
    """A distribution's name and version. Each reading of them parses all of its metadata, its README included."""
    return (dist.name, dist.version) if dist else ("", "")


def _order(point: EntryPoint, distribution: str) -> tuple[bool, str, str]:
    return distribution != "papertape", distribution, point.name


def _slug(text: object) -> str:
    """A component's name from a file's or a title.

    >>> _slug("My idea (2)"), _slug("rsi_2")
    ('My-idea-2', 'rsi_2')
    """
    return re.sub(r"[^A-Za-z0-9._]+", "-", str(text)).strip("-._")[:64] or "strategy"


def _own_strategies(module: ModuleType) -> list[type[Strategy]]:
    """The `Strategy` classes defined in the module that no other one there is derived from."""
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Strategy) and value.__module__ == module.__name__
    ]
    return [cls for cls in own if not any(other is not cls and issubclass(other, cls) for other in own)]


def _failure(point: EntryPoint, distribution: str, version: str, error: BaseException) -> Failure:
    known = isinstance(error, PluginError)
    text = " ".join(str(error).split())
    reason = text if known else f"{type(error).__name__}: {text}"
    details = "".join(traceback.format_exception(error))
    return Failure(point.name, distribution, version, reason, details)


def _not_there(name: str, found: list[EntryPoint]) -> Failure:
    near = get_close_matches(name, [point.name for point in found])
    hint = f"did you mean {' or '.join(near)}?" if near else "no plugin is called that"
    return Failure(name, "", "", f"{DISABLED} names it, but {hint}", "")
