"""`papertape features list`: what is shown of features."""

import inspect
import math
import shutil
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from papertape.cli.output import print_fields, print_table, print_text, say, width
from papertape.contract.errors import UnknownComponent
from papertape.contract.feature import FeatureOutput
from papertape.features.catalogue import Catalogue
from papertape.features.named_sets import categories, category_of, named_set
from papertape.features.request import Feature

SYMBOLS = 2
"""How many symbols a panel family's figures are shown for."""
_COLUMNS = ("name", "family", "parameters", "inputs", "warm-up", "memory", "range", "unit", "description")
_GIVEN_UP = ("parameters", "inputs", "memory", "unit", "family", "range", "warm-up")
"""Columns in the order in which a narrow terminal goes without them: the name says the parameters."""
_DESCRIPTION = 30
"""What a description is not cut below as long as there are columns to give up."""


def chosen(catalogue: Catalogue, category: str | None, family: str | None, set_name: str | None) -> list[Feature]:
    """The features of the catalogue that options leave over. Raises `UnknownComponent` for a name that is none."""
    if category is not None:
        named, category = category, category.lower().replace(" ", "-").replace("_", "-")
        if category not in categories(catalogue):
            raise UnknownComponent(f"no category {named!r}; there is {', '.join(categories(catalogue))}")
    if family is not None and family not in catalogue.families:
        near = get_close_matches(family.lower(), catalogue.families)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UnknownComponent(f"no family {family!r}; {hint}`papertape features list` shows them")
    found = catalogue.listed() if set_name is None else named_set(catalogue, set_name)
    return [
        feature
        for feature in found
        if category in (None, category_of(feature.family)) and family in (None, feature.family.name)
    ]


def print_features(features: Sequence[Feature], whole: bool) -> None:
    """A table of features; how many there are of each category, if these are the `whole` catalogue; and in all."""
    if not features:
        print_text("no feature is in all that was chosen")
        return
    rows = [
        dict(zip(_COLUMNS, (
            row["name"], row["family"], _parameters(feature), " ".join(row["inputs"]), f"{row['warmup']:,}",
            row["memory"], range_words(feature.output), row["unit"], row["description"],
        ), strict=True))
        for feature in features for row in (about(feature),)
    ]  # fmt: skip
    shown = _room_for(rows)
    print_table(
        shown,
        [[row[column] for column in shown] for row in rows],
        "".join(">" if column == "warm-up" else "<" for column in shown),
    )
    if whole:
        print_text("")
        _print_categories(features)
    print_text("", counts_words(features))
    if len(shown) < len(_COLUMNS):
        left_out = ", ".join(column for column in _COLUMNS if column not in shown)
        say(f"no room for {left_out}: a wider terminal, a file or --json has them")
    if whole:
        say("--category, --family and --set choose; `papertape features list NAME` shows a definition")


def _room_for(rows: Sequence[dict[str, str]]) -> list[str]:
    """The columns that are shown: all, but on a terminal only so many that no name is cut."""
    shown = list(_COLUMNS)
    if not sys.stdout.isatty():
        return shown
    widths = {column: max(width(column), *(width(row[column]) for row in rows)) for column in shown}
    widths["description"] = min(widths["description"], max(_DESCRIPTION, widths["name"]))
    for column in _GIVEN_UP:
        if sum(widths[one] + 2 for one in shown) - 2 <= shutil.get_terminal_size().columns:
            break
        shown.remove(column)
    return shown


def _print_categories(features: Sequence[Feature]) -> None:
    groups: dict[str, list[Feature]] = {}
    for feature in features:
        groups.setdefault(category_of(feature.family), []).append(feature)
    rows = [
        [name, f"{(counted := counts(group))['families']:,}", f"{counted['features']:,}"]
        for name, group in groups.items()
    ]
    print_table(["category", "families", "features"], rows, "<>>")


def counts_words(features: Sequence[Feature]) -> str:
    """How many features there are, and of which kinds, in a line."""
    counted = counts(features)
    kinds = {
        "scale-free of one symbol": counted["scale_free"],
        "of several symbols": counted["panel"],
        "that follow price or volume": counted["levels"],
    }
    families = f"{counted['families']:,} {'family' if counted['families'] == 1 else 'families'}"
    return (
        f"{counted['features']:,} {'feature' if counted['features'] == 1 else 'features'} of {families}: "
        + ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
    )


def print_definitions(features: Sequence[Feature]) -> None:
    """All that there is to know of each feature."""
    for number, feature in enumerate(features):
        row = about(feature)
        if number:
            print_text("")
        asked = {} if feature.asked == row["name"] else {"asked": feature.asked}
        print_fields({
            "name": row["name"], **asked, "description": row["description"], "category": row["category"],
            "family": row["family"], "parameters": _parameters(feature), "inputs": ", ".join(row["inputs"]),
            "warm-up": f"{row['warmup']:,} candles", "memory": row["memory"], "range": range_words(feature.output),
            "unit": row["unit"],
        })  # fmt: skip
        print_text("", *definition(feature).split("\n"))


def report(features: Sequence[Feature], definitions: bool) -> dict[str, Any]:
    """The same for scripts."""
    rows = [about(feature) | ({"definition": definition(feature)} if definitions else {}) for feature in features]
    return {"features": rows, "counts": counts(features)}


def about(feature: Feature) -> dict[str, Any]:
    """A feature as JSON values; `low` and `high` are None where there is no bound."""
    family, output = feature.family, feature.output
    return {
        "name": feature.name, "family": family.name, "category": family.category,
        "parameters": {one.name: _plain(value) for one, value in zip(family.parameters, feature.values, strict=True)},
        "references": list(feature.references), "timeframe": feature.timeframe, "inputs": list(family.inputs),
        "warmup": warmup(feature), "memory": family.memory, "low": _bound(output.low), "high": _bound(output.high),
        "unit": output.unit, "level": output.level, "panel": family.panel, "description": output.description,
    }  # fmt: skip


def counts(features: Sequence[Feature]) -> dict[str, int]:
    """How many features there are, and of which kinds."""
    panel = [feature for feature in features if feature.family.panel]
    levels = [feature for feature in features if not feature.family.panel and feature.output.level]
    return {
        "features": len(features),
        "families": len({feature.family.name for feature in features}),
        "scale_free": len(features) - len(panel) - len(levels),
        "panel": len(panel),
        "levels": len(levels),
    }


def warmup(feature: Feature) -> int:
    """Candles, of the feature's own timeframe, before it has a value."""
    many = (SYMBOLS,) if feature.family.panel else ()
    return feature.family.warmup(*many, *feature.values)


def definition(feature: Feature) -> str:
    """Formula, source and differences, as the family says them."""
    return inspect.cleandoc(feature.family.definition or "")


def _parameters(feature: Feature) -> str:
    pairs = zip(feature.family.parameters, feature.values, strict=True)
    return " ".join([*feature.references, *(f"{parameter.name}={value:g}" for parameter, value in pairs)])


def range_words(output: FeatureOutput) -> str:
    """The range of an output, in words; empty where there is none."""
    low, high = output.low, output.high
    if math.isinf(low) and math.isinf(high):
        return ""
    if math.isinf(high):
        return f">= {low:g}"
    return f"<= {high:g}" if math.isinf(low) else f"{low:g} to {high:g}"


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value


def _bound(value: float) -> float | None:
    return None if math.isinf(value) else value
