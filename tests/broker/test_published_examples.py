"""Liquidation prices and margins against the figures that exchanges publish, worked by hand."""

from decimal import Decimal
from typing import Any

import pytest
from tests.engine.scripted import Market, Played, play

from papertape import Instrument, OrderRequest, Tier
from papertape.broker.book import Book
from papertape.broker.liquidation import liquidation_price, maintenance_of
from papertape.market.instruments import instruments_of

D = Decimal
CENT = D("0.01")
BINANCE = "https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93"
"""How USD-M futures are liquidated: formula, and the example of the two positions below."""
BYBIT = "https://www.bybit.com/en/help-center/article/Liquidation-Price-USDT-Contract"
OKX_SWAP = "https://www.okx.com/help/7053456733325"
OKX_FUNDING = "https://www.okx.com/help/360053909272"

WALLET = D("1535443.01")
# The brackets of the time of that example: notional floor and rate; the amounts follow by the published formula.
ETH_TIERS = [[0, 0.005], [10_000, 0.0065], [100_000, 0.01], [500_000, 0.02], [1_000_000, 0.05], [2_000_000, 0.1]]
BTC_TIERS = [[0, 0.004], [50_000, 0.005], [250_000, 0.01], [1_000_000, 0.025], [10_000_000, 0.05]]
RULES: dict[str, Any] = {"kind": "perpetual", "leverage": 10, "lot": "0.001"}


def tiers(given: list[list[float]]) -> tuple[Tier, ...]:
    return instruments_of(("A",), {"A": {"kind": "perpetual", "tiers": given}}, D(0), None)[0].tiers


def two_positions(eth_low: float = 1335.18, btc_low: float = 31967.27) -> Played:
    """Long 3,683.979 ETH at 1,456.84 and 109.488 BTC at 32,481.98; the marks then are 1,335.18 and 31,967.27."""
    market: Market = {
        "ETH": [(1456.84,) * 4, (1456.84, 1456.84, 1335.18, 1335.18), (1335.18, 1335.18, eth_low, 1335.18)],
        "BTC": [(32481.98,) * 4, (32481.98, 32481.98, 31967.27, 31967.27), (31967.27, 31967.27, btc_low, 31967.27)],
    }
    entries = [OrderRequest("ETH", "buy", D("3683.979")), OrderRequest("BTC", "buy", D("109.488"))]
    rules = {"ETH": {**RULES, "tiers": ETH_TIERS}, "BTC": {**RULES, "tiers": BTC_TIERS}}
    return play(market, {0: entries}, cash=WALLET, instruments=rules)


def test_the_maintenance_amounts_of_binances_brackets_follow_from_floors_and_rates() -> None:
    assert [tier.deduction for tier in tiers(ETH_TIERS)] == [0, 15, 365, 5_365, 35_365, 135_365]
    assert [tier.deduction for tier in tiers(BTC_TIERS)] == [0, 50, 1_300, 16_300, 266_300]


def test_binances_two_positions_need_the_maintenance_that_it_says() -> None:
    played = two_positions()
    eth, btc = played.built.instruments
    assert maintenance_of(btc, D("109.488") * D("31967.27")).quantize(D("0.00001")) == D("71200.81144")
    assert maintenance_of(eth, D("3683.979") * D("1335.18")).quantize(D("0.001")) == D("356512.508")


def test_binances_example_of_cross_margin() -> None:
    # (WB - TMM1 + UPNL1 + cum - side x size x entry) / (size x MMR - side x size): 1,153.26 and 26,316.89.
    played = two_positions()
    last = played.built.session.market.last
    prices = [liquidation_price(played.book(), slot, played.built.instruments, last) for slot in (0, 1)]
    assert [price.quantize(CENT) for price in prices if price] == [D("1153.26"), D("26316.89")]


@pytest.mark.parametrize(
    ("lows", "liquidated"),
    [
        ((1153.27, 31967.27), []),
        ((1153.25, 31967.27), [1153.26]),
        ((1335.18, 26316.90), []),
        ((1335.18, 26316.88), [26316.89]),
    ],
)
def test_a_session_liquidates_where_binances_example_says(lows: tuple[float, float], liquidated: list[float]) -> None:
    fills = two_positions(*lows).traded[2:]
    assert [(role, round(price, 2)) for _, role, _, _, price in fills] == [("liquidation", at) for at in liquidated]


@pytest.mark.parametrize(
    ("size", "entry", "brackets", "price"),
    [("3683.979", "1456.84", ETH_TIERS, "1114.78"), ("109.488", "32481.98", BTC_TIERS, "18778.73")],
)
def test_binances_example_of_isolated_margin(size: str, entry: str, brackets: list[list[float]], price: str) -> None:
    # The same formula with TMM = UPNL = 0 and the wallet as the position's own margin.
    book = Book("a", D(0), True)
    book.settle(0, 1, D(size), D(entry), D(0), 0, D(10))
    book.holdings[0].margin = WALLET
    instrument = Instrument("A", "USDT", kind="perpetual", isolated=True, leverage=D(10), tiers=tiers(brackets))
    found = liquidation_price(book, 0, [instrument], (None,))
    assert found is not None and found.quantize(CENT) == D(price)


def test_bybits_example_of_isolated_margin() -> None:
    # Long 1 BTC at 20,000 with 50x and 0.5 %: initial margin 400, maintenance 100, liquidated at 19,700. Bybit reckons
    # the maintenance at the entry price; here, as at Binance, it is that of the price itself: (20,000 - 400) / 0.995.
    book = Book("a", D(1_000), True)
    book.settle(0, 1, D(1), D(20_000), D(0), 0, D(50))
    holding = book.holdings[0]
    assert holding.margin == 400
    assert holding.margin + (19_700 - 20_000) == D("0.005") * 20_000
    instrument = Instrument("A", "USDT", kind="perpetual", isolated=True, leverage=D(50))
    found = liquidation_price(book, 0, [instrument], (None,))
    assert found is not None and found.quantize(CENT) == D("19698.49")


def test_okx_counts_contracts_of_a_hundredth_of_a_bitcoin() -> None:
    # 250 contracts of 0.01 BTC are 2.5 units; at a mark of 60,000 their funding at 0.01 % is 150,000 x 0.0001 = 15.
    market: Market = {"A": [(60_000.0,) * 4] * 4}
    paid = [{"funding": "A", "ts": 120_000, "rate": "0.0001", "mark": "60000"}]
    rules = {"A": {"kind": "perpetual", "leverage": 10, "contract_size": "0.01"}}
    played = play(market, {0: [OrderRequest("A", "buy", 2.509)]}, cash=D(100_000), instruments=rules, events={3: paid})
    assert played.built.instruments[0].lot == D("0.01")
    assert [fill.quantity for fill in played.fills] == [D("2.50")]
    assert [row.amount for row in played.effects.funding] == [-15]


def test_bybits_rule_of_funding() -> None:
    # Position value x rate, position value = size x mark price; a positive rate is paid by longs, a negative by shorts.
    # Ours: 10 units at a mark of 8,000 and 0.01 %: 8; at -0.02 % a long gets 16.
    market: Market = {"A": [(8_000.0,) * 4] * 5}
    rates = [("0.0001", 120_000), ("-0.0002", 180_000)]
    events = {4: [{"funding": "A", "ts": ts, "rate": rate, "mark": "8000"} for rate, ts in rates]}
    rules = {"A": {"kind": "perpetual", "leverage": 10}}
    played = play(market, {0: [OrderRequest("A", "buy", 10)]}, cash=D(10_000), instruments=rules, events=events)
    assert [row.amount for row in played.effects.funding] == [-8, 16]
