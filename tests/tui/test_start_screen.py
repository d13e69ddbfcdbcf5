"""The start screen: sessions listed, opened, resumed, replayed; and a new one put together, written and started."""

import asyncio
import json
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.tui.screens import app, said, until, until_said
from tests.tui.sessions import CREATED, play, running
from textual.pilot import Pilot
from textual.widgets import Input

from papertape.engine.discovery import load_plugins
from papertape.engine.verify import verify
from papertape.ledger.store import Ledger
from papertape.tui.core.draft import Draft
from papertape.tui.screens.draft import DraftScreen
from papertape.tui.screens.session import SessionScreen
from papertape.tui.screens.start import StartScreen
from papertape.tui.widgets.table import Table


def begin(
    url: str, home: Path, do: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (110, 32)
) -> None:
    async def body() -> None:
        async with app(url, home=home).run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen))
            await do(pilot)

    asyncio.run(body())


def test_sessions_are_listed_opened_left_and_switched(sqlite_url: str, tmp_path: Path) -> None:
    play(sqlite_url, "older", bars=30)
    play(sqlite_url, "newer", bars=30, created=CREATED + 1)

    async def look(pilot: Pilot[None]) -> None:
        text = await until_said(pilot, "older", "newer", "■ finished", "BTC/USDT ETH/USDT")
        assert text.index("newer") < text.index("older")
        await pilot.press("enter")
        await until_said(pilot, "newer", "30 of 30 batches", "Books")
        await pilot.press("s")
        await until_said(pilot, "Switch to a session")
        await pilot.press("down", "enter")
        await until_said(pilot, "older", "30 of 30 batches", "Books")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen))

    begin(sqlite_url, tmp_path, look)


def test_an_empty_ledger_says_what_to_do_and_a_session_is_put_together_and_started(
    sqlite_url: str, tmp_path: Path
) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "No session is here yet. Press n to put one together.")
        await pilot.press("n")
        await until_said(pilot, "New session", "✓ in order", "donchian-breakout")
        screen = pilot.app.screen
        assert isinstance(screen, DraftScreen)

        def draft() -> Draft:
            assert isinstance(screen, DraftScreen)
            return screen.draft

        await pilot.press("enter")
        fields = {each.parent.parameter: each for each in screen.query(Input)}  # type: ignore[union-attr]
        for name, value in (("bars", "0"), ("pace", "max")):
            fields[name].value = value
        await until_said(pilot, "bars must be a whole number from 1, was 0", "✗ cash, length, pace")
        await pilot.press("ctrl+s")  # not while something is wrong
        await pilot.pause(0.05)
        assert pilot.app.screen is screen and not (tmp_path / "sessions").exists()
        fields["bars"].value = "80"
        await until_said(pilot, "✓ in order")
        await pilot.press("escape", "question_mark")
        await until_said(pilot, "write the session file and start it")
        await pilot.press("escape", "down", "down", "delete", "delete")
        await until(pilot, lambda: [part.kind for part in draft().strategies][0] == "donchian-breakout")
        screen.query_one(Table).focus()
        await until_said(pilot, "+ add a risk rule")
        await pilot.press("end", "enter")
        await until_said(pilot, "Choose a risk rule", "max-drawdown")
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: draft().risk)
        await until_said(pilot, "✓ in order")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen), 30)
        await until_said(pilot, "80 of 80 batches", "donchian-breakout")

    begin(sqlite_url, tmp_path, look)
    document = tomllib.loads((tmp_path / "sessions" / "session-1.toml").read_text("utf-8"))
    assert (document["bars"], len(document["strategies"]), len(document["risk"])) == (80, 5, 1)
    with Ledger.open(sqlite_url) as ledger:
        (row,) = ledger.sessions()
        assert json.loads(row.config)["bars"] == 80


def test_a_stopped_session_goes_on_and_what_was_done_is_verified(sqlite_url: str, tmp_path: Path) -> None:
    with running(sqlite_url, "halted", bars=60, speed=3_000.0) as runner:
        while runner.session.journal.batch < 10:
            pass

    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "■ stopped", "Resume")
        await pilot.press("r")
        await until_said(pilot, "Resume halted: how fast?", "3600x")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen), 30)
        await until_said(pilot, "■ finished", "60 of 60 batches")

    begin(sqlite_url, tmp_path, look)
    with Ledger.open(sqlite_url) as ledger:
        assert verify(ledger, ledger.find("halted"), load_plugins(), lambda done: None).equal


def test_a_replay_begins_with_what_the_session_was(sqlite_url: str, tmp_path: Path) -> None:
    play(sqlite_url, "first", bars=30)

    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "first", "Replay")
        await pilot.press("y")
        await until_said(pilot, "Replay of first", "✓ in order", "rsi-reversion", "buy-and-hold (hold)")
        await pilot.press("down", "down")
        await until_said(pilot, "candles of the fast average")
        assert "bollinger" not in said(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen))

    begin(sqlite_url, tmp_path, look)


def test_what_keeps_a_session_from_starting_is_said(sqlite_url: str, tmp_path: Path) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await pilot.press("n")
        await until_said(pilot, "✓ in order")
        await pilot.press("enter")
        fields = {each.parent.parameter: each for each in pilot.app.screen.query(Input)}  # type: ignore[union-attr]
        fields["pace"].value = "soon"
        await pilot.pause(0.3)
        await until_said(pilot, "is no pace")

    begin(sqlite_url, tmp_path, look)


def test_a_ledger_that_cannot_be_read_is_not_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no database" * 400)

    async def body() -> None:
        async with app(f"sqlite:///{tmp_path / 'ledger.db'}", home=tmp_path).run_test(size=(80, 24)) as pilot:
            text = await until_said(pilot, "is not a database file", "name another with --db")
            assert "No session is here yet" not in text

    asyncio.run(body())
