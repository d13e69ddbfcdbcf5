"""Instruments out of ccxt's markets: the exchange's own limits and fees."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from papertape.contract.errors import InvalidValue
from papertape.contract.instrument import Instrument

SIGNIFICANT_DIGITS = 3
"""ccxt's mode in which a price has a number of digits, so that its step changes with it."""
TICK_SIZE = 4
"""ccxt's mode in which a precision is a step; in the others it is a number of digits."""


def instrument_of(market: Mapping[str, Any], precision_mode: int) -> Instrument:
    """The instrument that a market of ccxt describes. Raises `InvalidValue` for what cannot be traded here.

    Of a contract the lot is in units of the base currency: its step in contracts x the size of a contract. Leverage is
    1 and margin is cross, unless the session says otherwise; maintenance brackets are not public on most exchanges.
    """
    symbol = str(market["symbol"])
    what = _foreign(market)
    if what:
        raise InvalidValue(f"{symbol} is {what}; choose a spot market or a linear contract")
    known: dict[str, Any] = {}
    tick, lot = (_step(market["precision"].get(name), precision_mode) for name in ("price", "amount"))
    if precision_mode == SIGNIFICANT_DIGITS:
        tick = None
    if lot is not None and market.get("contract"):
        lot *= Decimal(str(market.get("contractSize") or 1))
    least = ((market.get("limits") or {}).get("cost") or {}).get("min")
    for name, value in (("tick", tick), ("lot", lot), ("min_notional", least)):
        if value is not None and Decimal(str(value)) > 0:
            known[name] = Decimal(str(value))
    for name in ("maker", "taker"):
        if market.get(name) is not None:
            known[name] = Decimal(str(market[name]))
    if market.get("contract"):
        known["kind"] = "perpetual" if market.get("swap") else "margin"
        known["contract_size"] = Decimal(str(market.get("contractSize") or 1))
        known["liquidation_fee"] = _liquidation_fee(market)
    return Instrument(symbol, str(market["quote"]), **known)


def _liquidation_fee(market: Mapping[str, Any]) -> Decimal:
    """What the exchange says it takes of a liquidated notional, as a fraction (Binance does); 0 where it does not."""
    said = (market.get("info") or {}).get("liquidationFee")
    try:
        fee = Decimal(str(said or 0))
    except InvalidOperation:
        return Decimal(0)
    return fee if 0 <= fee < 1 else Decimal(0)


def _foreign(market: Mapping[str, Any]) -> str:
    """What a market is that cannot be traded here, judged by what it is settled in where ccxt does not say."""
    if market.get("option"):
        return "an option"
    if not market.get("contract") or market.get("linear") or market.get("settle") == market["quote"]:
        return ""
    if market.get("inverse") or market.get("settle") == market.get("base"):
        return "an inverse contract, margined in its base currency"
    return f"a contract that is settled in {market.get('settle')}"


def _step(precision: Any, mode: int) -> Decimal | None:
    if precision is None:
        return None
    return Decimal(str(precision)) if mode == TICK_SIZE else Decimal(1).scaleb(-int(precision))
