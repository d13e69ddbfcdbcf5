"""A strategy may say numpy's numbers wherever it says a number: both databases keep them, and a fold agrees."""

from pathlib import Path

from tests.engine.hosted import kept, of_files, run, verified

STRATEGY = """
import numpy as np
from papertape import Cancel, OrderRequest, Signal, Strategy


class Numeric(Strategy):
    '''Speaks numpy.'''

    keeps = ("count",)

    def __init__(self, **params):
        super().__init__(**params)
        self.count = np.int64(0)

    def lookback(self):
        return 5

    def on_snapshot(self, snapshot):
        symbol = np.str_(snapshot.symbols[0])
        close = snapshot.candles(symbol).close[-1]
        self.count += np.int64(1)
        match snapshot.batch % 4:
            case 0:
                yield Signal.buy(
                    symbol, confidence=np.float32(0.7), stop_loss=close * 0.9, take_profit=np.float32(close * 2),
                    size=np.float64(500), price=close, valid_for=np.int64(120_000), metadata={"close": close},
                    reason=np.str_("up"),
                )
            case 1:
                yield OrderRequest(
                    symbol, "buy", np.float64(0.01), "stop-limit", price=np.float64(close * 2),
                    stop_price=close * 3, time_in_force="GTT", expires=np.int64(snapshot.now + 600_000),
                    reduce_only=np.bool_(False), tag=np.str_("far"),
                )
            case 2:
                yield Signal.target(symbol, fraction=np.float64(0.25), valid_for=90_000.0)
            case 3:
                yield Cancel(np.str_("far"))
                yield Signal.target(symbol, quantity=np.int64(0))
"""


def test_numpys_numbers_are_kept_and_fold_the_same(ledger_url: str, tmp_path: Path) -> None:
    file = tmp_path / "numeric.py"
    file.write_text(STRATEGY)
    run(ledger_url, of_files(file, bars=40), until=18)
    run(ledger_url)
    found = kept(ledger_url)
    assert found.session.status == "finished"
    assert found.events == []
    assert {signal.valid_for for signal in found.signals} == {120_000, 90_000, None}
    assert {signal.action for signal in found.signals} == {"buy", "target"}
    assert {order.status for order in found.orders if order.tag == "far"} == {"cancelled"}
    assert len(found.fills) > 10
    assert verified(ledger_url).equal
