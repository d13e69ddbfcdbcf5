"""Margin books: buying power, and what happens when equity falls to the maintenance of what is held."""

from decimal import Decimal
from typing import Any

import pytest
from tests.engine.scripted import Bar, Market, Played, Script, flat, play

from papertape import OrderRequest, Signal
from papertape.engine.config import Spec

D = Decimal
CALM = (100.0, 100.0, 100.0, 100.0)
RULES: dict[str, Any] = {"margin": True, "leverage": 5, "maintenance": "0.2"}


def buy(quantity: int, symbol: str = "A") -> OrderRequest:
    return OrderRequest(symbol, "buy", quantity)


def sell(quantity: int) -> OrderRequest:
    return OrderRequest("A", "sell", quantity)


def lever(script: Script, *bars: Bar, **rules: Any) -> Played:
    """A session of leverage 5 and a fifth of maintenance, on a cash of 1,000."""
    market: Market = {"A": [CALM, *bars]}
    return play(market, script, cash=D(1_000), instruments={"A": {**RULES, **rules}})


def test_a_long_is_liquidated_where_its_equity_falls_to_its_maintenance() -> None:
    # 40 units at 100 on a cash of 1,000: at 93.75 equity is 3,750 - 3,000 = 750, a fifth of 3,750.
    played = lever({0: [buy(40)]}, CALM, (100.0, 101.0, 93.75, 99.0))
    assert played.traded[1:] == [(2, "liquidation", "sell", 40.0, 93.75)]
    assert played.book().cash == 750
    assert lever({0: [buy(40)]}, CALM, (100.0, 101.0, 93.76, 99.0)).traded[1:] == []


def test_a_short_is_liquidated_on_the_other_side() -> None:
    # 20 units short: cash 3,000, at 125 equity is 3,000 - 2,500 = 500, a fifth of 2,500.
    played = lever({0: [sell(20)]}, CALM, (100.0, 125.0, 99.0, 101.0))
    assert played.traded[1:] == [(2, "liquidation", "buy", 20.0, 125.0)]
    assert lever({0: [sell(20)]}, CALM, (100.0, 124.99, 99.0, 101.0)).traded[1:] == []


def test_a_gap_over_the_liquidation_price_fills_at_the_open_and_can_cost_more_than_there_was() -> None:
    played = lever({0: [buy(40)]}, CALM, (70.0, 99.0, 69.0, 98.0))
    assert played.traded[1:] == [(2, "liquidation", "sell", 40.0, 70.0)]
    assert played.book().cash == -200


@pytest.mark.parametrize(("stop", "role", "price"), [(95.0, "stop-loss", 95.0), (92.0, "liquidation", 93.75)])
def test_of_stop_and_liquidation_the_nearer_to_the_open_comes_first(stop: float, role: str, price: float) -> None:
    script: Script = {0: [Signal.buy("A", size=4_000, stop_loss=stop)]}
    assert lever(script, CALM, (100.0, 101.0, 80.0, 99.0)).traded[1:] == [(2, role, "sell", 40.0, price)]


def test_a_stop_that_closed_part_of_the_position_moves_the_liquidation_away() -> None:
    stop = OrderRequest("A", "sell", 20, type="stop", stop_price=95, reduce_only=True)
    # After it 20 units and a cash of -1,100 are left: liquidation at 1,100 / 16 = 68.75.
    assert len(lever({0: [buy(40)], 1: [stop]}, CALM, (100.0, 101.0, 80.0, 99.0)).traded) == 2
    played = lever({0: [buy(40)], 1: [stop]}, CALM, (100.0, 101.0, 60.0, 99.0))
    assert played.traded[2:] == [(2, "liquidation", "sell", 20.0, 68.75)]


def test_a_liquidation_takes_legs_and_exits_off_the_book() -> None:
    script: Script = {0: [Signal.buy("A", size=4_000, stop_loss=92.0, take_profit=130.0)]}
    played = lever(script, CALM, (100.0, 101.0, 80.0, 99.0))
    assert [order.role for order in played.orders if order.status == "cancelled"] == ["stop-loss", "take-profit"]
    assert played.book().orders == []


def test_the_limit_on_volume_never_applies_to_a_liquidation() -> None:
    bars = [(*CALM, 100.0), (100.0, 101.0, 93.0, 99.0, 0.0)]
    market: Market = {"A": [CALM, *bars]}
    played = play(market, {0: [buy(40)]}, cash=D(1_000), instruments={"A": RULES}, participation=D(1))
    assert played.traded[1:] == [(2, "liquidation", "sell", 40.0, 93.75)]


def test_what_was_entered_beyond_its_liquidation_price_is_liquidated_at_the_open() -> None:
    # Sized for 100, filled at 180: 40 units on a cash of -6,200; liquidation at 6,200 / 32 = 193.75, above the candle.
    played = lever({0: [buy(40)]}, (180.0, 181.0, 179.0, 180.0))
    assert played.traded == [(1, "request", "buy", 40.0, 180.0), (1, "liquidation", "sell", 40.0, 180.0)]


def test_one_equity_stands_for_all_positions_of_a_book() -> None:
    # 20 of A and 20 of B: cash -3,000; B falls to 88 within its candle while A stays at 100.
    # B's liquidation price: (0.2 x 2,000 + 3,000 - 2,000) / 16 = 87.5.
    script: Script = {0: [buy(20), buy(20, "B")]}
    config: dict[str, Any] = {"cash": D(1_000), "instruments": {"A": RULES, "B": RULES}}
    calm: Market = {"A": [CALM] * 3, "B": [CALM, CALM, (100.0, 100.0, 87.6, 100.0)]}
    assert len(play(calm, script, **config).traded) == 2
    fallen: Market = {"A": [CALM] * 3, "B": [CALM, CALM, (100.0, 100.0, 87.5, 100.0)]}
    assert play(fallen, script, **config).traded[2:] == [(2, "liquidation", "sell", 20.0, 87.5)]


def test_two_falls_that_only_together_reach_the_maintenance_liquidate_at_the_closes() -> None:
    script: Script = {0: [buy(20), buy(20, "B")]}
    fall = (100.0, 100.0, 90.0, 90.0)
    market: Market = {"A": [CALM, CALM, fall, CALM], "B": [CALM, CALM, fall, CALM]}
    played = play(market, script, cash=D(1_000), instruments={"A": RULES, "B": RULES})
    # Equity 3,600 - 3,000 = 600, maintenance 720.
    assert played.traded[2:] == [(2, "liquidation", "sell", 20.0, 90.0)] * 2
    assert played.book().equity == 600.0


def test_buying_power_is_what_leverage_leaves_beside_the_exposure() -> None:
    played = lever({0: [Signal.buy("A", size=100_000)]}, CALM, maintenance="0.1")
    assert played.traded == [(1, "entry", "buy", 50.0, 100.0)]
    again = lever({0: [buy(30)], 1: [buy(21)], 2: [buy(20)]}, CALM, CALM, CALM, maintenance="0.1")
    assert again.refusals == [(1, "what the book can spend does not cover it")]
    assert [fill.quantity for fill in again.fills] == [30, 20]


def test_a_liquidation_price_that_is_no_short_decimal_still_makes_exact_money() -> None:
    script: Script = {0: [buy(30)]}
    market: Market = {"A": [CALM, CALM, (100.0, 100.0, 60.0, 90.0)]}
    config: dict[str, Any] = {"slippage": Spec("fixed-bps"), "instruments": {"A": {**RULES, "maintenance": "0.3"}}}
    fill = play(market, script, cash=D(1_000), **config).fills[1]
    # Bought at 100.05 with slippage, so cash is -2,001.50: 2,001.5 / 21 = 95.3095..., less 5 bps.
    assert float(fill.price) == pytest.approx(2_001.5 / 21 * 0.9995, rel=1e-12)
    assert fill.cash.as_tuple().exponent == -8


def test_a_book_that_lost_more_than_it_had_enters_nothing() -> None:
    script: Script = {0: [buy(40)], 3: [Signal.buy("A")]}
    market: Market = {"A": [CALM, CALM, *flat(70, 70, 70)]}
    config: dict[str, Any] = {"sizer": Spec("fixed-fraction"), "instruments": {"A": RULES}}
    assert play(market, script, cash=D(1_000), **config).refusals == [(3, "the book has no equity left")]


def test_a_spot_book_is_never_liquidated() -> None:
    market: Market = {"A": [CALM, CALM, *flat(0.01)]}
    assert len(play(market, {0: [buy(100)]}).traded) == 1
