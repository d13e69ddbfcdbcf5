"""Sizing requests and marks with everything that a test does not care about filled in."""

from dataclasses import replace
from decimal import Decimal

from papertape import Candles, Instrument, Mark, Signal, SizingRequest

BTC = Instrument("BTC/USDT", "USDT")

REQUEST = SizingRequest(
    now=0,
    signal=Signal.buy("BTC/USDT"),
    side="buy",
    instrument=BTC,
    price=Decimal(100),
    equity=Decimal(10_000),
    cash=Decimal(10_000),
    symbols=1,
    period=60_000,
    trips=(),
    window=lambda: Candles.pack([]),
)

ENTRY = Mark(
    now=0,
    symbol="BTC/USDT",
    side="buy",
    quantity=Decimal(10),
    price=Decimal(100),
    instrument=BTC,
    position=Decimal(0),
    equity=Decimal(10_000),
    exposure=Decimal(0),
    age=0,
)


def request(**changes: object) -> SizingRequest:
    return replace(REQUEST, **changes)  # type: ignore[arg-type]  # the fields' own types hold at run time


def entry(**changes: object) -> Mark:
    return replace(ENTRY, **changes)  # type: ignore[arg-type]  # the fields' own types hold at run time
