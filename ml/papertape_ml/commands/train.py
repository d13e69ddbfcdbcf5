"""`papertape train`: one command per kind of model, imported when it is named."""

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click

from papertape.cli.options import with_common_options


class Entry(NamedTuple):
    """Where a command lives, and its short help, so that `--help` imports none of them."""

    module: str
    attribute: str
    help: str


_BOOSTED = "papertape_ml.commands.train_boosted"
KINDS: Mapping[str, Entry] = {
    "classifier": Entry(_BOOSTED, "classifier", "The signal classifier: the probabilities of buy, sell and hold."),
    "gated": Entry(_BOOSTED, "gated", "A gate and a direction as one model, which acts on a capped share of candles."),
    "gate": Entry(_BOOSTED, "gate", "A gate: whether to act at all."),
    "direction": Entry(_BOOSTED, "direction", "A direction: up or down, given that there is a move."),
    "tpsl": Entry(_BOOSTED, "tpsl", "The TP/SL classifier: whether a target comes before the stop."),
    "predictor": Entry(
        "papertape_ml.commands.train_predictor", "predictor", "The price predictor: up, neutral or down, by horizon."
    ),
    "range": Entry(
        "papertape_ml.commands.train_range", "range_", "The range predictor: how high and how low the price goes."
    ),
    "sizer": Entry("papertape_ml.commands.train_sizer", "sizer", "The position sizer: how much an entry is worth."),
    "stacking": Entry(
        "papertape_ml.commands.train_stacking", "stacking", "An ensemble, out of what the members of a session said."
    ),
    "rl": Entry("papertape_ml.commands.train_rl", "rl", "A policy, by reinforcement learning in the host's engine."),
    "trials": Entry("papertape_ml.commands.train_trials", "trials", "Every trial of a search for settings."),
}


class Trainers(click.Group):
    """A group over a table of entries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the table's order."""
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None if there is none."""
        if cmd_name not in KINDS:
            return None
        entry = KINDS[cmd_name]
        return with_common_options(getattr(import_module(entry.module), entry.attribute))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in KINDS.items()])


@click.command(cls=Trainers)
def train() -> None:
    """Trains a model on candles, tests it walk-forward, and registers it as a candidate.

    Example: papertape train classifier --source candles/ --symbol BTC/USDT
    """
