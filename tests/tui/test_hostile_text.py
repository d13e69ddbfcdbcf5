"""Hostile texts in a ledger: every screen shows them as data, whatever they hold, and nothing else happens."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from tests.hostile import HOSTILE, acting, stored
from tests.tui.screens import app, until
from tests.tui.sessions import CREATED, play
from textual.pilot import Pilot
from textual.widgets import Input

from papertape.ledger import tables
from papertape.ledger.database import open_database
from papertape.tui.core.draft import Draft, Part
from papertape.tui.screens.dialogs import Pick
from papertape.tui.screens.draft import DraftScreen
from papertape.tui.screens.session import SessionScreen
from papertape.tui.screens.start import StartScreen
from papertape.tui.widgets.table import Table

TEXTS = [stored(text) for text in HOSTILE]
SYMBOLS = ["[/x]/USDT", "\u05e2\u05d1\u05e8\u05d9\u05ea/USDT", "\u6f22\u5b57" * 40 + "/USDT"]


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger's URL: a session `s` with hostile texts in every column that words go to, and 200 with hostile ids."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    play(url, "s", bars=60, feed={"kind": "sim", "symbols": SYMBOLS})
    database = open_database(url)
    with database.write() as connection:
        known = dict(connection.execute(select(tables.sessions)).mappings().one())
        for table, columns in (
            (tables.signals, ("reason", "metadata", "action")),
            (tables.orders, ("reason", "tag")),
            (tables.fills, ("note", "role")),
        ):
            for place, number in enumerate(connection.execute(select(table.c.seq)).scalars().all()):
                change = {name: TEXTS[(3 * place + turn) % len(TEXTS)] for turn, name in enumerate(columns)}
                connection.execute(update(table).where(table.c.seq == number).values(change))
        for place, text in enumerate(TEXTS):
            event = {"session": "s", "seq": 100_000 + place, "batch": 1, "at": 1_704_250_000_000 + place}
            said = {"plugin": text, "kind": ("error", text)[place % 2], "message": text, "traceback": text}
            connection.execute(insert(tables.plugin_events).values(event | said))
            note = {"source": text, "symbol": text, "kind": f"{place}{text}", "count": 1, "first_ts": 0, "last_ts": 0}
            connection.execute(insert(tables.notes).values({"session": "s", "example": text} | note))
            asked = json.dumps({"command": "disable", "plugin": HOSTILE[place]})
            command = {"session": "s", "id": 1 + place, "issued_at": 0, "command": asked, "applied_batch": None}
            connection.execute(insert(tables.commands).values(command))
            other = {"id": text, "created_at": CREATED - 1 - place, "symbols": json.dumps([text, TEXTS[place - 1]])}
            status = {"status": ("running", "failed", "stopped", "finished")[place % 4], "error": text}
            frame = {"timeframe": text[:40]} if place % 2 == 0 else {}
            connection.execute(insert(tables.sessions).values(known | other | status | frame))
        connection.execute(update(tables.sessions).where(tables.sessions.c.id == "s").values(error=TEXTS[0]))
    database.close()
    return url


def look(
    url: str, session: str | None, size: tuple[int, int], home: Path, do: Callable[[Pilot[None]], Awaitable[None]]
) -> None:
    async def body() -> None:
        async with app(url, session, home).run_test(size=size, notifications=True) as pilot:
            await do(pilot)

    asyncio.run(body())


def check(pilot: Pilot[None], where: object) -> str:
    """Every line of the screen is as wide as the screen, and holds nothing that acts; gives what it says."""
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
    for strip in strips:
        assert strip.cell_length == pilot.app.size.width, (where, ascii(strip.text))
        assert not acting(strip.text), (where, ascii(strip.text))
    return "\n".join(strip.text for strip in strips)


@pytest.mark.parametrize("size", [(80, 24), (120, 260)], ids=["small", "all rows at once"])
def test_no_control_byte_reaches_the_terminal_from_a_session(
    poisoned: str, size: tuple[int, int], tmp_path: Path
) -> None:
    async def all_panels(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen) and pilot.app.screen.view)
        said = check(pilot, "at first")
        for key in ("1", "2", "3", "4", "5", "6", "7", "end", "8", "right_square_bracket", "left_square_bracket"):
            await pilot.press(key)
            await pilot.pause()
            said += check(pilot, key)
        assert "[link=file:///etc/passwd]" in said or size[1] < 100, "shown as it is, and not as what it says"
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
        check(pilot, "the choice of a session")

    look(poisoned, "s", size, tmp_path, all_panels)


def test_sessions_of_any_name_are_listed_and_opened(poisoned: str, tmp_path: Path) -> None:
    async def from_the_list(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen) and pilot.app.screen.sessions)
        assert "[/x]" in check(pilot, "the list")
        await pilot.press("down", "enter")
        await until(pilot, lambda: "no timeframe" in check(pilot, "one that has none"))
        await pilot.press("escape", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen) and pilot.app.screen.view)
        check(pilot, "another one")

    look(poisoned, None, (110, 240), tmp_path, from_the_list)


def test_a_session_is_put_together_of_hostile_texts(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    named = tuple(Part("ema-cross", {"fast": text}, name=text) for text in HOSTILE[:100])
    unknown = tuple(Part(text, {text: text}) for text in HOSTILE[100:])
    draft = Draft(strategies=named, fusion=unknown, cash=HOSTILE[0], pace=HOSTILE[3])

    async def put_together(pilot: Pilot[None]) -> None:
        screen = DraftScreen(url, tmp_path, draft, HOSTILE[5])
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.problems)
        said = check(pilot, "the session's own values")
        assert "[link=file" in said, "shown as it is, and not as what it says"
        assert screen.draft is draft, "what is shown otherwise than it is has not changed"
        await pilot.press("down", "down")
        for place in range(0, 100, 9):
            screen.query_one("#parts", Table).key = screen.place = f"strategies.{place}"
            screen._show_fields()
            await until(pilot, lambda place=place: _typed(screen) == HOSTILE[place])  # type: ignore[misc]
            check(pilot, HOSTILE[place])
        line = screen.query(Input).first()
        line.focus()
        for text in HOSTILE[::7]:
            line.value = text
            await pilot.pause()
            check(pilot, text)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert pilot.app.screen is screen and not (tmp_path / "sessions").exists()

    look(url, None, (120, 230), tmp_path, put_together)


def _typed(screen: DraftScreen) -> str | None:
    line = next(iter(screen.query(Input)), None)
    return None if line is None else line.value
