"""`papertape train stacking`: what the stances of a session's strategies together say of the market."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import Progress, print_table, print_text
from papertape_ml.commands.models_options import opened, registry_option

if TYPE_CHECKING:
    from papertape.contract.model import ModelPin
    from papertape_ml.data import Dataset
    from papertape_ml.data.build import Market
    from papertape_ml.labels import LabelSpec
    from papertape_ml.registry.protocol import Registry
    from papertape_ml.stacking.stances import Stances
    from papertape_ml.training.trained import Trained

_FOLDS: Final = 5


@click.command()
@click.option("--session", "sessions", multiple=True, required=True, metavar="ID", help="That ran. Repeatable.")
@click.option("--horizon", default="6c", metavar="H", help="Of the move: 6c for candles, 4h, 1d. Default: 6c.")
@click.option("--name", default="stacking", metavar="M", help="The model's. Default: stacking.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=7, help="Of the bootstraps. Default: 7.")
@click.option("--folds", type=click.IntRange(1, 100), default=_FOLDS, metavar="N", help=f"Tests. Default: {_FOLDS}.")
@registry_option
@db_option
@json_option
def stacking(**options: Any) -> None:
    """Trains an ensemble: the probabilities of up, down and neutral out of the stances of a session's strategies.

    It learns from sessions in the ledger, which are folded again for what their members said at each close. What a
    member said in the time that its own model had learned from is left out. The fusion `stacking` serves it, in a
    session of the same members.

    Example: papertape train stacking --session f2y64g --horizon 6c
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
    from papertape_ml.labels import parse
    from papertape_ml.stacking.training import StackingConfig, train_stacking

    dataset, candles, sessions = heard(options["sessions"], options["db"], parse(f"direction:{options['horizon']}"))
    return train_stacking(dataset, candles, sessions, StackingConfig(folds=options["folds"], seed=options["seed"]))


def heard(asked: Sequence[str], db: str, spec: "LabelSpec") -> "tuple[Dataset, Market, list[str]]":
    """The rows of sessions in the ledger at `db`, the candles by the dataset's symbols, and the sessions' full ids.

    Raises `RequestError` kinds."""
    from papertape.engine.discovery import load_plugins
    from papertape.ledger.store import Ledger
    from papertape_ml.live.drift import session_candles
    from papertape_ml.stacking.rows import rows_of
    from papertape_ml.stacking.stances import stances_of

    plugins, found = load_plugins(), []
    with Ledger.open(db) as ledger:
        for session in dict.fromkeys(asked):
            row = ledger.find(session)
            with Progress(f"fold {row.id}", row.snapshots, "batches") as progress:
                stances = stances_of(ledger, row, plugins, progress.update)
            found.append((stances, session_candles(ledger, row, plugins)))
    ends = {pin: end for stances, _ in found for pin, end in _ends(stances, db).items()}
    dataset, candles = rows_of(found, spec, ends.__getitem__)
    return dataset, candles, [stances.session for stances, _ in found]


def _ends(stances: "Stances", db: str) -> dict["ModelPin", int]:
    """The last time that each version knows of which a session's members followed, by the registry that it is from."""
    from papertape.engine.models import REGISTRY
    from papertape_ml.errors import WrongInputs

    if not stances.pins:
        return {}
    if stances.store.kind != REGISTRY:
        raise WrongInputs(
            f"the models of session {stances.session} come from the store {stances.store.kind}, "
            "which does not say what they had learned from"
        )
    path = str(stances.store.params.get("path") or "")
    with opened(Path(path).expanduser() if path else None, db) as registry:
        return {pin: _end(registry, pin) for pin in stances.pins}


def _end(registry: "Registry", pin: "ModelPin") -> int:
    from papertape_ml.errors import WrongInputs
    from papertape_ml.promotion.subject import learned_to

    manifest = registry.manifest(pin.name, pin.version)
    if manifest.checksum != pin.checksum:
        raise WrongInputs(f"{pin} of {registry.place} is not the version that the session followed")
    end = learned_to(manifest)
    if end is None:
        raise WrongInputs(
            f"{pin} does not say which time it learned from: nothing that its member said is known to be unseen"
        )
    return end


def print_folds(trained: "Trained") -> None:
    """A line for each fold."""
    from papertape.market.timeframe import iso
    from papertape_ml.commands.train_output import shown

    keys = ("rows", "ridge", "logloss", "vote_logloss", "prior_logloss", "skill", "accuracy", "ece")
    print_text("")
    print_table(
        ["fold", "tested from", "to", *keys],
        [
            [number, iso(each["span"][0]), iso(each["span"][1]), *(shown(each[key]) for key in keys)]
            for number, each in enumerate(trained.metrics["folds"], 1)
        ],
        "><<" + ">" * len(keys),
    )
