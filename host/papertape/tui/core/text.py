"""Texts as they may be shown: hostile ones made harmless and short, amounts, shares and times in words.

Names, reasons and symbols come from plugins, files and exchanges. `shown` is the one door by which they come onto a
screen; what takes markup is given the result as plain content, never as a text to parse.
"""

from decimal import Decimal
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from papertape.broker.money import plain
from papertape.cli.output import printable
from papertape.market.timeframe import iso

LONGEST = 400
"""Characters of a text that are looked at at all: no screen shows more of one."""


def shown(text: object, room: int | None = None) -> str:
    r"""`text` on one line, with everything that could act on a terminal written out, in `room` columns at most.

    >>> shown("a\x1b[31mb\r\nc"), shown("abcdef", 4)
    ('a\\x1b[31mb\\r\\nc', 'abc…')
    """
    raw = str(text)
    most = LONGEST if room is None else min(LONGEST, max(room, 0))
    head = raw[: most + 1]
    if head.isascii() and head.isprintable():  # as most are, and a screen asks for thousands
        return head if len(raw) <= most else head[: max(0, most - 1)].rstrip() + "…"[:most]
    safe = printable(head) + ("…" if len(raw) > LONGEST and most == LONGEST else "")
    return safe if cell_len(safe) <= most else cut(safe, most)


def cells(text: object, room: int | None = None) -> int:
    """Cells that `shown` takes for a text.

    >>> cells("a\\r"), cells("abcdef", 4)
    (3, 4)
    """
    raw = str(text)
    most = LONGEST if room is None else min(LONGEST, max(room, 0))
    if len(raw) <= most and raw.isascii() and raw.isprintable():
        return len(raw)
    return cell_len(shown(raw, room))


def cut(text: str, room: int) -> str:
    """A safe text in `room` columns at most, an ellipsis where something is missing."""
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, room - 1).rstrip() + "…" if room > 0 else ""


def aligned(text: str, room: int, right: bool = False) -> str:
    """A safe text in exactly `room` columns."""
    fitted = cut(text, room)
    space = " " * max(0, room - cell_len(fitted))
    return space + fitted if right else fitted + space


def money(amount: Decimal | float) -> str:
    """An amount of quote currency to two decimals, with thousands set apart."""
    return f"{amount:,.2f}"


def number(amount: Decimal) -> str:
    """An exact quantity or price as it is.

    >>> number(Decimal("0.07535000"))
    '0.07535'
    """
    return plain(amount)


def price(value: float) -> str:
    """A price to six significant digits, zeros too: prices of one size stand below each other digit by digit. Above a
    thousand, to two decimals.

    >>> price(42025.1), price(99.7), price(0.000123456), price(0.00000125), price(0.0)
    ('42,025.10', '99.7000', '0.000123456', '0.00000125', '0')
    """
    if abs(value) >= 1000 or value == 0:
        return f"{value:,.2f}" if value else "0"
    digits = f"{value:#.6g}"
    return digits if "e" not in digits else f"{value:.10f}".rstrip("0").rstrip(".")


def percent(share: float | None, signed: bool = True) -> str:
    """A fraction as a percentage; a dash where there is none.

    >>> percent(0.01234), percent(-0.000001), percent(None)
    ('+1.23%', '+0.00%', '–')
    """
    if share is None:
        return "–"
    rounded = round(share, 4) + 0.0  # no -0.00%
    return f"{rounded:+.2%}" if signed else f"{rounded:.2%}"


@lru_cache(4_096)
def clock(ts: int | None) -> str:
    """A time, ms UTC, as day and minute; seconds where they count.

    >>> clock(1_704_247_140_000), clock(1_704_247_145_000), clock(None)
    ('2024-01-03 01:59', '2024-01-03 01:59:05', '–')
    """
    if ts is None:
        return "–"
    text = iso(ts).replace("T", " ").removesuffix("Z")
    return text[:16] if text[16:] == ":00" else text[:19]


def brief_clock(ts: int) -> str:
    """The same without the year.

    >>> brief_clock(1_704_247_140_000)
    '01-03 01:59'
    """
    return clock(ts)[5:]


def span(ms: int) -> str:
    """A length of time in the unit that fits it.

    >>> span(4_200), span(150_000), span(10_800_000)
    ('4.2 s', '2.5 min', '3 h')
    """
    unit, name = next(
        pair for pair in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (0, "s")) if ms >= pair[0]
    )
    return f"{round(ms / (unit or 1_000), 1):g} {name}"
