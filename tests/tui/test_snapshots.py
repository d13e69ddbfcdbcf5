"""What the session screen says at every size, held against texts that somebody has looked at.

`PAPERTAPE_SNAPSHOTS=write` writes them anew; then they are to be looked at again.
"""

import asyncio
import os
from pathlib import Path

import pytest
from tests.tui.screens import SIZES, app, said, until
from tests.tui.sessions import play
from textual.pilot import Pilot

from papertape.tui.screens.session import SessionScreen

KEPT = Path(__file__).with_name("snapshots")
PANELS = {"1": "chart", "2": "books", "3": "equity", "4": "positions", "5": "signals", "6": "votes", "8": "log"}
"""All panels but the state's, which has measured times in it."""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger's URL with a session `first` that has ended."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    play(url, "first", bars=400, risk={"kind": "max-drawdown", "limit": 0.01})
    return url


def body_of(pilot: Pilot[None]) -> str:
    """The screen without its first line, which names the ledger's file."""
    return "\n".join(said(pilot).splitlines()[1:]) + "\n"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_panels_of_a_session_look_as_they_did_when_they_were_looked_at(ended: str, size: tuple[int, int]) -> None:
    async def look() -> None:
        async with app(ended, "first").run_test(size=size) as pilot:
            await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen) and pilot.app.screen.view)
            for key, panel in PANELS.items():
                await pilot.press(key)
                file = KEPT / f"{panel}-{size[0]}x{size[1]}.txt"
                if os.environ.get("PAPERTAPE_SNAPSHOTS") == "write":
                    await pilot.pause(2.0)
                    KEPT.mkdir(exist_ok=True)
                    file.write_text(body_of(pilot), "utf-8")
                kept = file.read_text("utf-8")
                try:
                    await until(pilot, lambda kept=kept: body_of(pilot) == kept, 20.0)  # type: ignore[misc]
                except AssertionError:
                    assert body_of(pilot) == kept, file.name

    asyncio.run(look())
