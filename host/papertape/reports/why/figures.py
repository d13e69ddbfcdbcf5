"""Figures as people read them."""

from decimal import Decimal

from papertape.broker.money import plain

MOST = 10
"""Decimals of an amount in a sentence; the document has them all."""


def number(value: Decimal | float | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, Decimal):
        rounded = value if -value.as_tuple().exponent <= MOST else round(value, MOST)  # type: ignore[operator]
        whole, point, rest = plain(rounded).partition(".")
        return f"{whole}{point}{rest}" if len(whole) < 4 else f"{int(whole):,}{point}{rest}"
    return f"{value:,.8g}" if abs(value) < 1e15 else f"{value:.8g}"


def signed(value: Decimal) -> str:
    return f"+{number(value)}" if value > 0 else number(value)


def ago(ms: int) -> str:
    seconds = ms // 1000
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
