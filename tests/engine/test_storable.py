"""Any text at all can be kept; text that can be kept anyway stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.engine.storable import storable

anything = st.text(st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\0\x1f\x1b\n\ud800\udfff"))


@given(anything)
def test_what_comes_out_is_utf8_without_nul_and_without_the_digests_separator(text: str) -> None:
    kept = storable(text)
    kept.encode("utf-8")
    assert "\0" not in kept and "\x1f" not in kept
    assert storable(kept) == kept


@pytest.mark.parametrize(
    "text", ["", "breakout over 20 days", "Ausbruch 🚀 über", "two\nlines\tand a tab", "\x1b[31mred\x1b[0m"]
)
def test_what_can_be_kept_stays_as_it_is(text: str) -> None:
    assert storable(text) == text


def test_the_rest_is_written_out() -> None:
    assert storable("a\0b\x1fc\ud83dd") == "a\\x00b\\x1fc\\ud83dd"
