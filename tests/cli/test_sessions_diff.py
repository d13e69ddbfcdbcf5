"""`papertape sessions diff`: two sessions compared."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.cli.program import document, papertape, refusal

from papertape.ledger.store import Ledger

SIM = ("--feed", "sim", "--symbol", "BTC/USDT", "--symbol", "ETH/USDT", "--bars", 120)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))


def ran(*options: object, url: str | None = None) -> str:
    db = ("--db", url) if url else ()
    name: str = document("run", *SIM, *options, *db)["session"]
    return name


def compared(a: str, b: str, *options: object) -> tuple[dict[str, Any], int, str]:
    done = papertape("sessions", "diff", a, b, "--json", *options)
    return json.loads(done.stdout), done.exit_code, done.stderr


def test_equal_sessions_are_equal_on_either_database(ledger_url: str) -> None:
    a, b = (ran("--strategy", "macd", url=ledger_url) for _ in range(2))
    found, code, said = compared(a, b, "--db", ledger_url)
    assert (code, said) == (0, "")
    assert found["equal"] is True and found["difference"] is None and found["equal_records"] > 10
    assert (found["a"], found["b"]) == (a, b) and found["digests"]["a"] == found["digests"]["b"]
    assert [book["name"] for book in found["books"]] == ["macd"] and found["books"][0]["equal"]
    shown = papertape("sessions", "diff", a, b, "--db", ledger_url)
    assert shown.exit_code == 0
    assert f"equal: {found['equal_records']:,} records" in shown.stdout
    assert "both name the same source" in shown.stdout


def test_the_first_difference_exits_1_as_verify_does() -> None:
    a, b = (ran("--strategy", "macd") for _ in range(2))
    db = document("sessions", "show", a)["db"]
    with Ledger.open(db) as ledger, ledger.database.write() as connection:
        update = "UPDATE fills SET price = '42012' WHERE session = :b AND seq = (SELECT min(seq) FROM fills)"
        connection.execute(text(update), {"b": b})
    found, code, said = compared(a, b)
    assert code == 1 and said == f"Error: sessions {a} and {b} differ from batch {found['difference']['batch']} on\n"
    assert (found["difference"]["what"], found["difference"]["field"], found["difference"]["b"]) == (
        "fill",
        "price",
        "42012",
    )
    shown = papertape("sessions", "diff", a, b)
    assert shown.exit_code == 1 and f"42,012 in {b}" in shown.stdout
    assert f"the first difference: batch {found['difference']['batch']}, 2024-01-01T" in shown.stdout
    assert shown.stderr == said


def test_other_strategies_are_compared_on_the_books_that_both_have() -> None:
    a, b = ran("--strategy", "macd"), ran("--strategy", "ema-cross", "--strategy", "macd")
    found, code, said = compared(a, b)
    assert code == 1 and "not all books are in both" in said
    assert found["difference"] is None and found["only_in_b"] == ["ema-cross"] and found["only_in_a"] == []
    assert [book["equal"] for book in found["books"]] == [True]
    shown = papertape("sessions", "diff", a, b).stdout
    assert f"only {b} has the book ema-cross" in shown


def test_sessions_without_a_common_book_are_told_so() -> None:
    a, b = ran("--strategy", "macd"), ran("--strategy", "momentum")
    shown = papertape("sessions", "diff", a, b)
    assert shown.exit_code == 1
    assert f"only {a} has the book macd\nonly {b} has the book momentum" in shown.stdout


def test_other_settings_and_another_seed_are_told_beside_it() -> None:
    a, b = ran("--strategy", "macd"), ran("--strategy", "macd", "--seed", 8, "--cash", 20000)
    found, code, _ = compared(a, b)
    assert code == 1 and {"key": "seed", "a": 7, "b": 8} in found["configuration"]
    assert {"key": "params.seed", "a": 7, "b": 8} in found["candles"]
    shown = papertape("sessions", "diff", a, b).stdout
    assert f"configuration: cash is 10000 in {a}, 20000 in {b}" in shown
    assert f"source of candles: params.seed is 7 in {a}, 8 in {b}" in shown


def test_an_unknown_session_is_refused() -> None:
    a = ran("--strategy", "macd")
    assert "no session 'zzz' is in the ledger" in refusal("sessions", "diff", a, "zzz")
    assert "no session 'zzz' is in the ledger" in refusal("sessions", "diff", "zzz", a)
