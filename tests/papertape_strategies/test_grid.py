from decimal import Decimal

import pytest
from tests.papertape_strategies.play import Market, Seat, flat, snapshot_of, started

from papertape import Cancel, ConfigError, Fill, OrderRequest, Position, Wish, WorkingOrder
from papertape.contract.order import Side
from papertape_strategies.grid import Grid


class Desk:
    """A grid of two levels, one percent apart, with a book that the test moves by hand."""

    def __init__(self, *closes: float) -> None:
        self.market: Market = {"A": flat(closes)}
        self.grid = Grid(levels=2, step=0.01, fraction=1)
        started(self.grid, ["A"])
        self.seat = Seat(1, self.market)
        self.batch = 0

    def step(self) -> list[Wish]:
        wishes = list(self.grid.on_snapshot(snapshot_of(self.market, self.batch, self.seat)))
        self.batch += 1
        return wishes

    def works(self, *tags: str) -> None:
        self.seat.orders = tuple(
            WorkingOrder(k, "A", "buy", "limit", Decimal(1), Decimal(1), None, "request", tag)
            for k, tag in enumerate(tags)
        )

    def fills(self, tag: str | None, side: Side, quantity: str, position: str) -> None:
        units, held = Decimal(quantity), Decimal(position)
        self.grid.on_fill(Fill(1, 0, "A", side, units, Decimal(99), Decimal(0), held, "request", tag))
        self.seat.positions = {"A": Position("A", held, Decimal(99), 0)} if held else {}


def test_it_lays_its_buys_below_the_first_close() -> None:
    assert Desk(100.0).step() == [
        OrderRequest("A", "buy", 5_000 / 99.0, "limit", 99.0, tag="A buy 1"),
        OrderRequest("A", "buy", 5_000 / 98.0, "limit", 98.0, tag="A buy 2"),
    ]


def test_what_a_buy_filled_is_offered_one_step_above_once_it_has_filled_whole() -> None:
    desk = Desk(100.0, 99.0, 99.0, 99.0)
    desk.step()
    desk.works("A buy 1", "A buy 2")
    desk.fills("A buy 1", "buy", "20", "20")
    assert desk.step() == []
    desk.works("A buy 2")
    desk.fills("A buy 1", "buy", "30", "50")
    offer = OrderRequest("A", "sell", Decimal(50), "limit", 100.0, reduce_only=True, tag="A sell 1")
    assert desk.step() == [offer]
    assert desk.step() == [offer], "asked again, since it is not seen working: the session may have been paused"


def test_what_was_sold_is_bid_for_again_at_its_level() -> None:
    desk = Desk(100.0, 98.0, 99.0, 99.5)
    desk.step()
    desk.fills("A buy 2", "buy", "50", "50")
    desk.works("A buy 1")
    desk.step()
    desk.works("A buy 1", "A sell 2")
    assert desk.step() == []
    desk.fills("A sell 2", "sell", "50", "0")
    desk.works("A buy 1")
    assert desk.step() == [OrderRequest("A", "buy", Decimal(50), "limit", 98.0, tag="A buy 2")]


@pytest.mark.parametrize("close", [101.0, 95.0])
def test_holding_nothing_a_step_away_from_its_centre_it_is_laid_anew(close: float) -> None:
    desk = Desk(100.0, 100.9, close)
    desk.step()
    desk.works("A buy 1", "A buy 2")
    assert desk.step() == []
    wishes = desk.step()
    assert wishes[:2] == [Cancel("A buy 1"), Cancel("A buy 2")]
    assert [wish.price for wish in wishes if isinstance(wish, OrderRequest)] == [
        pytest.approx(close * 0.99),
        pytest.approx(close * 0.98),
    ]


def test_while_something_is_held_the_grid_stays_where_it_is() -> None:
    desk = Desk(100.0, 90.0)
    desk.step()
    desk.fills("A buy 2", "buy", "50", "50")
    desk.works("A buy 2")
    assert desk.step() == []


def test_a_fill_from_outside_is_not_answered() -> None:
    desk = Desk(100.0, 100.0)
    desk.step()
    desk.fills(None, "sell", "50", "0")
    assert desk.step() == []


def test_its_state_is_plain_enough_to_be_kept() -> None:
    desk = Desk(100.0, 99.0, 99.0)
    desk.step()
    desk.fills("A buy 1", "buy", "50", "50")
    desk.step()
    other = started(Grid(levels=2, step=0.01, fraction=1), ["A"])
    assert desk.grid.state is not None
    other.state = desk.grid.state
    again = list(other.on_snapshot(snapshot_of(desk.market, 2, desk.seat)) or ())
    assert again == [OrderRequest("A", "sell", Decimal(50), "limit", 100.0, reduce_only=True, tag="A sell 1")]


def test_a_grid_that_reaches_zero_is_refused() -> None:
    with pytest.raises(ConfigError, match="levels x step must be below 1, was 100 x 0.01"):
        Grid(levels=100, step=0.01)
