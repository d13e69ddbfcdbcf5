"""Hostile text: whatever a name holds, what is shown of it is one line of harmless characters, of the length asked."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.tui.core.hostile import HOSTILE

from papertape.tui.core.text import LONGEST, aligned, shown


@pytest.mark.parametrize("text", HOSTILE, ids=[ascii(text[:12]) for text in HOSTILE])
@pytest.mark.parametrize("room", [0, 1, 2, 7, 40, None])
def test_what_is_shown_acts_on_no_terminal_and_fits(text: str, room: int | None) -> None:
    line = shown(text, room)
    assert all(unicodedata.category(char)[0] != "C" and unicodedata.category(char) not in ("Zl", "Zp") for char in line)
    assert cell_len(line) <= (LONGEST if room is None else room)
    assert len(line) <= 2 * LONGEST


@settings(max_examples=40)
@given(st.text(), st.integers(0, 60))
def test_any_text_fits_the_room_to_the_column(text: str, room: int) -> None:
    assert cell_len(shown(text, room)) <= room
    assert cell_len(aligned(shown(text), room)) == room
    assert cell_len(aligned(shown(text), room, right=True)) == room


def test_what_is_missing_is_said_by_an_ellipsis_and_nothing_else_is_changed() -> None:
    assert shown("ema-cross [x] 漢字 äöü") == "ema-cross [x] 漢字 äöü"
    assert shown("ema-cross", 5) == "ema-…"
    assert shown("x" * 10_000).endswith("…")
