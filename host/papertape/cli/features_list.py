"""`papertape features list`: what is shown of features."""

import inspect
import math
from collections.abc import Sequence
from typing import Any

from papertape.cli.output import print_fields, print_table, print_text
from papertape.contract.errors import UnknownComponent
from papertape.contract.feature import FeatureOutput
from papertape.features.catalogue import Catalogue
from papertape.features.named_sets import categories, category_of, named_set
from papertape.features.request import Feature

SYMBOLS = 2
"""How many symbols a panel family's figures are shown for."""


def chosen(catalogue: Catalogue, category: str | None, family: str | None, set_name: str | None) -> list[Feature]:
    """The features of the catalogue that options leave over. Raises `UnknownComponent` for a name that is none."""
    if category is not None and category not in categories(catalogue):
        raise UnknownComponent(f"no category {category!r}; there is {', '.join(categories(catalogue))}")
    if family is not None and family not in catalogue.families:
        raise UnknownComponent(f"no family {family!r}; there is {', '.join(catalogue.families)}")
    found = catalogue.listed() if set_name is None else named_set(catalogue, set_name)
    return [
        feature
        for feature in found
        if category in (None, category_of(feature.family)) and family in (None, feature.family.name)
    ]


def print_features(features: Sequence[Feature]) -> None:
    """A table of features, and how many there are."""
    rows = [about(feature) for feature in features]
    headers = ["name", "family", "parameters", "inputs", "warm-up", "memory", "range", "unit", "description"]
    print_table(
        headers,
        [
            [row["name"], row["family"], _parameters(feature), " ".join(row["inputs"]), f"{row['warmup']:,}",
             row["memory"], range_words(feature.output), row["unit"], row["description"]]
            for row, feature in zip(rows, features, strict=True)
        ],
        "<<<<>",
    )  # fmt: skip
    counted = counts(features)
    print_text(
        f"\n{counted['features']:,} features of {counted['families']:,} families: {counted['scale_free']:,} scale-free "
        f"of one symbol, {counted['panel']:,} of several symbols, {counted['levels']:,} that follow price or volume"
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
        print_text("\n" + definition(feature))


def report(features: Sequence[Feature], definitions: bool) -> dict[str, Any]:
    """The same for scripts."""
    rows = [about(feature) | ({"definition": definition(feature)} if definitions else {}) for feature in features]
    return {"features": rows, "counts": counts(features)}


def about(feature: Feature) -> dict[str, Any]:
    """A feature as JSON values; `low` and `high` are None where there is no bound."""
    family, output = feature.family, feature.output
    return {
        "name": feature.name, "family": family.name, "category": family.category,
        "parameters": {one.name: value for one, value in zip(family.parameters, feature.values, strict=True)},
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


def _bound(value: float) -> float | None:
    return None if math.isinf(value) else value
