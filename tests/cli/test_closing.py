"""The closing table, in words for people."""

from typing import Any

import pytest

from papertape.cli.closing import money, percent, print_closing


@pytest.mark.parametrize(
    ("text", "shown"), [("1234567.891", "1,234,567.89"), ("0", "0.00"), ("-9.5", "-9.50"), ("0.005", "0.00")]
)
def test_an_amount_has_two_decimals_and_its_thousands_apart(text: str, shown: str) -> None:
    assert money(text) == shown


@pytest.mark.parametrize(
    ("share", "signed", "shown"),
    [
        (0.1234, False, "12.34%"),
        (0.1234, True, "+12.34%"),
        (-0.05, True, "-5.00%"),
        (None, True, ""),
        (None, False, ""),
    ],
)
def test_a_share_is_shown_as_a_percentage_and_none_as_nothing(share: float | None, signed: bool, shown: str) -> None:
    assert percent(share, signed=signed) == shown


def book(name: str, **figures: Any) -> dict[str, Any]:
    return {
        "name": name, "equity": "10123.456", "return": 0.0123, "max_drawdown": 0.02, "trades": 3, "win_rate": None,
        "sharpe": None, "fees": "1.5", "refused": 0, **figures,
    }  # fmt: skip


def document(**values: Any) -> dict[str, Any]:
    return {
        "session": "brave-otter", "status": "finished", "bars": 3_000, "snapshots": 1_000, "seconds": 0.5,
        "bars_per_second": 6_000.0, "first_ts": 0, "last_ts": 60_000, "digest": "sha256:ab", "error": None,
        "buy_and_hold": None, "books": [book("grid", **{"return": -0.01}), book("macd", sharpe=1.234)], "notes": [],
        **values,
    }  # fmt: skip


def closing(capsys: pytest.CaptureFixture[str], **values: Any) -> list[str]:
    print_closing(document(**values), "sqlite:///x.db")
    return capsys.readouterr().out.splitlines()


def test_the_best_book_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for line in closing(capsys) if line.startswith(("macd", "grid"))]
    assert [line.split()[:3] for line in lines] == [["macd", "10,123.46", "+1.23%"], ["grid", "10,123.46", "-1.00%"]]


@pytest.mark.parametrize(("status", "said"), [("finished", False), ("stopped", True), ("failed", True)])
def test_the_way_on_is_shown_where_there_is_one(capsys: pytest.CaptureFixture[str], status: str, said: bool) -> None:
    assert any("run --resume brave-otter" in line for line in closing(capsys, status=status)) is said


def test_an_early_end_defects_of_the_data_and_failing_plugins_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    note = {"symbol": "A", "source": "a.csv", "kind": "gap", "count": 1_200, "example": "3 absent"}
    plugins = [{"name": "macd", "status": "quarantined", "errors": 5}, {"name": "grid", "status": "ok", "errors": 0}]
    said = "\n".join(closing(capsys, error="a.csv, row 7", status="failed", notes=[note], plugins=plugins))
    assert "it ended early: a.csv, row 7" in said
    assert "data: A (a.csv): 1,200 absent: 3 absent" in said
    assert "plugin macd: quarantined, 5 errors" in said
    assert "plugin grid" not in said


def test_a_name_cannot_rewrite_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    said = "\n".join(closing(capsys, books=[book("\x1b[2Jmacd")], error="\x1b]0;x\x07"))
    assert "\x1b" not in said and "\x07" not in said
