"""What a screen says, as text, and waiting for it to say something."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from papertape.tui.app import PapertapeApp

SIZES = ((80, 24), (120, 40), (200, 60))
NOW = 1_750_000_000_000


def app(url: str, session: str | None = None, home: Path = Path("/nowhere")) -> PapertapeApp:
    return PapertapeApp(url, home, lambda: NOW, session)


def said(pilot: Pilot[None]) -> str:
    """Every line of the screen as a terminal would show it."""
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
    return "\n".join(strip.text.rstrip() for strip in strips)


async def until(pilot: Pilot[None], met: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits until something holds."""
    clock = asyncio.get_running_loop()
    end = clock.time() + seconds
    while clock.time() < end:
        if met():
            return
        await pilot.pause(0.05)
    raise AssertionError(f"it never came to that; the screen says\n{said(pilot)}")


async def until_said(pilot: Pilot[None], *texts: str) -> str:
    """Waits until all of the texts are on the screen; gives what it says then."""
    await until(pilot, lambda: all(text in said(pilot) for text in texts))
    return said(pilot)
