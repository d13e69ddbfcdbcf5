"""How the feed of a session stands, in words; and what is offered to whom."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.tui.sessions import play

from papertape.tui.core.follower import Follower
from papertape.tui.core.views import SessionView, SymbolView
from papertape.tui.screens.session import SessionScreen
from papertape.tui.widgets.status_bar import feed_state

STALE = (SymbolView("A", "fresh", 0, 1.0), SymbolView("B", "stale", 0, 1.0))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> SessionView:
    """A session as if it were live and ran."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    play(url, "first", bars=30)
    return replace(Follower(url, "first").look(), status="running", live=True, pace="", delay=900)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "fresh"),
        ({"muted": True}, "feed muted"),
        ({"data": STALE}, "1 of 2 stale"),
        ({"delay": 3 * 3_600_000, "muted": True}, "backfilling, 3 h behind"),
        ({"delay": 60_000}, "fresh"),
        ({"delay": 90_000, "status": "stopped"}, "fresh"),
    ],
)
def test_the_feed_is_fresh_stale_muted_or_backfilling(
    live: SessionView, changes: Mapping[str, Any], state: str
) -> None:
    assert feed_state(replace(live, **changes))[0] == state


def offered(view: SessionView) -> set[str]:
    screen = SessionScreen("sqlite://", "first", lambda: 0, lambda: 60.0)
    screen.view = view
    actions = ("pause", "go_on", "hold", "run", "step", "pace", "flatten", "switch_plugin", "restart_plugin", "stop")
    return {action for action in actions if screen.check_action(action, ())}


def test_a_live_session_is_offered_no_pace_and_one_that_ended_nothing(live: SessionView) -> None:
    always = {"flatten", "switch_plugin", "restart_plugin", "stop"}
    assert offered(live) == {"pause", *always}
    assert offered(replace(live, live=False, pace="60x")) == {"pause", "hold", "step", "pace", *always}
    held = replace(live, live=False, pace="hold", paused=True)
    assert offered(held) == {"go_on", "run", "step", "pace", *always}
    assert offered(replace(held, status="finished")) == set()
