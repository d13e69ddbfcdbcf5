"""Exact decimals in a database: what goes in comes out, normalised, on SQLite and on PostgreSQL."""

from decimal import Decimal

from sqlalchemy import Dialect, Numeric, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from papertape.contract.errors import InvalidValue


def exact_text(value: Decimal) -> str:
    """Plain notation, without trailing zeros, of every digit that `value` has. Raises InvalidValue unless it is finite.

    >>> exact_text(Decimal("1.500")), exact_text(Decimal("1E+3")), exact_text(Decimal("-0.0"))
    ('1.5', '1000', '0')
    """
    if not value.is_finite():
        raise InvalidValue(f"the ledger keeps finite amounts only, was given {value}")
    text = str(value)  # twice as fast as format(value, "f"), and most amounts need nothing else
    if "E" in text:
        text = format(value, "f")
    if text[-1] == "0" and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if value else "0"


class ExactDecimal(TypeDecorator[Decimal]):
    """TEXT on SQLite, whose numbers are floats; NUMERIC without a fixed scale on PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Decimal] | TypeEngine[str]:
        return Numeric() if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> object:
        if value is None:
            return None
        text = exact_text(value)
        return Decimal(text) if dialect.name == "postgresql" else text

    def process_result_value(self, value: object, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(exact_text(Decimal(str(value))))
