"""Full garbage collections come when nobody presses a key, and by themselves again when the screen is closed."""

import asyncio
import gc
from pathlib import Path

import pytest
from tests.tui.screens import app

from papertape.tui import tidying


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The oldest generation of each collection that somebody asked for."""
    asked: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda generation=2: asked.append(generation))
    return asked


def test_only_while_it_is_quiet(collections: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(tidying, "monotonic", lambda: now[0])
    tidy = tidying.Tidying()
    now[0] += tidying.QUIET + 1
    tidy.touched()
    tidy.tidy()
    assert not collections, "somebody has just pressed a key"
    now[0] += tidying.QUIET + 1
    tidy.tidy()
    assert collections == [2]


def test_what_is_new_is_swept_once_the_last_key_has_its_answer(
    collections: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(tidying, "monotonic", lambda: now[0])
    tidy = tidying.Tidying()
    now[0] += tidying.ANSWERED / 2
    tidy.sweep()
    assert not collections, "its answer may still be on its way"
    now[0] += tidying.ANSWERED
    tidy.sweep()
    assert collections == [1]


def test_the_app_takes_them_over_hears_keys_and_leaves_them(sqlite_url: str, tmp_path: Path) -> None:
    before = gc.get_threshold()

    async def body() -> None:
        screen = app(sqlite_url, None, tmp_path)
        async with screen.run_test() as pilot:
            assert gc.get_threshold()[2] == tidying.NEVER
            screen._tidying._touched = 0.0
            await pilot.press("question_mark")
            assert screen._tidying._touched > 0.0
        assert gc.get_threshold() == before

    asyncio.run(body())
