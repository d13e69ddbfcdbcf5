"""`papertape train sizer`: how much of a book an entry is worth."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from papertape.cli.output import Progress, print_text, say
from papertape_ml.commands.train_options import Defaults, training_options

if TYPE_CHECKING:
    from papertape_ml.sizing.training import SizerConfig
    from papertape_ml.training.config import TrainConfig
    from papertape_ml.training.trained import Trained

DEFAULTS: Final = Defaults("sizer", "signal", "direction:6c")
_PERCENT = click.FloatRange(0, 100, max_open=True)


def signal_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of the models whose signals are learned from; `signals_config` reads them."""
    for option in reversed((
        click.option("--signals", type=click.Choice(["gated", "classifier"]), default="gated",
                     help="The kind of model whose signals are learned from. Default: gated."),
        click.option("--preset", type=click.Choice(["default", "seed"]), default="default",
                     help="Settings of its trees, as `train classifier` has them."),
        click.option("--backend", type=click.Choice(["xgboost", "lightgbm", "catboost"]), default="xgboost",
                     help="The library of its trees. Default: xgboost."),
        click.option("--cap", type=float, metavar="SHARE",
                     help="Most candles on which a gated one signals. Default: 0.15."),
        click.option("--top", type=click.IntRange(1), metavar="N",
                     help="It keeps the N features of the largest SHAP importance, chosen inside each fold."),
        click.option("--confidence", type=click.FloatRange(0, 1), default=0.0, metavar="P",
                     help="Least confidence of a signal. Default: 0."),
    )):  # fmt: skip
        function = option(function)
    return function


@click.command()
@click.option("--stop", type=_PERCENT, default=1.5, metavar="PERCENT", help="Of an entry; 0 for none. Default: 1.5.")
@click.option("--target", type=_PERCENT, default=3.0, metavar="PERCENT", help="Of an entry; 0 for none. Default: 3.")
@click.option("--short", is_flag=True, help="Trade falls too, on margin without leverage.")
@click.option(
    "--penalty", type=float, default=0.5, metavar="X",
    help="Log growth of 64 trades that makes up for a mean log drawdown of 1; 0 is off. Default: 0.5.",
)  # fmt: skip
@click.option("--rolls", type=click.IntRange(1, 20), default=3, help="How often the book is rolled. Default: 3.")
@signal_options
@training_options(DEFAULTS)
def sizer(**options: Any) -> None:
    """Trains a position sizer: what part of the book's equity an entry is worth, from 0 to 1.

    First models are trained walk-forward whose signals it learns from, each on what had ended before; then those are
    traded by the host's broker, and a network is fitted for the growth of that book. It is tested on the last signals,
    beside the best constant size, a fixed fraction and fractional Kelly.

    Example: papertape train sizer --source candles/ --symbol BTC/USDT --timeframe 1h
    """
    began = time.monotonic()
    from papertape_ml.commands.train_output import check_place, finish

    check_place(options["registry"], options["db"])
    trained = trained_by(options)
    finish(trained, options, began)
    if not options["as_json"]:
        print_over(trained)


def trained_by(options: Mapping[str, Any]) -> "Trained":
    """What the options of the command ask for, trained and not registered yet."""
    from papertape.engine.discovery import load_plugins
    from papertape_ml.commands.train_boosted import warn
    from papertape_ml.commands.train_material import Material, found, refuse
    from papertape_ml.sizing.training import sizing_set, train_sizer

    config = config_of(options)
    catalogue = found()
    material = Material.of(options, DEFAULTS, catalogue)
    dataset = material.dataset()
    if options["check"]:
        refuse(material.leaks(dataset))
        say(f"{len(dataset):,} rows of {len(dataset.names)} features hold nothing of the future")
    sizing = sizing_set(catalogue.find, dataset.timeframe, dataset.symbols, options["reference"])
    with Progress("train", unit="steps") as progress:

        def watch(step: str, done: int, most: int, loss: float | None) -> None:
            progress.label = step if loss is None else f"{step}, loss {loss:.4f}"
            progress.total = most
            progress.update(done)

        trained = train_sizer(dataset, material.candles, sizing, load_plugins(), config, watch)
    warn(trained)
    return trained


def config_of(options: Mapping[str, Any]) -> "SizerConfig":
    """How the options ask to train."""
    from papertape_ml.sizing.fitting import SizerSettings
    from papertape_ml.sizing.training import SizerConfig

    return SizerConfig(
        signals=signals_config(options),
        settings=SizerSettings(
            penalty=options["penalty"], seed=options["seed"], threads=options["threads"], device=options["device"]
        ),
        confidence=options["confidence"],
        stop=options["stop"] / 100 or None,
        target=options["target"] / 100 or None,
        short=options["short"],
        rolls=options["rolls"],
    )


def signals_config(options: Mapping[str, Any]) -> "TrainConfig":
    """How the models are trained whose signals are learned from, as `signal_options` ask for it."""
    from papertape_ml.models.settings import PRESETS
    from papertape_ml.training.config import TrainConfig

    return TrainConfig(
        kind=options["signals"],
        settings=replace(PRESETS[options["preset"]], backend=options["backend"], threads=options["threads"]),
        cap=options["cap"],
        folds=options["folds"],
        top=options["top"],
        seed=options["seed"],
    )


def print_over(trained: "Trained") -> None:
    """How sure its growth is beyond that of the best constant size."""
    over = trained.metrics["over"]
    if over["low"] is None:
        print_text("", "The test is too short to say whether it grows faster than one constant size.")
        return
    print_text(
        "",
        f"Log growth a candle beyond that of the one size that was best before: {over['growth']:+.3g} "
        f"(95 % bounds {over['low']:+.3g} and {over['high']:+.3g}, p = {over['p_value']:.3f}).",
    )
