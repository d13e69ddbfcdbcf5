"""`papertape train range`: how high and how low the price goes."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from papertape.cli.output import Progress, print_table, print_text, say
from papertape_ml.commands.train_options import Defaults, training_options

if TYPE_CHECKING:
    from papertape_ml.training.trained import Trained

DEFAULTS: Final = Defaults("range", "signal", "range:6,18,36,72")


@click.command("range")
@click.option("--missing", type=click.Choice(["keep", "drop"]), default="keep",
              help="Rows that lack a feature's value. Default: keep.")  # fmt: skip
@training_options(DEFAULTS)
def range_(**options: Any) -> None:
    """Trains the range predictor: quantiles of the highest high and the lowest low at several horizons.

    It learns range:N[,N...], N in candles, as multiples of atr_pct, which must be among the features. Its figures are
    of tests that lie after what each was learned from; the version that is registered learned from all of it.

    Example: papertape train range --source candles/ --symbol BTC/USDT
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
    from dataclasses import replace

    from papertape_ml.commands.train_boosted import warn
    from papertape_ml.commands.train_material import Material, refuse
    from papertape_ml.models.ranges.fitting import DEFAULT
    from papertape_ml.training.ranges import train

    settings = replace(DEFAULT, seed=options["seed"], threads=options["threads"], device=options["device"])
    material = Material.of(options, DEFAULTS)
    dataset = material.dataset(options["missing"])
    if options["check"]:
        refuse(material.leaks(dataset))
        say(f"{len(dataset):,} rows of {len(dataset.names)} features hold nothing of the future")
    with Progress("train", unit="rounds") as progress:

        def watch(step: str, done: int, most: int, loss: float | None) -> None:
            progress.label = step if loss is None else f"{step}, loss {loss:.4f}"
            progress.total = most
            progress.update(done)

        trained = train(dataset, material.wanted, options["folds"], settings, watch)
    warn(trained)
    return trained


def print_folds(trained: "Trained") -> None:
    """A line for each fold."""
    from papertape.market.timeframe import iso
    from papertape_ml.commands.train_output import shown

    keys = ("rows", "pinball", "skill", "coverage", "beyond")
    print_text("")
    print_table(
        ["fold", "tested from", "to", *keys],
        [
            [number, iso(each["span"][0]), iso(each["span"][1]), *(shown(each[key]) for key in keys)]
            for number, each in enumerate(trained.metrics["folds"], 1)
        ],
        "><<" + ">" * len(keys),
    )
