"""NO_COLOR: no colour is sent at all, and the screen says the same."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from tests.tui.screens import app, until, until_said
from tests.tui.sessions import play
from textual.pilot import Pilot
from textual.widgets import Input

from papertape.tui.screens.session import SessionScreen


def sent(pilot: Pilot[None]) -> Iterator[Segment]:
    """What the terminal is sent."""
    for strip in pilot.app.screen._compositor.render_strips(pilot.app.size):
        yield from strip


def check(pilot: Pilot[None]) -> list[Style]:
    styles = [style for _, style, _ in sent(pilot) if style is not None]
    for style in styles:
        for colour in (style.color, style.bgcolor):
            assert colour is None or colour.is_default, style
    return styles


def test_no_colour_is_sent_and_what_was_told_by_one_is_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    play(url, "first", bars=60)

    async def body() -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        async with app(url, "first", tmp_path).run_test(size=(110, 36)) as pilot:
            await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen) and pilot.app.screen.view)
            for key in "1245678":
                await pilot.press(key)
                await pilot.pause()
                assert any(style.reverse for style in check(pilot)), "the cursor, or the newest price"
            await pilot.press("2", "t")
            await pilot.pause()
            titles = [text for text, style, _ in sent(pilot) if style is not None and style.reverse]
            assert any("Books" in text for text in titles), "the panel with the keyboard"
            check(pilot)
            await pilot.press("escape", "n")
            await until_said(pilot, "New session", "✓ in order")
            check(pilot)
            edges = pilot.app.screen.query(Input).first().styles.border_left[0]
            assert edges, "an empty line to type in is seen"

    asyncio.run(body())
