"""The same rows in every format, with every digit."""

import csv
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.engine.hosted import NAME, kept, of_files, run, stormy

from papertape import RequestError
from papertape.ledger.store import Ledger
from papertape.reports.export import write

KINDS = ["orders", "fills", "trades", "signals", "equity", "tape"]
EXACT = {
    "orders": {"quantity", "price", "stop_price", "trail", "filled"},
    "fills": {"quantity", "price", "fee", "cash", "position", "profit"},
    "trades": {"quantity", "entry_price", "exit_price", "profit", "fees"},
    "signals": {"size", "quantity"},
}
"""The columns of money and quantities."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger with one session of every kind of order."""
    found = f"sqlite:///{tmp_path_factory.mktemp('export') / 'ledger.db'}"
    run(found, stormy(200))
    return found


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger.open(url) as opened:
        yield opened


def rows(ledger: Ledger, what: str, style: str, file: Path) -> list[dict[str, Any]]:
    count = write(ledger, NAME, what, style, str(file))
    if style == "parquet":
        found = pq.read_table(file).to_pylist()
    elif style == "jsonl":
        found = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    else:
        with file.open(encoding="utf-8", newline="") as text:
            found = list(csv.DictReader(text))
    assert len(found) == count
    return found


@pytest.mark.parametrize("what", KINDS)
def test_the_rows_are_the_same_in_every_format(ledger: Ledger, what: str, tmp_path: Path) -> None:
    lines = rows(ledger, what, "jsonl", tmp_path / "rows.jsonl")
    assert lines
    assert rows(ledger, what, "parquet", tmp_path / "rows.parquet") == lines
    words = [{name: "" if value is None else str(value) for name, value in line.items()} for line in lines]
    assert rows(ledger, what, "csv", tmp_path / "rows.csv") == words


@pytest.mark.parametrize("what", EXACT)
def test_money_is_plain_text_with_all_its_digits(ledger: Ledger, what: str, tmp_path: Path) -> None:
    for row in rows(ledger, what, "parquet", tmp_path / "rows.parquet"):
        for name in EXACT[what]:
            if row[name] is not None:
                assert isinstance(row[name], str)
                assert format(Decimal(row[name]), "f") == row[name] and not row[name].endswith(".")


def test_fills_are_the_ledgers_fills(ledger: Ledger, url: str, tmp_path: Path) -> None:
    exported = rows(ledger, "fills", "jsonl", tmp_path / "rows.jsonl")
    fills = kept(url).fills
    assert [row["seq"] for row in exported] == [fill.seq for fill in fills]
    assert [Decimal(row["cash"]) for row in exported] == [fill.cash for fill in fills]
    assert [row["maker"] for row in exported] == [fill.maker for fill in fills]


def test_equity_is_expanded_to_every_candle_of_every_book(ledger: Ledger, url: str, tmp_path: Path) -> None:
    exported = rows(ledger, "equity", "parquet", tmp_path / "rows.parquet")
    curves = kept(url).curves
    for book, curve in curves.items():
        mine = [row for row in exported if row["book"] == book]
        first = mine[0]["batch"]  # warming up is on no curve
        assert [row["batch"] for row in mine] == list(range(first, first + 200))
        assert [(row["at"], row["equity"], row["exposure"]) for row in mine] == curve
    assert len(exported) == 200 * len(curves)


def test_a_column_without_any_value_keeps_its_type(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, NAME, "orders", "parquet", str(tmp_path / "orders.parquet"))
    types = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "orders.parquet")}
    assert (types["expires"], types["trail"], types["reduce_only"], types["seq"]) == (
        "int64",
        "string",
        "bool",
        "int64",
    )


def test_without_a_file_rows_go_to_stdout(ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(ledger, NAME, "fills", "csv", str(tmp_path / "fills.csv"))
    write(ledger, NAME, "fills", "csv", sys.stdout)
    assert capsys.readouterr().out == (tmp_path / "fills.csv").read_text("utf-8")


@pytest.mark.parametrize("style", ["csv", "jsonl", "parquet"])
def test_a_file_that_cannot_be_written_is_named(ledger: Ledger, style: str, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "absent" / "fills")
    with pytest.raises(RequestError, match=f"{nowhere} cannot be written: .*No such file"):
        write(ledger, NAME, "fills", style, nowhere)


def test_texts_with_quotes_commas_and_line_breaks_stay_in_their_cell(tmp_path: Path) -> None:
    text = "a,b\"c'd\r\ne\rf\ng;\x1b[0m\u2028 =1+1"
    strategy = tmp_path / "talker.py"
    strategy.write_text(
        "from papertape import Signal, Strategy\n\n\nclass Talker(Strategy):\n    '''Talks.'''\n\n    keeps = ()\n\n"
        f"    def on_snapshot(self, snapshot):\n        yield Signal.buy(snapshot.symbols[0], reason={text!r})\n"
    )
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    run(url, of_files(strategy, bars=3))
    with Ledger.open(url) as ledger:
        for style in ("csv", "jsonl", "parquet"):
            (row,) = rows(ledger, "signals", style, tmp_path / f"signals.{style}")
            assert row["reason"] == text
