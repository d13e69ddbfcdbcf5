"""`papertape tui`: the terminal UI."""

import time
from pathlib import Path

import click

from papertape.cli.options import db_option, home


@click.command()
@click.argument("file", metavar="[SESSION.toml]", required=False, type=click.Path())
@click.option("--session", metavar="ID", help="The session to show first; one that runs can be steered.")
@db_option
def tui(file: str | None, session: str | None, db: str) -> None:
    """The terminal UI: starts sessions, watches those that run or ran, and steers them.

    It reads the ledger, so a session may run anywhere, and goes on when the screen is closed. A session file is shown
    to be looked over; Ctrl-S starts it.

    \b
    Examples:
      papertape tui
      papertape tui --session 7f3k
      papertape tui session.toml
    """
    from papertape.cli.session_file import read_file
    from papertape.contract.errors import ConfigError, MissingExtra
    from papertape.engine.config import read_config
    from papertape.ledger.store import Ledger

    try:
        from papertape.tui.app import PapertapeApp
        from papertape.tui.core.draft import draft_of
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("textual", "rich"):
            raise
        raise MissingExtra("the terminal UI", "tui") from error
    if file is not None and session is not None:
        raise ConfigError("--session is for one that is there, SESSION.toml for a new one: leave one of them out")
    name = draft = None
    if file is not None:
        draft = draft_of(read_config(read_file(str(Path(file).absolute())))), file
    if session is not None:
        with Ledger.open(db) as ledger:
            name = ledger.find(session).id
    PapertapeApp(db, home(), lambda: int(time.time() * 1000), name, draft).run()
