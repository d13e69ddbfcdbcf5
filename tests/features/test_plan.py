"""Which symbols the words in a feature's name stand for."""

from collections.abc import Sequence

import pytest

from papertape import ConfigError
from papertape.features.catalogue import Catalogue
from papertape.features.families import own_families
from papertape.features.plan import plan, referred

CATALOGUE = Catalogue(own_families())


def meant(name: str, symbols: Sequence[str], reference: str | None = None) -> tuple[str, ...]:
    return referred(CATALOGUE.find(name), symbols, reference)


@pytest.mark.parametrize(
    "symbols",
    [
        ("BTC/USDT", "ETH/USDT"),
        ("BTC/USDT:USDT", "ETH/USDT:USDT"),
        ("binance:BTC/USDT", "binance:ETH/USDT"),
        ("binance:BTC/USDT:USDT", "binance:ETH/USDT:USDT"),
        ("BTC", "ETH"),
    ],
    ids=lambda symbols: symbols[0],
)
def test_a_base_names_its_symbol(symbols: tuple[str, str]) -> None:
    assert meant("correlation_btc_20", symbols) == symbols[:1]
    assert meant("correlation_ETH_20", symbols) == symbols[1:]
    assert meant("correlation_eth_btc", symbols) == symbols[::-1]


def test_a_whole_symbol_comes_before_a_base() -> None:
    assert meant("correlation_btc_20", ("BTC/USDT", "BTC")) == ("BTC",)
    assert meant("correlation_btc/usdt_20", ("BTC/USDT", "binance:BTC/USDT", "BTC/USDT:USDT")) == ("BTC/USDT",)
    with pytest.raises(ConfigError, match="'correlation_btc_20': there is more than one 'btc' among the symbols"):
        meant("correlation_btc_20", ("BTC/USDT", "BTC/USDC"))


def test_ref_is_the_reference_and_the_first_symbol_by_default() -> None:
    symbols = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
    assert meant("correlation_REF_20", symbols) == ("BTC/USDT",)
    assert meant("correlation_REF_20", symbols, "SOL/USDT") == ("SOL/USDT",)
    assert plan([CATALOGUE.find("correlation_REF_20")], symbols, "SOL/USDT").parts[0].parameters == ((2.0, 20.0),)


@pytest.mark.parametrize("names", [["rsi_14"], ["breadth"], ["correlation_btc_20"], ["correlation_REF_20"], []])
def test_a_reference_that_is_not_there_is_refused_whoever_asks(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="reference: there is no 'NOPE/USDT' among the symbols BTC/USDT, ETH/USDT"):
        plan(CATALOGUE.select(names), ["BTC/USDT", "ETH/USDT"], "NOPE/USDT")
