"""`papertape sessions command` and `stop`: what to tell a session that runs, through its inbox in the ledger."""

import json
from typing import TYPE_CHECKING

import click

from papertape.cli.clock import now
from papertape.cli.options import db_option
from papertape.cli.output import print_text
from papertape.contract.errors import ConfigError, LedgerError

if TYPE_CHECKING:
    from papertape.ledger.store import Ledger, SessionRow

COMMANDS = ("pause", "resume", "flatten", "disable", "enable", "restart", "pace", "step")
_TAKES = {"disable": "the name of a plugin", "enable": "the name of a plugin", "restart": "the name of a plugin"}
_TAKES |= {"pace": "a pace: max, realtime, hold, or a multiple of real time such as 60x"}


@click.command()
@click.argument("session")
@db_option
def stop(session: str, db: str) -> None:
    """Asks a running session to end cleanly after the step under way.

    Example: papertape sessions stop 7f3k
    """
    with _ledger(db) as ledger:
        row = ledger.find(session)
        _post(ledger, row, {"command": "stop"})
    print_text(f"session {row.id} will stop; go on with it by `papertape run --resume {row.id}`")


@click.command()
@click.argument("session")
@click.argument("order", type=click.Choice(COMMANDS))
@click.argument("what", metavar="[PLUGIN|PACE]", required=False)
@click.option("--book", help="Flatten this book alone.")
@db_option
def command(session: str, order: str, what: str | None, book: str | None, db: str) -> None:
    """Tells a running session what to do. It goes on the tape.

    pause, resume: have it trade nothing, and go on trading. flatten: close every position. disable, enable, restart
    PLUGIN: ask a strategy or fusion nothing more; ask it again; have it begin anew. pace PACE: how fast a session that
    is not live goes, with `hold` for not at all. step: one batch, and hold.

    \b
    Examples:
      papertape sessions command 7f3k pause
      papertape sessions command 7f3k restart macd
      papertape sessions command 7f3k flatten --book ema-cross
      papertape sessions command 7f3k pace 60x
    """
    from papertape.engine.pacing import read_pace

    if (what is not None) != (order in _TAKES):
        raise ConfigError(f"{order} takes {_TAKES.get(order, 'no plugin')}")
    if book is not None and order != "flatten":
        raise ConfigError("--book goes with flatten alone")
    document = {"command": order, **({"book": book} if book else {})}
    if order == "pace":
        read_pace(what)
    if what is not None:
        document["pace" if order == "pace" else "plugin"] = what
    with _ledger(db) as ledger:
        row = ledger.find(session)
        _check(row, order, document)
        _post(ledger, row, document)
    print_text(f"session {row.id} will {' '.join(filter(None, (order, what)))} before one of its next batches")


def _ledger(db: str) -> "Ledger":
    from papertape.ledger.database import open_database
    from papertape.ledger.store import Ledger

    return Ledger(open_database(db))


def _check(row: "SessionRow", order: str, document: dict[str, str]) -> None:
    """Raises `ConfigError` for what the session could not carry out."""
    from papertape.engine.config import read_config, unique_names

    config = read_config(json.loads(row.config))
    if order in ("pace", "step") and config.feed.kind == "exchange":
        raise ConfigError(f"session {row.id} is live: the market has its own pace, so there is no {order}")
    strategies = unique_names(config.strategies)
    books = (*strategies, *unique_names(config.fusion, strategies))
    for name in (document[key] for key in ("plugin", "book") if key in document):
        if name not in books:
            raise ConfigError(f"session {row.id} has no {name!r}; it has {', '.join(books)}")


def _post(ledger: "Ledger", row: "SessionRow", document: dict[str, str]) -> None:
    if not ledger.is_owned(row.id):
        status = "interrupted" if row.status == "running" else row.status
        cure = "" if status == "finished" else f"; `papertape run --resume {row.id}` goes on with it"
        raise LedgerError(f"session {row.id} does not run ({status}), so nobody would obey{cure}")
    ledger.post(row.id, json.dumps(document), now())
