"""What reaches the terminal: exact, aligned, and harmless whatever the data are called."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.cli import output

HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07",
    "\x1b]52;c;aGk=\x1b\\",
    "evil\u202egnp.exe",
    "a\rb",
    "tab\there",
    "delete\x7f",
    "c1\x9b31m",
    "zero\u200bwidth",
    "line\u2028end",
    "lone\ud800surrogate",
]


@given(st.text())
def test_printable_text_holds_nothing_that_acts_on_a_terminal(text: str) -> None:
    assert output.printable(text).isprintable() or not any(
        char in output.printable(text) for char in "\x1b\r\n\t\x07\x9b\u202e\u2066\u200b"
    )


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_reaches_no_stream_raw(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["name", name], [[name, 1]])
    output.print_json({name: name})
    output.print_text(name)
    output.say(name)
    printed = "".join(capsys.readouterr())
    assert all(char == "\n" or char.isprintable() for char in printed)


def test_a_table_is_aligned_and_ends_no_line_in_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["book", "trades"], [["ema-cross", 7], ["grid", 1234]], align="<>")
    assert capsys.readouterr().out == "book       trades\nema-cross       7\ngrid         1234\n"


def test_a_table_without_rows_prints_its_headers(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["book", "trades"], [])
    assert capsys.readouterr().out == "book  trades\n"


def test_wide_and_combining_characters_keep_the_columns_straight(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["name", "n"], [["日本", 1], ["cafe\u0301", 2]])
    assert capsys.readouterr().out == "name  n\n日本  1\ncafe\u0301  2\n"


def test_on_a_narrow_terminal_the_widest_column_gives_way(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "24")
    monkeypatch.setenv("NO_COLOR", "1")
    output.print_table(["name", "reason"], [["grid", "the market was closed that day"]])
    head, row = capsys.readouterr().out.splitlines()
    assert head == "name  reason"
    assert row == "grid  the market was cl…" and output.width(row) == 24


def test_off_a_terminal_nothing_is_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    output.print_table(["reason"], [["x" * 200]])
    assert "x" * 200 in capsys.readouterr().out


def test_json_is_one_document_with_plain_decimals(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"cash": Decimal("1E+3"), "none": None, "ratio": 0.5})
    assert json.loads(capsys.readouterr().out) == {"cash": "1000", "none": None, "ratio": 0.5}


def test_json_refuses_what_is_no_number() -> None:
    with pytest.raises(ValueError):
        output.print_json({"sharpe": float("nan")})


def test_messages_go_to_stderr_and_details_wait_for_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("working")
    output.say("a detail", level=1)
    assert capsys.readouterr() == ("", "working\n")


def test_progress_is_silent_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with output.Progress("replay", total=10) as progress:
        progress._due = 0.0
        progress.update(5)
    assert capsys.readouterr() == ("", "")


def test_progress_draws_one_line_on_stderr_and_leaves_none_behind(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with output.Progress("replay", total=10, unit="batches") as progress:
        progress._due = 0.0
        progress.update(5)
        progress.say("a fill")
    shown = capsys.readouterr()
    assert shown.out == "" and "50%  5/10 batches" in shown.err
    assert shown.err.count("\n") == 1 and shown.err.endswith("\ra fill\n")


def test_unknown_totals_show_how_much_and_how_fast() -> None:
    assert output.progress_line("sim", 500, None, "batches", 4.0) == "sim  500 batches  125/s  4.0s so far"
