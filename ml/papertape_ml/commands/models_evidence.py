"""Which candles versions are judged on: options that commands of models share, and what they stand for."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from papertape.cli.features import ends_like_interrupt
from papertape.cli.run import Time

if TYPE_CHECKING:
    from papertape_ml.promotion.judgement import Terms
    from papertape_ml.promotion.stances import Heard
    from papertape_ml.promotion.subject import Subject
    from papertape_ml.registry.protocol import Registry, VersionRow

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--source", "sources", multiple=True, metavar="PATH",
        help="Candle file or folder. Repeatable. Default: the local store.",
    ),
    click.option("--symbol", "symbols", multiple=True, metavar="S", help="Such as BTC/USDT. Default: all."),
    click.option("--timeframe", metavar="TF", help="Of the candles. Default: what the models were trained on."),
    click.option("--start", type=Time(), help="First decision, ISO 8601 or ms UTC; candles before it only warm up."),
    click.option("--end", type=Time(), help="When the last label must be decided, ISO 8601 or ms UTC."),
    click.option("--reference", metavar="S", help="Symbol that REF in a feature stands for. Default: the first."),
    click.option(
        "--on-bad-row", type=click.Choice(["stop", "skip"]), default="stop", help="Stop at a bad row, or skip it."
    ),
)  # fmt: skip


def evidence_options(function: F) -> F:
    """The options of `terms`, as keyword arguments; Ctrl-C and SIGTERM end what reads candles at any time."""
    function = ends_like_interrupt()(function)
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def terms(options: Mapping[str, Any], timeframe: str) -> "Terms":
    """What is judged on, from the values of `evidence_options`. Raises `RequestError` kinds."""
    from papertape.cli.features_build import by_symbol, installed, source_files
    from papertape.contract.errors import ConfigError
    from papertape.feeds.rows import EARLIEST, LATEST
    from papertape_ml.data import read_candles
    from papertape_ml.promotion.judgement import Terms

    if options["timeframe"] not in (None, timeframe):
        raise ConfigError(f"--timeframe {options['timeframe']}: the model was trained on {timeframe} candles")
    start = EARLIEST if options["start"] is None else options["start"]
    end = LATEST if options["end"] is None else options["end"]
    if end <= start:
        raise ConfigError("--end must be later than --start")
    sources = source_files(options["sources"], options["symbols"], timeframe)
    candles = read_candles(by_symbol(sources), skip=options["on_bad_row"] == "skip")
    return Terms(candles, installed(), options["reference"], start, end)


def heard(this: "Subject", db: str, options: Mapping[str, Any]) -> "Heard":
    """What the members of the sessions that the options name said, in the ledger at `db`. Raises `RequestError`
    kinds."""
    from papertape.feeds.rows import EARLIEST, LATEST
    from papertape_ml.commands.train_stacking import heard as heard_in
    from papertape_ml.promotion.stances import Heard

    rows, candles, _ = heard_in(options["sessions"], db, this.label)
    start = EARLIEST if options["start"] is None else options["start"]
    return Heard(rows, candles, start, LATEST if options["end"] is None else options["end"])


def subject(registry: "Registry", row: "VersionRow") -> "Subject":
    """The version, loaded and checked."""
    from papertape.cli.options import home
    from papertape_ml.promotion.subject import subject_of
    from papertape_ml.serving.verdicts import Verdicts

    return subject_of(registry, row, Verdicts(home() / "verdicts"))
