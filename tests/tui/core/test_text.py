"""Hostile text: whatever a name holds, what is shown of it is one line of harmless characters, of the length asked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.hostile import HOSTILE, acting

from papertape.tui.core.text import LONGEST, aligned, shown


@pytest.mark.parametrize("room", [0, 1, 2, 7, 40, None])
def test_what_is_shown_acts_on_no_terminal_and_fits(room: int | None) -> None:
    for text in HOSTILE:
        line = shown(text, room)
        assert not acting(line), ascii(text)
        assert cell_len(line) <= (LONGEST if room is None else room), ascii(text)
        assert len(line) <= 2 * LONGEST, ascii(text)


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
