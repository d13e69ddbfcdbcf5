"""What workers tell screens."""

from dataclasses import dataclass

from textual.message import Message

from papertape.tui.core.draft import Draft, Problem
from papertape.tui.core.indicators import Choosable, Indicators
from papertape.tui.core.views import SessionLine, SessionView


@dataclass
class Looked(Message, bubble=False):
    """A look at the session gave this view."""

    view: SessionView


@dataclass
class LookFailed(Message, bubble=False):
    """A look failed; there will be others. `gone`: the session itself is not there."""

    reason: str
    gone: bool


@dataclass
class IndicatorsReady(Message, bubble=False):
    """Indicators can be drawn; or why not."""

    indicators: Indicators | None
    trouble: str = ""


@dataclass
class IndicatorsListed(Message, bubble=False):
    """What indicators there are to choose from."""

    choices: tuple[Choosable, ...]


@dataclass
class Listed(Message, bubble=False):
    """The ledger's newest sessions; or why they could not be read."""

    sessions: tuple[SessionLine, ...]
    total: int
    trouble: str = ""


@dataclass
class CommandPosted(Message, bubble=False):
    """Commands are in the session's inbox; or why they are not."""

    words: str
    ids: tuple[int, ...]
    trouble: str = ""


@dataclass
class Checked(Message, bubble=False):
    """A draft was checked: all that is known to be wrong with it."""

    draft: Draft
    problems: tuple[Problem, ...]


@dataclass
class Launched(Message, bubble=False):
    """A session's host is at work; or why it is not."""

    session: str
    trouble: str = ""


@dataclass
class SessionWanted(Message):
    """Somebody wants to see a session; `instead`: of what the screen shows now. `begun`: it was started from here."""

    session: str
    instead: bool = False
    begun: bool = False
