"""Versions found by reference, by number, or by what they score; the same over every registry."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from papertape_ml.errors import UnknownModel
from papertape_ml.registry.moves import targets
from papertape_ml.registry.names import Reference, model_name
from papertape_ml.registry.protocol import Registry, VersionRow

LESS_IS_BETTER = frozenset({
    "brier", "drawdown", "ece", "error", "logloss", "log_loss", "loss", "mae", "max_drawdown", "mse", "nll", "pbo",
    "pinball", "rmse",
})  # fmt: skip
"""Last words of metrics whose lowest value is the best."""


def find(registry: Registry, reference: Reference) -> VersionRow:
    """The version that a reference means; the newest, where it says neither number nor alias. Raises UnknownModel."""
    rows = rows_of(registry, reference.name)
    if reference.alias is None:
        number = rows[-1].version if reference.version is None else reference.version
    else:
        pointers = targets(registry.history(reference.name))
        aliases = [alias for name, alias in pointers]
        if reference.alias not in aliases:
            known = f"it has {', '.join(aliases)}" if aliases else "it has none yet"
            raise UnknownModel(f"{reference.name} has no alias {reference.alias!r} in {registry.place}; {known}")
        number = pointers[reference.name, reference.alias]
    for row in rows:
        if row.version == number:
            return row
    raise unknown_version(registry.place, reference.name, number, rows[-1].version)


def rows_of(registry: Registry, name: str) -> list[VersionRow]:
    """The versions of a model, oldest first: at least one. Raises UnknownModel, which names similar ones."""
    rows = registry.versions(model_name(name))
    if not rows:
        raise unknown_model(registry.place, name, {row.name for row in registry.versions()})
    return rows


def latest(registry: Registry, name: str) -> VersionRow:
    """The newest version of a model. Raises UnknownModel."""
    return rows_of(registry, name)[-1]


def best(registry: Registry, name: str, metric: str, *, lowest: bool | None = None) -> tuple[VersionRow, float]:
    """The version with the best value of a metric, and the value; the newest of equals.

    `metric`: a path into the manifest's metrics, such as `test.logloss`. `lowest`: whether less is better; unsaid, it
    is for the names in LESS_IS_BETTER. Versions that lack the metric are left out. Raises UnknownModel if all do.
    """
    rows = rows_of(registry, name)
    if lowest is None:
        lowest = metric.rpartition(".")[2] in LESS_IS_BETTER
    scored = [(row, value) for row in rows if (value := value_of(row.metrics, metric)) is not None]
    if not scored:
        known = sorted({path for row in rows for path in paths(row.metrics)})
        near = get_close_matches(metric, known, n=3) or known[:8]
        raise UnknownModel(
            f"no version of {name} has the metric {metric[:80]!r}; "
            + (f"they have {', '.join(near)}" if near else "their manifests have no metrics")
        )
    return max(scored, key=lambda each: (-each[1] if lowest else each[1], each[0].version))


def value_of(metrics: Mapping[str, Any], metric: str) -> float | None:
    """The number at a path into nested metrics; None where there is none."""
    found: Any = metrics
    for part in metric.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def paths(metrics: Mapping[str, Any], start: str = "") -> list[str]:
    """The paths of all numbers in nested metrics."""
    found: list[str] = []
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            found += paths(value, f"{start}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append(f"{start}{key}")
    return found


def unknown_model(place: str, name: str, known: set[str]) -> UnknownModel:
    """No such model, with the names that are near."""
    if not known:
        return UnknownModel(
            f"no model {name!r} is in {place}; it has none yet: `papertape train` makes one, `papertape models import` "
            "brings some in"
        )
    shown = get_close_matches(name, sorted(known), n=3) or sorted(known)[:8]
    more = f" and {len(known) - len(shown)} more" if len(known) > len(shown) else ""
    return UnknownModel(f"no model {name!r} is in {place}; it has {', '.join(shown)}{more}")


def unknown_version(place: str, name: str, version: int, newest: int) -> UnknownModel:
    """No such version of a model that is there."""
    return UnknownModel(f"{name} has no version {version} in {place}: its newest is {newest}")


def pointers_to(row: VersionRow, pointers: Mapping[tuple[str, str], int]) -> Sequence[str]:
    """The aliases that point to a version."""
    return [alias for (name, alias), version in pointers.items() if (name, version) == (row.name, row.version)]
