"""The summary says what the ledger holds, under the names that scripts rely on."""

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.engine.hosted import NAME, Kept, kept, run, stormy

from papertape.broker.money import plain
from papertape.ledger.store import Ledger
from papertape.reports.round_trips import round_trips
from papertape.reports.summary import summarise

BARS = 200
KEYS = {
    "session", "status", "bars", "snapshots", "seconds", "bars_per_second", "first_ts", "last_ts", "digest", "db",
    "books",
}  # fmt: skip
BOOK_KEYS = {
    "name", "cash", "equity", "return", "orders", "fills", "trades", "fees", "max_drawdown", "sharpe", "positions",
    "win_rate", "profit_factor", "average_trade", "exposure", "turnover",
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Kept]:
    """A session's summary, and its rows."""
    url = f"sqlite:///{tmp_path_factory.mktemp('summary') / 'ledger.db'}"
    run(url, stormy(BARS))
    with Ledger.open(url) as ledger:
        return summarise(ledger, ledger.find(NAME)), kept(url)


def test_every_key_that_scripts_rely_on_is_there(told: tuple[dict[str, Any], Kept]) -> None:
    summary, _ = told
    assert summary.keys() >= KEYS
    assert summary["books"] and all(book.keys() >= BOOK_KEYS for book in summary["books"])


def test_it_is_json_as_it_stands(told: tuple[dict[str, Any], Kept]) -> None:
    summary, _ = told
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_bars_are_candles_and_snapshots_are_batches(told: tuple[dict[str, Any], Kept]) -> None:
    summary, _ = told
    assert summary["snapshots"] == BARS
    assert summary["bars"] == BARS * len(summary["symbols"])
    assert summary["last_ts"] - summary["first_ts"] == (BARS - 1) * 60_000
    assert summary["status"] == "finished" and summary["digest"].startswith("sha256:")


def test_each_book_is_what_its_own_rows_come_to(told: tuple[dict[str, Any], Kept]) -> None:
    summary, rows = told
    for book in summary["books"]:
        fills = [fill for fill in rows.fills if fill.book == book["name"]]
        orders = [order for order in rows.orders if order.book == book["name"]]
        assert book["fills"] == len(fills)
        assert book["orders"] == sum(order.status != "refused" for order in orders)
        assert book["refused"] == sum(order.status == "refused" for order in orders)
        assert book["trades"] == sum(trip.book == book["name"] for trip in round_trips(rows.fills))
        assert Decimal(book["fees"]) == sum(fill.fee for fill in fills)
        if fills:
            assert Decimal(book["cash"]) == fills[-1].cash
        for symbol in summary["symbols"]:
            after = [fill.position for fill in fills if fill.symbol == symbol]
            assert Decimal(book["positions"][symbol]) == (after[-1] if after else 0)


def test_figures_of_a_book_are_those_of_its_curve(told: tuple[dict[str, Any], Kept]) -> None:
    summary, rows = told
    for book in summary["books"]:
        equity = [mark[1] for mark in rows.curves[book["name"]]]
        path = [equity[0], *equity]
        assert float(book["equity"]) == pytest.approx(equity[-1], rel=1e-12)
        peaks = [max(path[: place + 1]) for place in range(len(path))]
        falls = [1.0 - value / peak for value, peak in zip(path, peaks, strict=True)]
        assert book["max_drawdown"] >= max(falls) - 1e-12
        assert book["exposure"] == pytest.approx(sum(mark[2] > 0 for mark in rows.curves[book["name"]]) / BARS)
        assert book["sharpe"] is None  # less than 30 days


def test_money_is_text_in_plain_notation_without_needless_zeros(told: tuple[dict[str, Any], Kept]) -> None:
    summary, _ = told
    for book in summary["books"]:
        for text in (book["cash"], book["equity"], book["fees"], *book["positions"].values()):
            assert text == plain(Decimal(text))


def test_something_was_traded_by_several_books(told: tuple[dict[str, Any], Kept]) -> None:
    summary, _ = told
    assert sum(book["trades"] > 0 for book in summary["books"]) >= 2
