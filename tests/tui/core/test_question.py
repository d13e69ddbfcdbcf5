"""What is under the cursor leads to the candle that explains it, however long an order takes and wherever it fills."""

from pathlib import Path

import pytest
from tests.tui.sessions import installed, play

from papertape.ledger.records import FillRow, OrderRow
from papertape.ledger.store import Ledger
from papertape.reports.why import Chain, explain
from papertape.tui.core.follower import Follower
from papertape.tui.core.question import Question, asked_at, log_key, of_row
from papertape.tui.core.views import SessionView

_SCALPER = """
from papertape import Signal, Strategy

class Scalper(Strategy):
    keeps = ()

    def on_snapshot(self, snapshot):
        for symbol in snapshot.fresh:
            close = snapshot.candles(symbol).close[-1]
            yield Signal.buy(symbol, stop_loss=close * 0.9999, take_profit=close * 1.0001)
"""


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, SessionView]:
    """A ledger's URL and its session `late`, whose orders take effect inside the next candle, with brackets so near
    that the candle after opens beyond them."""
    folder: Path = tmp_path_factory.mktemp("late")
    (folder / "scalper.py").write_text(_SCALPER, "utf-8")
    url = f"sqlite:///{folder / 'ledger.db'}"
    feed = {"kind": "sim", "symbols": ["BTC/USDT"]}
    play(url, "late", strategies=[str(folder / "scalper.py")], fusion=[], latency=250, bars=12, feed=feed)
    follower = Follower(url, "late")
    view = follower.look()
    follower.close()
    return url, view


def chain_of(url: str, question: Question) -> Chain:
    with Ledger.open(url) as ledger:
        row, at = ledger.find("late"), asked_at(ledger, "late", question)
        return explain(ledger, row, installed(), question.symbol, at, question.book)


def test_a_fill_in_the_log_leads_to_the_candle_that_tells_of_it(late: tuple[str, SessionView]) -> None:
    url, view = late
    with Ledger.open(url) as ledger:
        fills = {fill.seq: fill for fill in ledger.rows("late", FillRow)}
        orders = {order.seq: order for order in ledger.rows("late", OrderRow)}
    lines = [line for line in view.happenings if line.fill is not None]
    found: set[tuple[bool, bool]] = set()
    for place, line in enumerate(lines):
        assert line.fill is not None
        fill = fills[line.fill]
        question = of_row(view, "log", log_key(line, place), "BTC/USDT")
        assert question is not None
        (book,) = chain_of(url, question).books
        made = [link.number for fate in book.orders for link in fate.fills]
        met = [link.number for meeting in book.before for link in meeting.fills]
        assert fill.seq in (made if fill.role == "entry" else met)
        found.add((fill.role == "entry", fill.at == orders[fill.order].effective))
    assert found >= {(True, False), (False, True)}  # an entry inside a candle, and a bracket at its open


def test_a_working_order_leads_to_the_candle_at_which_it_was_made(late: tuple[str, SessionView]) -> None:
    url, view = late
    entry = next(order for order in view.orders if order.role == "entry")
    assert entry.effective > view.now  # which lies in no candle yet
    question = of_row(view, "orders", str(entry.seq), "BTC/USDT")
    assert question is not None
    (book,) = chain_of(url, question).books
    assert [fate.order.number for fate in book.orders] == [entry.seq]
