"""The instruments of a session: the exchange's rules where known, a plain spot market where not."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from papertape.contract.errors import ConfigError
from papertape.contract.instrument import Instrument, quote_of

_NUMBERS = {name.name for name in fields(Instrument)} - {"symbol", "quote", "margin"}


def instruments_of(
    symbols: tuple[str, ...], overrides: Mapping[str, Mapping[str, Any]], fee_bps: Decimal, quote: str | None
) -> tuple[Instrument, ...]:
    """One instrument per symbol, all quoted in one currency.

    Without data: price as read, lot 1e-8, no minimum notional, spot, maker = taker = `fee_bps`. `overrides`: fields
    of `Instrument` by symbol. Raises `ConfigError` for an unknown symbol or field, or a second quote currency.
    """
    for symbol in overrides:
        if symbol not in symbols:
            raise ConfigError(f"instruments: {symbol!r} is not in this session; it has {', '.join(symbols)}")
    currency = quote or next((quote_of(symbol, "") for symbol in symbols if "/" in symbol), "USD")
    fee = fee_bps.scaleb(-4, Context(prec=80))  # not the thread's, which a plugin may have changed
    found = []
    for symbol in symbols:
        given = {"maker": fee, "taker": fee, **_checked(symbol, overrides.get(symbol, {}))}
        instrument = Instrument(**{"symbol": symbol, "quote": quote_of(symbol, currency), **given})
        if instrument.quote != currency:
            raise ConfigError(
                f"{symbol} is quoted in {instrument.quote}, the books in {currency}: leave it out, or run it in a "
                "session of its own"
            )
        found.append(instrument)
    return tuple(found)


def _checked(symbol: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in rules.items():
        if name == "quote":
            checked[name] = str(value)
        elif name == "margin":
            if str(value).lower() not in ("true", "false"):
                raise ConfigError(f"instruments.{symbol}: margin must be true or false, was {value!r}")
            checked[name] = str(value).lower() == "true"
        elif name in _NUMBERS:
            try:
                checked[name] = Decimal(str(value))
            except InvalidOperation:
                raise ConfigError(f"instruments.{symbol}: {name} must be a number, was {value!r}") from None
        else:
            known = ", ".join(sorted(_NUMBERS | {"quote", "margin"}))
            raise ConfigError(f"instruments.{symbol}: no field {name!r}; there is {known}")
    return checked
