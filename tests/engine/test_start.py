"""Before the first candle: what can be known to be wrong is refused, and a stranger's attributes are not misread."""

from collections.abc import Iterable
from decimal import Decimal

import pytest
from tests.engine.scripted import Rows, flat, scripted, started

from papertape import ConfigError, Council, Fusion, Param, Signal, Sizer, SizingRequest
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.start import check_affordable

BTC = "BTC/USDT"
FEED = Rows({BTC: flat(100, 101, 102)})
STRATEGY = {"scripted": scripted({})}


class Tiny(Sizer):
    """Has a `quantity` that is no Decimal of units."""

    quantity = Param(1e9, help="something of its own")

    def size(self, request: SizingRequest) -> Decimal:
        return Decimal(1)


class Listed(Fusion):
    """Has `weights` that are no table of members."""

    weights = Param[tuple[float, ...]]((0.5, 0.25), help="something of its own")

    def fuse(self, council: Council) -> Iterable[Signal]:
        return ()


def test_a_set_quantity_above_all_cash_at_the_first_close_is_refused() -> None:
    config = SessionConfig(cash=Decimal(999))
    built = started(FEED, STRATEGY, sizer=Spec("fixed-quantity", {"quantity": 10}))
    with pytest.raises(ConfigError, match="costs 1000 USDT at the first close, more than the cash of 999"):
        check_affordable(config, built, next(FEED.blocks()))


def test_one_lot_above_all_cash_at_the_first_close_is_refused() -> None:
    built = started(FEED, STRATEGY, sizer=Spec("fixed-fraction"), instruments={BTC: {"lot": "11"}})
    with pytest.raises(ConfigError, match="one lot of 11 costs 1100"):
        check_affordable(SessionConfig(cash=Decimal(1000)), built, next(FEED.blocks()))


def test_a_quantity_of_another_kind_is_no_set_quantity() -> None:
    built = started(FEED, STRATEGY, [("sizer", "tiny", Tiny)], sizer=Spec("tiny"))
    check_affordable(SessionConfig(cash=Decimal(1000)), built, next(FEED.blocks()))


def test_weights_must_name_members_where_they_are_a_table() -> None:
    with pytest.raises(ConfigError, match="weights name 'macd', which is no member; there is scripted"):
        started(FEED, STRATEGY, fusion=(Spec("weighted-vote", {"weights": {"macd": 2.0}}),))
    started(FEED, STRATEGY, [("fusion", "listed", Listed)], fusion=(Spec("listed"),))
