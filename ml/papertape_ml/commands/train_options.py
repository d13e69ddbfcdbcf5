"""What commands that train have in common: which data, under which name, into which registry."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from papertape.cli.features import ends_like_interrupt
from papertape.cli.options import db_option, json_option
from papertape.cli.run import Time
from papertape_ml.commands.models_options import registry_option

F = TypeVar("F", bound=Callable[..., Any])
FOLDS = 5


class Defaults(NamedTuple):
    """What a kind of model takes where nothing is said. `features`: a named set, or names with commas between them;
    None for a kind that says itself what it reads. `label`: None for a kind that makes its own."""

    name: str
    features: str | None
    label: str | None


def training_options(defaults: Defaults) -> Callable[[F], F]:
    """The options of every command that trains on candle files: those of `data_options`, which `Material.of` takes, and
    `name`, `seed`, `folds`, `device`, `threads`, `check`, `registry`, `db`, `as_json`. Ctrl-C and SIGTERM end it at any
    time; nothing is registered then."""

    def decorate(function: F) -> F:
        function = ends_like_interrupt()(function)
        for option in reversed([*data_options(defaults), *_frame(defaults)]):
            function = option(function)
        return json_option(db_option(registry_option(function)))

    return decorate


def data_options(defaults: Defaults) -> list[Callable[[F], F]]:
    """The options that say what is learned from."""
    options = [
        click.option(
            "--source",
            "sources",
            multiple=True,
            metavar="PATH",
            help="Candle file or folder. Repeatable. Default: the local store.",
        ),
        click.option("--symbol", "symbols", multiple=True, metavar="S", help="Such as BTC/USDT. Default: all."),
        click.option("--timeframe", metavar="TF", help="Of the candles, where the sources have several."),
        click.option("--start", type=Time(), help="First open time, ISO 8601 or ms UTC."),
        click.option("--end", type=Time(), help="Open time to stop before, ISO 8601 or ms UTC."),
        click.option(
            "--on-bad-row", type=click.Choice(["stop", "skip"]), default="stop", help="Stop at a bad row, or skip it."
        ),
    ]
    if defaults.features is not None:
        named = "," in defaults.features
        default = f" Default: {defaults.features.replace(',', ', ')}."
        options += [
            click.option("--set", "set_name", metavar="NAME", help="Features by set." + ("" if named else default)),
            click.option(
                "--features", "names", metavar="A,B,...",
                help="Features by name, after those of --set." + (default if named else ""),
            ),
            click.option("--table", type=click.Path(path_type=Path), metavar="FILE.parquet",
                         help="A table that `papertape features build` made of the sources: its features."),
            click.option("--reference", metavar="S", help="Symbol that REF in a name stands for. Default: the first."),
        ]  # fmt: skip
    if defaults.label is not None:
        options.append(
            click.option(
                "--label", default=defaults.label, metavar="L", help=f"What is learned. Default: {defaults.label}."
            )
        )
    return options


def _named(context: click.Context, param: click.Parameter, name: str) -> str:
    """A name that cannot be is refused before anything is trained."""
    from papertape_ml.registry.names import model_name

    return model_name(name)


def _frame(defaults: Defaults) -> list[Callable[[F], F]]:
    """The options that say how, and under which name."""
    return [
        click.option(
            "--name", default=defaults.name, metavar="M", callback=_named, help=f"Its name. Default: {defaults.name}."
        ),
        click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=7, help="Of all chance. Default: 7."),
        click.option(
            "--folds", type=click.IntRange(1, 100), default=FOLDS, metavar="N", help=f"Tests, one after the other, "
            f"each learned from what came before. Default: {FOLDS}.",
        ),
        click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", help="To train on. Default: cpu."),
        click.option("--threads", type=click.IntRange(1), default=2, metavar="N", help="To train with. Default: 2."),
        click.option("--check", is_flag=True, help="First look for the future in the features; exit 1 where it is."),
    ]  # fmt: skip
