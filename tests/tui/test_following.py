"""The worker that looks: it gives a screen time to paint, and does not wait for one that paints nothing."""

from threading import Thread
from time import monotonic, sleep

import pytest
from tests.tui.sessions import play
from textual.message import Message

from papertape.tui.core.follower import Follower
from papertape.tui.messages import Looked
from papertape.tui.screens import following
from papertape.tui.screens.following import Following
from papertape.tui.tidying import ANSWERED


class Slow(Follower):
    """A reader that sees something new each time, and notes when it looked."""

    def __init__(self, url: str, session: str) -> None:
        super().__init__(url, session)
        self.looked: list[float] = []

    def look(self):  # type: ignore[no-untyped-def]
        self.looked.append(monotonic())
        self._shown = None
        return super().look()

    @property
    def behind(self) -> bool:
        return True


def test_after_a_view_that_took_long_to_paint_as_long_a_rest_follows(sqlite_url: str) -> None:
    play(sqlite_url, "s", bars=5)
    reader, told = Slow(sqlite_url, "s"), list[Message]()
    worker = Following(reader, told.append, lambda: 60.0)
    thread = Thread(target=worker.run)
    thread.start()
    for _ in range(3):
        while not told:
            sleep(0.005)
        assert isinstance(told.pop(), Looked)
        sleep(0.1)  # it is painted
        worker.heard()
    worker.stop()
    thread.join()
    gaps = [later - sooner for sooner, later in zip(reader.looked, reader.looked[1:], strict=False)][:2]
    assert min(gaps) >= 0.2


def test_a_screen_that_paints_nothing_holds_it_up_no_longer_than_a_moment(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(sqlite_url, "s", bars=5)
    monkeypatch.setattr(following, "CALM", 0.05)
    told = list[Message]()
    worker = Following(Slow(sqlite_url, "s"), told.append, lambda: 60.0)
    thread = Thread(target=worker.run)
    thread.start()
    while len(told) < 3:
        sleep(0.005)
    worker.stop()
    thread.join()


def first_look(worker: Following, told: list[Message]) -> Message:
    """What it tells first; it is stopped then."""
    thread = Thread(target=worker.run)
    thread.start()
    while not told:
        sleep(0.005)
    worker.stop()
    thread.join()
    return told[0]


def test_no_look_begins_while_a_key_is_being_answered(sqlite_url: str) -> None:
    play(sqlite_url, "s", bars=5)
    pressed, reader, told = monotonic(), Slow(sqlite_url, "s"), list[Message]()
    first_look(Following(reader, told.append, lambda: monotonic() - pressed), told)
    assert reader.looked[0] - pressed >= ANSWERED


def test_keys_without_end_keep_it_back_for_a_moment_only(sqlite_url: str) -> None:
    play(sqlite_url, "s", bars=5)
    told = list[Message]()
    assert isinstance(first_look(Following(Slow(sqlite_url, "s"), told.append, lambda: 0.0), told), Looked)
