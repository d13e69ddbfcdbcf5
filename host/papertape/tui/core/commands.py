"""Telling a session what to do: commands into its inbox, and what became of them."""

import json
from collections.abc import Iterable, Mapping

from papertape.contract.errors import LedgerError
from papertape.engine.pacing import read_pace
from papertape.engine.tape import COMMAND, PACE, canonical
from papertape.ledger.records import TapeRow
from papertape.ledger.store import CommandRow, Ledger
from papertape.market.timeframe import period
from papertape.tui.core.views import CommandView

Command = Mapping[str, str]
"""As `papertape sessions command` leaves it: `command`, and for some of them `book`, `plugin` or `pace`."""
PACES = ("realtime", "10x", "60x", "600x", "3600x", "36000x", "max")
"""Those that one goes through by key, the slowest first."""

PAUSE: Command = {"command": "pause"}
RESUME: Command = {"command": "resume"}
STOP: Command = {"command": "stop"}
STEP: Command = {"command": "step"}


def flatten(book: str | None = None) -> Command:
    """Closes every position of a book, or of all."""
    return {"command": "flatten"} if book is None else {"command": "flatten", "book": book}


def switch(plugin: str, on: bool) -> Command:
    """Has a plugin asked again, or not any more."""
    return {"command": "enable" if on else "disable", "plugin": plugin}


def restart(plugin: str) -> Command:
    """Has a plugin begin anew."""
    return {"command": "restart", "plugin": plugin}


def pace(word: str) -> Command:
    """Has a session that is not live go at another pace."""
    return {"command": "pace", "pace": word}


def beside(word: str, by: int) -> str:
    """The pace above or below one; the fastest and the slowest stay.

    >>> beside("60x", 1), beside("100x", -1), beside("max", 1)
    ('600x', '60x', 'max')
    """
    speed = _speed(word)
    others = [each for each in PACES if (_speed(each) > speed if by > 0 else _speed(each) < speed)]
    return word if not others else others[0 if by > 0 else -1]


def _speed(word: str) -> float:
    speed = read_pace(word)
    return float("inf") if speed is None else speed


def words(command: Mapping[str, object]) -> str:
    """A command for people.

    >>> words({"command": "flatten", "book": "macd"}), words({"command": "flatten"}), words({"command": "pause"})
    ('flatten macd', 'flatten every book', 'pause')
    """
    order = str(command.get("command"))
    if order == "flatten":
        return f"flatten {command.get('book') or 'every book'}"
    return " ".join([order, *(str(command[key]) for key in ("plugin", "pace") if key in command)])


def post(ledger: Ledger, session: str, commands: Iterable[Command], at: int) -> list[int]:
    """Leaves commands for the session's host, issued at `at`, ms UTC; their ids. Raises LedgerError where no host is at
    work, since nobody would obey."""
    if not ledger.is_owned(session):
        raise LedgerError(f"session {session} does not run, so nobody would obey")
    return [ledger.post(session, json.dumps(dict(command)), at) for command in commands]


def stop_all(ledger: Ledger, sessions: Iterable[str], at: int) -> None:
    """Asks sessions to stop, at `at`, ms UTC; one that has ended meanwhile needs no asking."""
    for session in running(ledger, sessions):
        post(ledger, session, [STOP], at)


def running(ledger: Ledger, sessions: Iterable[str]) -> list[str]:
    """Those of some sessions whose host is at work."""
    return [session for session in sessions if ledger.is_owned(session)]


def paces(entries: Iterable[TapeRow], pace: str, moving: str) -> tuple[str, str]:
    """The pace, and the last one at which the session moved, after more entries of its tape about that; empty where it
    was held from the start, and has not moved but by steps."""
    for entry in entries:
        command = json.loads(entry.payload)
        pace = command["pace"] if command["command"] == "pace" else "hold"
        if pace != "hold":
            moving = pace
        elif entry.batch == 0 and moving == "max":  # what a tape means that says nothing
            moving = ""
    return pace, moving


def watchable(timeframe: str) -> str:
    """The slowest pace of `PACES` at which a candle comes every second, or the fastest that is not full.

    >>> watchable("1m"), watchable("15m"), watchable("1w")
    ('60x', '3600x', '36000x')
    """
    fit = [word for word in PACES[:-1] if _speed(word) * 1_000 >= period(timeframe)]
    return fit[0] if fit else PACES[-2]


def command_views(rows: Iterable[CommandRow], tape: Iterable[TapeRow], running: bool) -> tuple[CommandView, ...]:
    """The commands and how far each has come. One that took effect is on the tape, but for `stop`, which ends it."""
    obeyed = {(row.batch - 1, row.payload) for row in tape if row.kind in (COMMAND, PACE)}
    views = []
    for row in rows:
        command = json.loads(row.command)
        batch = row.applied_batch
        taped = command.get("command") == "stop" or (batch, canonical(command)) in obeyed
        state = ("waiting" if running else "unheard") if batch is None else "done" if taped else "refused"
        views.append(CommandView(row.id, words(command), row.issued_at, batch, state))  # type: ignore[arg-type]
    return tuple(views)
