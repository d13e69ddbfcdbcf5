"""Hostile texts in a session's ledger: the screen shows them as data, whatever they hold, and nothing else happens."""

import asyncio
import json
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from tests.tui.core.hostile import HOSTILE
from tests.tui.screens import SIZES, app, until
from tests.tui.sessions import play
from textual.pilot import Pilot

from papertape.ledger import tables
from papertape.ledger.database import open_database
from papertape.tui.screens.session import SessionScreen


def poison(url: str) -> None:
    """Puts a hostile text into every column of the session that a person's or a plugin's words go to."""
    database = open_database(url)
    texts = [text.encode("utf-8", "backslashreplace").decode() for text in HOSTILE]
    with database.write() as connection:
        for table, key, columns in (
            (tables.signals, "seq", ("reason", "metadata", "action")),
            (tables.orders, "seq", ("reason", "tag")),
            (tables.fills, "seq", ("note", "role")),
        ):
            for place, number in enumerate(connection.execute(select(table.c[key])).scalars().all()):
                change = {name: texts[(place + turn) % len(texts)] for turn, name in enumerate(columns)}
                connection.execute(update(table).where(table.c[key] == number).values(change))
        newest = max(connection.execute(select(tables.signals.c.seq)).scalars()) + 1_000
        for place, text in enumerate(texts):
            event = {"session": "s", "seq": newest + place, "batch": 1, "at": 1_704_250_000_000 + place}
            said = {"plugin": text, "kind": "error", "message": text, "traceback": text}
            connection.execute(insert(tables.plugin_events).values(event | said))
            note = {"source": text, "symbol": text, "kind": f"gap{place}", "count": 1, "first_ts": 0, "last_ts": 0}
            connection.execute(insert(tables.notes).values({"session": "s", "example": text} | note))
            command = {
                "session": "s",
                "id": 1 + place,
                "issued_at": 0,
                "command": json.dumps({"command": "disable", "plugin": text}),
            }
            connection.execute(insert(tables.commands).values(command | {"applied_batch": None}))
        connection.execute(update(tables.sessions).values(error=texts[0]))
    database.close()


@pytest.mark.parametrize("size", [SIZES[0], SIZES[1]])
def test_no_control_byte_reaches_the_terminal_and_nothing_falls_over(
    sqlite_url: str, size: tuple[int, int], tmp_path: Path
) -> None:
    play(sqlite_url, "s", bars=60, feed={"kind": "sim", "symbols": ["[/x]/USDT", "עברית/USDT"]})
    poison(sqlite_url)

    async def look(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen) and pilot.app.screen.view)
        for key in ("1", "2", "3", "4", "5", "6", "7", "8", "right_square_bracket", "1", "f1"):
            await pilot.press(key)
            await pilot.pause()
            for strip in pilot.app.screen._compositor.render_strips(pilot.app.size):
                assert strip.cell_length == size[0]
                acting = [char for char in strip.text if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
                assert not acting, (key, strip.text)
        await pilot.press("s")
        await pilot.pause(0.2)

    async def body() -> None:
        async with app(sqlite_url, "s", tmp_path).run_test(size=size, notifications=True) as pilot:
            await look(pilot)

    asyncio.run(body())
