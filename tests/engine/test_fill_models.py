"""A fee or slippage model that fails is recorded and left out; the fill goes on without it."""

from decimal import Decimal

import pytest

from papertape.contract import Candle, FeeModel, Instrument, Side, SlippageModel
from papertape.engine.fill_models import GuardedFees, GuardedSlippage
from papertape.engine.guard import Guard

BTC = Instrument("BTC/USDT", "USDT", maker=Decimal("0.0002"), taker=Decimal("0.0005"))
CANDLE = Candle(0, 100.0, 101.0, 99.0, 100.0, 10.0)


class Fees(FeeModel):
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def rate(self, instrument: Instrument, maker: bool) -> Decimal:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer  # type: ignore[return-value]


class Slippage(SlippageModel):
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def slip(self, side: Side, price: Decimal, quantity: Decimal, candle: Candle) -> Decimal:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer  # type: ignore[return-value]


@pytest.fixture
def told() -> list[tuple[str, ...]]:
    return []


@pytest.fixture
def guard(told: list[tuple[str, ...]]) -> Guard:
    return Guard("model", 2, lambda *event: told.append(event))


def test_what_a_model_says_is_taken(guard: Guard) -> None:
    assert GuardedFees(Fees(Decimal("-0.0001")), guard).rate(BTC, True) == Decimal("-0.0001")
    assert GuardedSlippage(Slippage(Decimal("0.25")), guard).slip("buy", Decimal(100), Decimal(1), CANDLE) == Decimal(
        "0.25"
    )
    assert guard.errors == 0


@pytest.mark.parametrize("answer", [ValueError("no"), SystemExit(1), Decimal("NaN"), 0.001, None, Decimal(-2)])
def test_a_failing_fee_model_leaves_the_instruments_own_fees(
    guard: Guard, told: list[tuple[str, ...]], answer: object
) -> None:
    fees = GuardedFees(Fees(answer), guard)
    assert (fees.rate(BTC, True), fees.rate(BTC, False)) == (BTC.maker, BTC.taker)
    assert [event[1] for event in told] == ["error", "error", "quarantined"]
    assert fees.rate(BTC, True) == BTC.maker and guard.errors == 2


@pytest.mark.parametrize("answer", [ValueError("no"), Decimal("Infinity"), 0.5, Decimal("-0.01")])
def test_a_failing_slippage_model_leaves_none(guard: Guard, answer: object) -> None:
    model = GuardedSlippage(Slippage(answer), guard)
    assert model.slip("sell", Decimal(100), Decimal(1), CANDLE) == 0
    assert guard.errors == 1


def test_errors_that_are_not_in_a_row_do_not_quarantine(guard: Guard) -> None:
    model = Fees(ValueError("no"))
    fees = GuardedFees(model, guard)
    for _ in range(4):
        model.answer = ValueError("no")
        fees.rate(BTC, True)
        model.answer = Decimal("0.001")
        assert fees.rate(BTC, True) == Decimal("0.001")
    assert guard.status == "ok" and guard.errors == 4
