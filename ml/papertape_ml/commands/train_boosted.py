"""`papertape train classifier`, `gate`, `direction`, `gated` and `tpsl`: boosted trees."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from papertape.cli.output import Progress, print_table, print_text, say
from papertape_ml.commands.train_options import Defaults, training_options

if TYPE_CHECKING:
    from papertape_ml.commands.train_material import Material
    from papertape_ml.data import Dataset
    from papertape_ml.search.search import Chosen
    from papertape_ml.training.config import TrainConfig
    from papertape_ml.training.fit import Watch
    from papertape_ml.training.trained import Trained


class _Kind(NamedTuple):
    """`learns`: the labels that it takes, in words."""

    defaults: Defaults
    help: str


_MOVE: Final = "direction:6c"
OBJECTIVES: Final = ("logloss", "brier", "ece", "accuracy", "sharpe", "net-return")
PRUNERS: Final = ("median", "hyperband", "none")
"""As `papertape_ml.search` has them, which a test holds; it is imported only when a search is made."""
_KINDS: Final[Mapping[str, _Kind]] = {
    "classifier": _Kind(
        Defaults("signal", "signal", _MOVE),
        "Trains the signal classifier: the probabilities of buy, sell and hold.\n\nIt learns direction:H and "
        "triple-barrier:SL,TP,H; up is a buy, down a sell.",
    ),
    "gated": _Kind(
        Defaults("gated", "signal", _MOVE),
        "Trains a gate and a direction as one model, which acts on a capped share of the candles.\n\nIt learns "
        "direction:H and triple-barrier:SL,TP,H, and answers like the classifier.",
    ),
    "gate": _Kind(
        Defaults("gate", "signal", _MOVE),
        "Trains a gate: whether to act at all, on a capped share of the candles.\n\nIt learns act:H, and of "
        "direction:H and triple-barrier:SL,TP,H whether there was a move.",
    ),
    "direction": _Kind(
        Defaults("direction", "signal", _MOVE),
        "Trains a direction: up or down, given that there is a move.\n\nIt learns direction:H and "
        "triple-barrier:SL,TP,H from the rows that moved alone, and is tested on such.",
    ),
    "tpsl": _Kind(
        Defaults("tpsl", "signal", "tp-before-sl:1.5,3,24h"),
        "Trains the TP/SL classifier: whether a target comes before the stop.\n\nIt learns tp-before-sl:SL,TP,H.",
    ),
}


def boosted_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of boosted trees."""
    for option in reversed((
        click.option("--preset", type=click.Choice(["default", "seed"]), default="default",
                     help="Settings: slow, shallow and stopped early (default), or 500 deep trees, never stopped."),
        click.option("--backend", type=click.Choice(["xgboost", "lightgbm", "catboost"]), default="xgboost",
                     help="The library. Default: xgboost."),
        click.option("--calibration", type=click.Choice(["vector", "isotonic", "auto"]), default="vector",
                     help="Isotonic needs 5,000 rows; auto takes it from there on. Default: vector."),
        click.option("--cap", type=float, metavar="SHARE",
                     help="Most candles that a model of two classes acts on. Default: 0.15 for a gate."),
        click.option("--missing", type=click.Choice(["keep", "drop"]), default="keep",
                     help="Rows that lack a feature's value. Default: keep."),
        click.option("--top", type=click.IntRange(1), metavar="N",
                     help="Keep the N features of the largest SHAP importance, chosen inside each fold."),
        click.option("--search", type=click.IntRange(2), metavar="N",
                     help="First search for settings, until the study has N trials, pruned ones too."),
        click.option("--objective", type=click.Choice([*OBJECTIVES]), default="logloss",
                     help="What the search looks for. Default: logloss."),
        click.option("--study", metavar="URL", help="Database of studies. Default: a file in PAPERTAPE_HOME."),
        click.option("--study-name", metavar="S", help="To go on with. Default: follows from what is searched."),
        click.option("--pruner", type=click.Choice([*PRUNERS]), default="median",
                     help="Which trials are given up early. Default: median."),
    )):  # fmt: skip
        function = option(function)
    return function


def _command(kind: str) -> click.Command:
    @boosted_options
    @training_options(_KINDS[kind].defaults)
    def command(**options: Any) -> None:
        began = time.monotonic()
        from papertape_ml.commands.train_output import check_place, finish

        check_place(options["registry"], options["db"])
        trained = trained_by(kind, options)
        finish(trained, options, began)
        if not options["as_json"]:
            print_folds(trained)

    text = (
        f"{_KINDS[kind].help}\n\nIts figures are of tests that lie after what each was learned from; the version that "
        f"is registered learned from all of it.\n\nExample: papertape train {kind} --source candles/ --symbol BTC/USDT"
    )
    return click.command(kind, help=text)(command)


def trained_by(kind: str, options: Mapping[str, Any]) -> "Trained":
    """What the options of a command ask for, trained and not registered yet."""
    from papertape_ml.commands.train_material import Material, refuse
    from papertape_ml.training.classifiers import train

    for given in ("study", "study_name"):
        if options[given] is not None and options["search"] is None:
            raise click.UsageError(f"--{given.replace('_', '-')} goes with --search")
    config = config_of(kind, options)
    material = Material.of(options, _KINDS[kind].defaults)
    dataset = material.dataset(options["missing"])
    if options["check"]:
        refuse(material.leaks(dataset))
        say(f"{len(dataset):,} rows of {len(dataset.names)} features hold nothing of the future")
    with Progress("train", unit="rounds") as progress:

        def watch(step: str, done: int, most: int, loss: float | None) -> None:
            progress.label = step if loss is None else f"{step}, loss {loss:.4f}"
            progress.total = most
            progress.update(done)

        chosen = None if options["search"] is None else searched(dataset, material, config, options, watch)
        if chosen is not None:
            config = chosen.config
            _warn_of(chosen.report, "each test of the search")
        trained = train(dataset, material.candles, material.wanted, config, watch)
    warn(trained)
    return trained if chosen is None else replace(trained, metrics={**trained.metrics, "search": chosen.report})


def searched(
    dataset: "Dataset", material: "Material", config: "TrainConfig", options: Mapping[str, Any], watch: "Watch"
) -> "Chosen":
    """The settings that a search has chosen."""
    from papertape.cli.options import home
    from papertape_ml.search.search import Wanted, identity_of, search
    from papertape_ml.search.study import default_name, place_of

    wanted = Wanted(options["search"], options["objective"], options["pruner"])
    name = options["study_name"] or default_name(options["name"], identity_of(dataset, config, wanted))
    place = place_of(options["study"], home(), name)
    say(f"searching: {place.shown}")
    return search(dataset, material.candles, config, wanted, place, watch)


def config_of(kind: str, options: Mapping[str, Any]) -> "TrainConfig":
    """How the options ask to train."""
    from papertape_ml.models.settings import PRESETS
    from papertape_ml.training.config import TrainConfig

    settings = replace(
        PRESETS[options["preset"]], backend=options["backend"], threads=options["threads"], device=options["device"]
    )
    return TrainConfig(
        kind=kind,
        settings=settings,
        calibration=options["calibration"],
        cap=options["cap"],
        folds=options["folds"],
        top=options["top"],
        seed=options["seed"],
    )


def warn(trained: "Trained") -> None:
    """Says on stderr what was done otherwise than it should be."""
    _warn_of(trained.config, "each test")


def _warn_of(kept: Mapping[str, Any], test: str) -> None:
    embargo, needed = kept["embargo"], kept["needed_embargo"]
    if embargo < needed:
        say(
            f"the embargo before {test} is {embargo / 3_600_000:.1f} h, shorter than the {needed / 3_600_000:.1f} h "
            "that features remember: those would take too much of this history"
        )


def print_folds(trained: "Trained") -> None:
    """A line for each fold."""
    from papertape.market.timeframe import iso
    from papertape_ml.commands.train_output import shown

    keys = ("rows", "logloss", "prior_logloss", "skill", "accuracy", "ece", "net_return", "sharpe", "trades")
    folds = trained.metrics["folds"]
    there = [key for key in keys if key in folds[0]]
    print_text("")
    print_table(
        ["fold", "tested from", "to", "rounds", *there],
        [
            [number, iso(each["span"][0]), iso(each["span"][1]), "+".join(map(str, each["rounds"])),
             *(shown(each[key]) for key in there)]
            for number, each in enumerate(folds, 1)
        ],
        ">" + "<<" + ">" * (1 + len(there)),
    )  # fmt: skip


classifier, gated, gate, direction, tpsl = (_command(kind) for kind in _KINDS)
