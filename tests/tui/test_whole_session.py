"""A session's whole life from the screen alone: put together, started, paused, a plugin disabled, flattened, gone on,
a model promoted under it, stopped; and its tape verifies."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.tui import models
from tests.tui.screens import app, until, until_said
from tests.tui.sessions import installed
from textual.pilot import Pilot
from textual.widgets import Input

from papertape.engine.verify import verify
from papertape.ledger.records import PredictionRow, TapeRow
from papertape.ledger.store import Ledger
from papertape.tui.core.views import SessionView
from papertape.tui.screens.draft import DraftScreen
from papertape.tui.screens.session import SessionScreen
from papertape.tui.widgets.table import Table
from papertape_ml.tui.gates import Gates
from papertape_ml.tui.screen import ModelsScreen


async def go_to(pilot: Pilot[None], table: Table, key: str) -> None:
    """Moves a table's cursor to a row, by keys."""
    table.focus()
    await until(pilot, lambda: key in [row.key for row in table.rows])
    await pilot.press("home", *["down"] * [row.key for row in table.rows].index(key))


async def choose(pilot: Pilot[None], title: str, key: str) -> None:
    """Chooses a row in a dialog."""
    await until_said(pilot, title)
    await go_to(pilot, pilot.app.screen.query_one("#choices", Table), key)
    await pilot.press("enter")


async def put_together(pilot: Pilot[None]) -> None:
    await pilot.press("n")
    await until_said(pilot, "New session", "✓ in order")
    screen = pilot.app.screen
    assert isinstance(screen, DraftScreen)
    await pilot.press("enter")
    fields = {each.parent.parameter: each for each in screen.query(Input)}  # type: ignore[union-attr]
    fields["bars"].value, fields["pace"].value = "", "480x"
    await pilot.press("escape")
    await go_to(pilot, screen.query_one("#parts", Table), "+strategies")
    await pilot.press("enter")
    await choose(pilot, "Choose a strategy", "classifier")
    await until(pilot, lambda: [part.kind for part in screen.draft.strategies][-1] == "classifier")
    await until_said(pilot, "✓ in order")
    await pilot.press("ctrl+s")
    await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen) and pilot.app.screen.view, 60)


async def steer(pilot: Pilot[None], screen: SessionScreen) -> None:
    def view() -> SessionView:
        assert screen.view is not None
        return screen.view

    def book_status(name: str) -> str:
        return next(book.status for book in view().books if book.name == name)

    await until_said(pilot, "● running", "Pause")
    await until(pilot, lambda: view().positions, 60)
    await pilot.press("p")
    await until(pilot, lambda: view().paused)
    await pilot.press("d")
    await choose(pilot, "Disable or enable a plugin", "ema-cross")
    await until_said(pilot, "Ask ema-cross nothing more?")
    await pilot.press("y")
    await until(pilot, lambda: book_status("ema-cross") == "disabled")
    await pilot.press("f")
    await until_said(pilot, "every book")
    await pilot.press("enter")
    await until_said(pilot, "Close every position of every book")
    await pilot.press("y")
    await until(pilot, lambda: not view().positions)
    await pilot.press("p")
    await until(pilot, lambda: not view().paused)


async def promote(pilot: Pilot[None], candles: Path) -> None:
    await pilot.press("m")
    await until(pilot, lambda: isinstance(pilot.app.screen, ModelsScreen), 20)
    await until_said(pilot, "@2", "★ champion", "● ")  # what answers in the running session is marked
    await go_to(pilot, pilot.app.screen.query_one("#versions", Table), "signal@2")
    await pilot.press("p")
    await until_said(pilot, "Promote signal@2")
    pilot.app.screen.query_one("#field-sources", Input).value = str(candles)
    await pilot.press("enter")
    await until_said(pilot, "signal@2 for champion")
    screen = pilot.app.screen
    assert isinstance(screen, Gates)
    await until(pilot, lambda: screen.judged, 60)
    await until_said(pilot, "every gate lets it in")
    await pilot.press("enter")
    await until_said(pilot, "signal@champion points to version 2 now")
    await until(pilot, lambda: isinstance(pilot.app.screen, ModelsScreen))
    await until(pilot, lambda: "picked up at" in told(pilot), 30)
    await pilot.press("6")
    await until_said(pilot, "picked up at", "● answers")
    await pilot.press("escape")


def told(pilot: Pilot[None]) -> str:
    return "\n".join(note.message for note in pilot.app._notifications)


def test_a_session_is_started_steered_and_stopped_from_the_screen_alone_and_verifies(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path))
    with models.in_ledger(sqlite_url) as registry:
        models.fill(registry)
    candles = models.candles(tmp_path)

    async def live(pilot: Pilot[None]) -> None:
        await put_together(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, SessionScreen)
        await steer(pilot, screen)
        await promote(pilot, candles)
        await until(pilot, lambda: pilot.app.screen is screen)
        after = screen.view.batch if screen.view else 0
        await until(pilot, lambda: screen.view and screen.view.batch > after + 3, 20)
        await pilot.press("x")
        await until_said(pilot, "Stop session")
        await pilot.press("y")
        await until(pilot, lambda: screen.view and screen.view.status == "stopped", 30)

    async def body() -> None:
        async with app(sqlite_url, home=tmp_path).run_test(size=(120, 40), notifications=True) as pilot:
            await live(pilot)

    asyncio.run(body())
    with Ledger.open(sqlite_url) as ledger:
        (row,) = ledger.sessions()
        taped = [json.loads(entry.payload) for entry in ledger.rows(row.id, TapeRow, of_kinds=("command", "model"))]
        assert [one.get("command", one.get("version")) for one in taped] == ["pause", "disable", "flatten", "resume", 2]
        said = {one.version: one.batch for one in ledger.rows(row.id, PredictionRow)}
        assert set(said) == {1, 2} and said[2] > said[1]
        assert verify(ledger, row, installed(), lambda done: None).equal
