"""Whatever object a strategy yields as its wish, the session goes on and the error is the strategy's."""

from pathlib import Path

import pytest
from tests.engine.hosted import kept, of_files, run

STRATEGY = """
from decimal import Decimal
from papertape import Cancel, OrderRequest, Signal, Strategy


class Breaks:
    def __repr__(self):
        raise SystemExit("no")

    __str__ = __bool__ = __len__ = __eq__ = __repr__
    __hash__ = None


class Unchecked(Signal):
    __slots__ = ()

    def __post_init__(self):
        pass


class Hostile(Strategy):
    '''Yields what is no wish.'''

    keeps = ()

    def on_snapshot(self, snapshot):
        symbol, close = snapshot.symbols[0], snapshot.close(snapshot.symbols[0])
        deep = {}
        for _ in range(10_000):
            deep = {"a": deep}
        if snapshot.batch % 2:
            yield WISH
"""


@pytest.mark.parametrize(
    "wish",
    [
        "Breaks()",
        "Signal(['A'], 'buy')",
        "OrderRequest(['A'], 'buy', 1)",
        "Signal.buy(symbol, metadata={'a': Breaks()})",
        "Signal.buy(symbol, metadata=Breaks())",
        "Signal.buy(symbol, metadata=deep)",
        "Signal.buy(symbol, size=1e300)",
        "Signal.buy(symbol, valid_for=10**30)",
        "Signal.target(symbol, quantity=1e300)",
        "Signal.target(symbol, fraction=1e300)",
        "OrderRequest(symbol, 'buy', 1e300)",
        "OrderRequest(symbol, 'buy', 0.01, 'trailing-stop', trail=1e300)",
        "OrderRequest(symbol, 'buy', 0.01, 'limit', price=Decimal('1.' + '1' * 90))",
        "OrderRequest(symbol, 'buy', 0.01, 'limit', price=close, time_in_force='GTT', expires='soon')",
        "OrderRequest(symbol, 'buy', 0.01, 'limit', price=close, time_in_force='GTT', expires=10**30)",
        "Unchecked(symbol, 'buy', stop_loss='low')",
    ],
)
def test_a_wish_that_cannot_be_acted_on_is_an_error_of_its_strategy(wish: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.py"
    file.write_text(STRATEGY.replace("WISH", wish))
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    run(url, of_files(file, bars=8))
    found = kept(url)
    assert found.session.status == "finished"
    assert [event.kind for event in found.events] == ["error"] * 4


TAMPERS = """
from decimal import Decimal
from papertape import Strategy


class Tampers(Strategy):
    '''Changes what it was given.'''

    keeps = ()

    def on_start(self, context):
        for instrument in context.instruments.values():
            object.__setattr__(instrument, "taker", Decimal("0.5"))

    def on_snapshot(self, snapshot):
        snapshot.candles(snapshot.symbols[0]).close.sort()
"""
BUYS = """
from papertape import Signal, Strategy


class Buys(Strategy):
    '''Buys.'''

    keeps = ()

    def on_snapshot(self, snapshot):
        yield Signal.buy(snapshot.symbols[0])
"""


def test_what_a_strategy_was_given_is_its_own_to_spoil(tmp_path: Path) -> None:
    tampers, buys = tmp_path / "tampers.py", tmp_path / "buys.py"
    tampers.write_text(TAMPERS)
    buys.write_text(BUYS)
    fees = []
    for name, files in (("alone", [buys]), ("beside", [tampers, buys])):
        url = f"sqlite:///{tmp_path / name}.db"
        run(url, of_files(*files, bars=8))
        fees.append([fill.fee for fill in kept(url).fills if fill.book == "buys"])
    assert fees[0] == fees[1] != []
