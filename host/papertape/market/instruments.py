"""The instruments of a session: the exchange's rules where known, a plain spot market where not."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from decimal import Context, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from papertape.contract.errors import ConfigError
from papertape.contract.instrument import Instrument, Tier, quote_of, settle_of

_EXACT = Context(prec=80)
"""Not the thread's, which a plugin may have changed."""
_TEXTS, _FLAGS = {"quote", "kind"}, {"margin", "isolated"}
_NUMBERS = {name.name for name in fields(Instrument)} - _TEXTS - _FLAGS - {"symbol", "tiers"}


def instruments_of(
    symbols: tuple[str, ...],
    overrides: Mapping[str, Mapping[str, Any]],
    fee_bps: Decimal | None,
    quote: str | None,
    known: Mapping[str, Instrument] = MappingProxyType({}),
) -> tuple[Instrument, ...]:
    """One instrument per symbol, all quoted in one currency.

    `known`: what the feed knows of them. Without data: price as read, lot 1e-8 (or one contract, where `contract_size`
    is set), no minimum notional, spot, fees of 10 bps. `fee_bps`, where it is said, is the maker and taker fee of all.
    `overrides`: fields of `Instrument` by symbol. Raises `ConfigError` for an unknown symbol or field, a second quote
    currency, or an inverse contract.
    """
    for symbol in overrides:
        if symbol not in symbols:
            raise ConfigError(f"instruments: {symbol!r} is not in this session; it has {', '.join(symbols)}")
    currency = quote or next((quote_of(symbol, "") for symbol in symbols if "/" in symbol), "USD")
    fees = {}
    if fee_bps is not None:
        fee = fee_bps.scaleb(-4, _EXACT)
        fees = {"maker": fee, "taker": fee}
    found = []
    for symbol in symbols:
        _refuse_inverse(symbol, quote_of(symbol, currency))
        given = {**fees, **_checked(symbol, overrides.get(symbol, {}))}
        instrument = known.get(symbol)
        if instrument is None:
            if "contract_size" in given:
                given.setdefault("lot", given["contract_size"])
            instrument = Instrument(symbol, quote_of(symbol, currency))
        instrument = replace(instrument, **given)
        if instrument.quote != currency:
            raise ConfigError(
                f"{symbol} is quoted in {instrument.quote}, the books in {currency}: leave it out, or run it in a "
                "session of its own"
            )
        found.append(instrument)
    return tuple(found)


def read_instrument(document: Mapping[str, Any]) -> Instrument:
    """The instrument that a tape keeps as JSON values."""
    values: dict[str, Any] = dict(document)
    decimals = [field.name for field in fields(Instrument) if isinstance(field.default, Decimal)]
    tiers = tuple(Tier(*map(Decimal, tier)) for tier in values["tiers"])
    return Instrument(**values | {name: Decimal(values[name]) for name in decimals} | {"tiers": tiers})


def _refuse_inverse(symbol: str, quote: str) -> None:
    settle = settle_of(symbol)
    if settle is not None and settle != quote:
        raise ConfigError(
            f"{symbol} is an inverse contract: it is settled in {settle}, not in {quote}. Only linear contracts can be "
            f"traded here, such as {symbol.partition('/')[0]}/USDT:USDT"
        )


def _checked(symbol: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in rules.items():
        where = f"instruments.{symbol}: {name}"
        if name in _TEXTS:
            checked[name] = str(value)
        elif name in _FLAGS:
            if str(value).lower() not in ("true", "false"):
                raise ConfigError(f"{where} must be true or false, was {value!r}")
            checked[name] = str(value).lower() == "true"
        elif name == "tiers":
            checked[name] = _tiers(where, value)
        elif name in _NUMBERS:
            checked[name] = _number(where, value)
        else:
            known = ", ".join(sorted(_NUMBERS | _TEXTS | _FLAGS | {"tiers"}))
            raise ConfigError(f"instruments.{symbol}: no field {name!r}; there is {known}")
    return checked


def _number(where: str, value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ConfigError(f"{where} must be a number, was {value!r}") from None


def _tiers(where: str, given: object) -> tuple[Tier, ...]:
    """Tiers of [floor, rate] or [floor, rate, deduction].

    A deduction that is not given makes the margin continuous: floor x (rate - rate before) + deduction before, as in
    Binance's "How to Calculate Liquidation Price" (https://www.binance.com/en/support/faq/ceccfcfb4e3a45e3b48b0b1bb1a8ae46).
    """
    found: list[Tier] = []
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ConfigError(f"{where} is a list of [floor, rate] or [floor, rate, deduction], was {given!r}")
    for row in given:
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) not in (2, 3):
            raise ConfigError(f"{where}: a tier is [floor, rate] or [floor, rate, deduction], was {row!r}")
        floor, rate, *rest = (_number(where, value) for value in row)
        before = found[-1] if found else Tier(Decimal(0), rate, Decimal(0))
        step = _EXACT.multiply(floor, _EXACT.subtract(rate, before.rate))
        found.append(Tier(floor, rate, rest[0] if rest else _EXACT.add(before.deduction, step)))
    return tuple(found)
