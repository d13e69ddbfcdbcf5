"""`papertape features`: the catalogue, tables of features, and the proof that they keep their promises."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from papertape.cli import COMMANDS
from papertape.cli.options import json_option
from papertape.cli.output import print_json, say

if TYPE_CHECKING:
    from papertape.features.catalogue import Catalogue

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def features() -> None:
    """The feature catalogue; tables of features; the proof that history and a live candle give the same numbers.

    Example: papertape features list --category momentum
    """


@features.command("list")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--category", metavar="C", help="Of this category alone: trend, momentum, volatility, ...")
@click.option("--family", metavar="F", help="Of this family alone: ema, rsi, ...")
@click.option("--set", "set_name", metavar="NAME", help="Of this set alone: all, core, levels, or a category.")
@json_option
def list_(names: tuple[str, ...], as_json: bool, **wanted: str | None) -> None:
    """What features there are: parameters, inputs, warm-up, range and unit; of features named, their definition too.

    Any of them can be asked for with other parameters (rsi_9), and of a higher timeframe (rsi_14@1h). Numbers that are
    left out are the default ones: bb_width is bb_width_20_2.

    Example: papertape features list rsi_14 bb_width
    """
    from papertape.cli.features_list import chosen, print_definitions, print_features, report

    if names and any(wanted.values()):
        raise click.UsageError("name features, or choose them by category, family or set, not both")
    known = catalogue()
    found = known.select(names) if names else chosen(known, **wanted)
    if as_json:
        print_json(report(found, definitions=bool(names)))
    elif names:
        print_definitions(found)
    else:
        print_features(found)


def catalogue() -> "Catalogue":
    """The features that are installed here; families that are left out are told on stderr."""
    from papertape.engine.discovery import load_plugins

    found = load_plugins(reserved=COMMANDS).catalogue()
    for line in found.left_out:
        say(f"left out: {line}")
    return found
