"""`papertape train predictor`: a network over windows of candles."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from papertape.cli.output import Progress, print_table, print_text, say
from papertape.contract.errors import ConfigError
from papertape_ml.commands.train_options import Defaults, training_options
from papertape_ml.networks.windows import SEQUENCE

if TYPE_CHECKING:
    from papertape_ml.training.trained import Trained

DEFAULTS: Final = Defaults("price", ",".join(SEQUENCE), "direction:6c,18c,36c,72c")


@click.command()
@click.option(
    "--arch",
    type=click.Choice(["lstm", "tft"]),
    default="lstm",
    help="A bidirectional LSTM with attention, or a temporal fusion transformer, which gives quantiles too.",
)
@click.option("--epochs", type=click.IntRange(1), help="Most passes over the data. Default: 6, of tft 8.")
@click.option("--batch", type=click.IntRange(1), help="Windows that a step learns from. Default: 64.")
@click.option("--rate", type=float, help="The highest rate of learning. Default: 0.002, of tft 0.003.")
@click.option(
    "--calibration",
    type=click.Choice(["vector", "isotonic"]),
    default="vector",
    help="Isotonic needs 5,000 rows. Default: vector.",
)
@training_options(DEFAULTS)
def predictor(**options: Any) -> None:
    """Trains the price predictor: the probabilities of up, neutral and down at several horizons.

    It reads the last 60 candles of each symbol, ten features of each, and learns direction:H[,H...]. Its figures are of
    tests that lie after what each was learned from; the version that is registered learned from all of it.

    Example: papertape train predictor --arch tft --source candles/ --symbol BTC/USDT
    """
    began = time.monotonic()
    from papertape_ml.commands.train_output import check_place, finish

    check_place(options["registry"], options["db"])
    trained = trained_by(options)
    finish(trained, options, began)
    if not options["as_json"]:
        print_folds(trained)


def trained_by(options: Mapping[str, Any]) -> "Trained":
    """What the options of the command ask for, trained and not registered yet."""
    from papertape_ml.networks.library import device_named

    device_named(options["device"])  # before the candles are read
    from papertape_ml.commands.train_boosted import warn
    from papertape_ml.commands.train_material import Material, refuse
    from papertape_ml.networks.sequences import sequences
    from papertape_ml.networks.settings import preset
    from papertape_ml.networks.shape import default_shape
    from papertape_ml.networks.walk import train

    settings = preset(options["arch"], **_given(options))
    if options["table"] is not None:
        raise ConfigError("--table does not go with a predictor, whose windows need the features of every candle")
    material = Material.of(options, DEFAULTS)
    assert material.label is not None, "the command has a label"
    whole = sequences(material.candles, material.wanted, material.label)
    if options["check"]:
        refuse(material.leaks(whole.dataset))
        say(f"{len(whole.dataset):,} windows of {len(whole.dataset.names)} features hold nothing of the future")
    shape = default_shape(settings.arch, len(whole.dataset.names), whole.window, len(whole.horizons), settings.dropout)
    with Progress("train", unit="steps") as progress:

        def watch(step: str, done: int, most: int, loss: float | None) -> None:
            progress.label = step if loss is None else f"{step}, loss {loss:.4f}"
            progress.total = most
            progress.update(done)

        trained = train(whole, shape, settings, options["folds"], watch)
    warn(trained)
    return trained


def print_folds(trained: "Trained") -> None:
    """A line for each fold."""
    from papertape.market.timeframe import iso
    from papertape_ml.commands.train_output import shown

    keys = ("rows", "logloss", "skill", "accuracy", "ece")
    print_text("")
    print_table(
        ["fold", "tested from", "to", "epochs", *keys],
        [
            [number, iso(each["span"][0]), iso(each["span"][1]), each["epochs"], *(shown(each[key]) for key in keys)]
            for number, each in enumerate(trained.metrics["folds"], 1)
        ],
        "><<" + ">" * (1 + len(keys)),
    )


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the options name."""
    names = ("epochs", "batch", "rate", "calibration", "seed", "threads", "device")
    return {name: options[name] for name in names if options[name] is not None}
