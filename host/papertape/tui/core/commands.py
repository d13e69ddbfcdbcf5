"""Telling a session what to do: commands into its inbox, and what became of them."""

import json
from collections.abc import Iterable, Mapping

from papertape.contract.errors import LedgerError
from papertape.engine.tape import COMMAND, canonical
from papertape.ledger.records import TapeRow
from papertape.ledger.store import CommandRow, Ledger
from papertape.tui.core.views import CommandView

Command = Mapping[str, str]
"""As `papertape sessions command` leaves it: `command`, and for some of them `book` or `plugin`."""

PAUSE: Command = {"command": "pause"}
RESUME: Command = {"command": "resume"}
STOP: Command = {"command": "stop"}


def flatten(book: str | None = None) -> Command:
    """Closes every position of a book, or of all."""
    return {"command": "flatten"} if book is None else {"command": "flatten", "book": book}


def switch(plugin: str, on: bool) -> Command:
    """Has a plugin asked again, or not any more."""
    return {"command": "enable" if on else "disable", "plugin": plugin}


def words(command: Mapping[str, object]) -> str:
    """A command for people.

    >>> words({"command": "flatten", "book": "macd"}), words({"command": "flatten"}), words({"command": "pause"})
    ('flatten macd', 'flatten every book', 'pause')
    """
    order, book, plugin = command.get("command"), command.get("book"), command.get("plugin")
    if order == "flatten":
        return f"flatten {book or 'every book'}"
    return f"{order} {plugin}" if plugin else str(order)


def post(ledger: Ledger, session: str, commands: Iterable[Command], at: int) -> list[int]:
    """Leaves commands for the session's host, issued at `at`, ms UTC; their ids. Raises LedgerError where no host is at
    work, since nobody would obey."""
    if not ledger.is_owned(session):
        raise LedgerError(f"session {session} does not run, so nobody would obey")
    return [ledger.post(session, json.dumps(dict(command)), at) for command in commands]


def command_views(rows: Iterable[CommandRow], tape: Iterable[TapeRow], running: bool) -> tuple[CommandView, ...]:
    """The commands and how far each has come. One that took effect is on the tape, but for `stop`."""
    obeyed = {(row.batch - 1, row.payload) for row in tape if row.kind == COMMAND}
    views = []
    for row in rows:
        command = json.loads(row.command)
        batch = row.applied_batch
        taped = command.get("command") == "stop" or (batch, canonical(command)) in obeyed
        state = ("waiting" if running else "unheard") if batch is None else "done" if taped else "refused"
        views.append(CommandView(row.id, words(command), row.issued_at, batch, state))  # type: ignore[arg-type]
    return tuple(views)
