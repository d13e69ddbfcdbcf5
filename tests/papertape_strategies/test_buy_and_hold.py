from tests.papertape_strategies.play import actions, flat

from papertape_strategies.buy_and_hold import BuyAndHold


def test_it_asks_for_every_symbol_whenever_that_has_a_candle() -> None:
    market = {"A": flat([1, 2, 3]), "B": [None, *flat([1, 2])[1:], None][:3]}
    assert actions(BuyAndHold(), market) == [(0, "A", "buy"), (1, "A", "buy"), (1, "B", "buy"), (2, "A", "buy")]
