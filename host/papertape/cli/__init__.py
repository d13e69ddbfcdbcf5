"""The command line. One file per command group; nothing heavy is imported before a command needs it."""

import click

from papertape import __version__
from papertape.cli.options import common_options
from papertape.cli.root import Entry, Root

COMMANDS = {
    "run": Entry(
        "papertape.cli.run",
        "run",
        "Runs a paper session: candles in, strategies asked, orders filled with paper money, all of it kept.",
    ),
    "tui": Entry(
        "papertape.cli.tui", "tui", "The terminal UI: starts sessions, watches those that run or ran, and steers them."
    ),
    "sessions": Entry(
        "papertape.cli.sessions", "sessions", "What ran, what came of it, and what to tell a session that runs."
    ),
    "why": Entry(
        "papertape.cli.why", "why", "Says why a session traded, or did not, at a candle: the whole chain behind it."
    ),
    "plugins": Entry("papertape.cli.plugins", "plugins", "What is installed, from where, and whether it is in order."),
    "data": Entry("papertape.cli.data", "data", "Candles in the local store, and what candle files are worth."),
    "features": Entry(
        "papertape.cli.features", "features", "The feature catalogue, tables of features, and the proof that they hold."
    ),
    "train": Entry(
        "papertape_ml.commands.train",
        "train",
        "Trains a model on candles, tests it walk-forward, and registers it as a candidate.",
    ),
    "models": Entry(
        "papertape_ml.commands.models",
        "models",
        "Models: their versions, what each is worth, and the aliases that point to them.",
    ),
    "db": Entry("papertape.cli.db", "db", "The ledger's schema, its health, and a copy of it."),
    "doctor": Entry(
        "papertape.cli.doctor", "doctor", "Says whether this machine, ledger, plugins and models are fit to run."
    ),
    "completion": Entry(
        "papertape.cli.completion", "completion", "Prints the lines that teach a shell to complete papertape."
    ),
}

cli = Root(
    "papertape",
    table=COMMANDS,
    params=common_options(),
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Paper-trade live, recorded and simulated markets with plugin strategies. Never with real money.

    Everything papertape keeps is in the folder PAPERTAPE_HOME (default ~/.papertape).
    A backtest is `papertape run --feed replay`.

    \b
    Example:
      papertape run --bars 2000
    """,
)
click.version_option(__version__, "-V", "--version", prog_name="papertape")(cli)
