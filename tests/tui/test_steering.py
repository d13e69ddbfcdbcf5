"""Every control of the session screen, by its keys, on one session that runs; what was done stands on its tape."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.tui.screens import NOW, app, said, until, until_said
from tests.tui.sessions import installed, running
from textual.pilot import Pilot

from papertape.engine.runner import Runner
from papertape.engine.verify import verify
from papertape.ledger.store import Ledger
from papertape.tui.app import PapertapeApp
from papertape.tui.core.views import SessionView
from papertape.tui.screens.session import SessionScreen

Look = Callable[[Pilot[None]], Awaitable[None]]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Runner]]:
    """A ledger's URL, and what runs the session `live` in it: 10 batches a second."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    with running(url, "live", speed=600.0) as runner:
        yield url, runner
    with Ledger.open(url) as ledger:
        assert verify(ledger, ledger.find("live"), installed(), lambda done: None).equal


def steer(url: str, do: Look) -> None:
    async def body() -> None:
        async with app(url, "live").run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen) and pilot.app.screen.view)
            await do(pilot)

    asyncio.run(body())


def view(pilot: Pilot[None]) -> SessionView:
    screen = pilot.app.screen_stack[-1] if isinstance(pilot.app.screen, SessionScreen) else pilot.app.screen_stack[-2]
    assert isinstance(screen, SessionScreen) and screen.view is not None
    return screen.view


def test_a_session_is_held_stepped_and_let_go(host: tuple[str, Runner]) -> None:
    url, runner = host

    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "● running", "600x", "Hold", "Step")
        await pilot.press("space")
        await until_said(pilot, "‖ held", "Run", "took effect after batch")
        held = runner.session.journal.batch
        await pilot.press("full_stop")
        await until(pilot, lambda: view(pilot).batch == held + 1)
        await pilot.press("full_stop", "full_stop")
        await until(pilot, lambda: view(pilot).batch == held + 3)
        assert runner.session.journal.batch == held + 3 and view(pilot).held
        await pilot.press("space")
        await until(pilot, lambda: view(pilot).pace == "600x" and view(pilot).batch > held + 4)

    steer(url, look)


def test_one_that_was_held_from_the_start_goes_on_at_a_pace_that_can_be_watched(sqlite_url: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "‖ held", "Run")
        await pilot.press("7")
        await until_said(pilot, "space has it go on at 60x")
        await pilot.press("space")
        await until_said(pilot, "● running", "60x", "pace 60x", "took effect after batch")

    with running(sqlite_url, "live", speed=0.0):
        steer(sqlite_url, look)


def test_it_goes_faster_and_slower_from_pace_to_pace(host: tuple[str, Runner]) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await pilot.press("greater_than_sign")
        await until_said(pilot, "● running", "3600x")
        await pilot.press("less_than_sign")
        await until_said(pilot, "● running", "600x")

    steer(host[0], look)


def test_trading_is_paused_and_goes_on(host: tuple[str, Runner]) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await pilot.press("p")
        await until_said(pilot, "‖ paused: nothing is traded", "Trade")
        await pilot.press("p")
        await until(pilot, lambda: not view(pilot).paused)

    steer(host[0], look)


def test_one_book_alone_is_flattened(host: tuple[str, Runner]) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: any(one.book == "hold" for one in view(pilot).positions))
        await pilot.press("space")
        await until(pilot, lambda: view(pilot).held)
        await pilot.press("f")
        await until_said(pilot, "every book", "Flatten")
        rows = [row.key for row in pilot.app.screen.query_one("#choices").rows]  # type: ignore[attr-defined]
        await pilot.press(*["down"] * rows.index("hold"), "enter")
        await until_said(pilot, "Close every position of hold at the next candle")
        await pilot.press("y")
        await until(pilot, lambda: view(pilot).commands[-1].state == "done")
        assert view(pilot).commands[-1].words == "flatten hold"
        assert sum(one.book == "hold" and one.role == "exit" for one in view(pilot).orders) == 2
        await pilot.press("full_stop")  # at the open of the next candle
        await until(pilot, lambda: not any(one.book == "hold" for one in view(pilot).positions))
        await pilot.press("space")
        await until(pilot, lambda: not view(pilot).held)

    steer(host[0], look)


def test_a_disabled_plugin_is_restarted_after_a_question(host: tuple[str, Runner]) -> None:
    url, runner = host

    async def look(pilot: Pilot[None]) -> None:
        await pilot.press("d")
        await until_said(pilot, "Disable or enable a plugin")
        await pilot.press("down", "enter")
        await until_said(pilot, "Ask rsi-reversion nothing more?")
        await pilot.press("y")
        await until(pilot, lambda: view(pilot).plugins[1].status == "disabled")
        before = runner.session.strategies[1].strategy
        await pilot.press("r")
        await until_said(pilot, "Restart a plugin", "begin anew, and be asked")
        await pilot.press("down", "enter")
        await until_said(pilot, "Have rsi-reversion begin anew")
        await pilot.press("y")
        await until(pilot, lambda: view(pilot).plugins[1].status == "ok")
        assert runner.session.strategies[1].strategy is not before
        assert [one.words for one in view(pilot).commands[-2:]] == ["disable rsi-reversion", "restart rsi-reversion"]
        await pilot.press("7")
        await until_said(pilot, "restart rsi-reversion", "✓ done")

    steer(url, look)


def test_what_is_not_harmless_is_not_done_by_one_key_nor_by_escape(host: tuple[str, Runner]) -> None:
    async def look(pilot: Pilot[None]) -> None:
        before = len(view(pilot).commands)
        for key in "fdrkx":
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(pilot.app.screen, SessionScreen))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen))
        assert view(pilot).running and len(view(pilot).commands) == before

    steer(host[0], look)


def test_leaving_asks_about_a_session_that_was_started_from_here(host: tuple[str, Runner]) -> None:
    url, _ = host

    async def body() -> None:
        mine = PapertapeApp(url, Path("/nowhere"), lambda: NOW, "mine", begun=True)
        async with mine.run_test(size=(100, 30), notifications=True) as pilot:
            await until_said(pilot, "● running")
            await pilot.press("q")
            await until_said(pilot, "Session mine still runs", "leave it running", "stop it")
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen))
            await pilot.press("q")
            await until_said(pilot, "Session mine still runs")
            await pilot.press("down", "enter")
            await until(pilot, lambda: not mine.is_running)

    with running(url, "mine", speed=600.0), Ledger.open(url) as ledger:
        asyncio.run(body())
        for _ in range(200):
            if ledger.find("mine").status == "stopped":
                return
            time.sleep(0.02)
        raise AssertionError("it was not stopped")


def test_two_sessions_are_attached_and_switched_between(host: tuple[str, Runner], tmp_path: Path) -> None:
    url, _ = host

    async def look(pilot: Pilot[None]) -> None:
        with running(url, "other", speed=600.0):
            await pilot.press("s")
            await until_said(pilot, "Switch to a session", "other")
            rows = [row.key for row in pilot.app.screen.query_one("#choices").rows]  # type: ignore[attr-defined]
            await pilot.press("home", *["down"] * rows.index("other"), "enter")
            await until_said(pilot, "other", "● running")
            await until(pilot, lambda: view(pilot).id == "other" and view(pilot).batch > 2)
            await pilot.press("space")
            await until_said(pilot, "‖ held")
            await pilot.press("s")
            await until_said(pilot, "Switch to a session")
            await pilot.press("home", *["down"] * rows.index("live"), "enter")
            await until(pilot, lambda: view(pilot).id == "live")
            assert not view(pilot).held and "‖ held" not in said(pilot)

    steer(url, look)
