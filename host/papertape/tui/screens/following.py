"""The worker that follows a session: it looks, posts what it saw, and never touches a widget."""

from collections.abc import Callable
from threading import Event
from time import monotonic

from textual.message import Message

from papertape.contract.errors import PapertapeError, UnknownSession
from papertape.tui.core.follower import Follower
from papertape.tui.messages import Looked, LookFailed
from papertape.tui.tidying import ANSWERED

LIVELY, CALM, TROUBLED = 1 / 12, 1.0, 2.0
"""Seconds from one look to the next: at a session that runs, at one that does not, after one that failed."""
KEPT_BACK = 0.25
"""Seconds for which keys that follow each other may keep a look back."""


class Following:
    """Looks again and again until it is stopped, in a thread of its own. At most one view is on its way to the screen:
    a screen that is busy is not told what is old by the time it hears it. And as long as a view took to be read and
    painted, so long nothing is done: keys have half of the time, whatever the size of the session and the machine.
    While a key is being answered no look begins: it would take the interpreter from the answer. `untouched`: seconds
    since somebody pressed a key.
    """

    def __init__(self, follower: Follower, post: Callable[[Message], object], untouched: Callable[[], float]) -> None:
        self._follower = follower
        self._post = post
        self._untouched = untouched
        self._stopped = Event()
        self._wake = Event()
        self._heard = Event()
        self._heard.set()
        self.watched = True
        """Whether anybody looks at the screen; else it looks seldom."""

    def heard(self) -> None:
        """The screen has painted the last view."""
        self._heard.set()

    def hurry(self) -> None:
        """Has the next look come at once."""
        self._wake.set()

    def stop(self) -> None:
        """Ends it, after the look under way."""
        self._stopped.set()
        self._wake.set()
        self._heard.set()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def run(self) -> None:
        """The loop."""
        before = None
        while not self.stopped:
            self._let_keys_pass()
            began, pause = monotonic(), CALM
            try:
                view = self._follower.look()
                if view is not before:
                    self._heard.clear()
                    self._post(Looked(view))
                    self._heard.wait(CALM)  # a screen behind another one paints nothing
                before = view
                took = monotonic() - began
                if self.watched and (self._follower.behind or view.running):
                    pause = max(took, 0.0 if self._follower.behind else LIVELY - took)
            except PapertapeError as error:
                before, pause = None, TROUBLED
                self._post(LookFailed(str(error), isinstance(error, UnknownSession)))
            self._wake.wait(pause)
            self._wake.clear()
        self._follower.close()

    def _let_keys_pass(self) -> None:
        latest = monotonic() + KEPT_BACK
        while (left := min(ANSWERED - self._untouched(), latest - monotonic())) > 0 and not self.stopped:
            self._stopped.wait(left)
