"""What commands print: data on stdout, messages and progress on stderr, and nothing raw that came from elsewhere.

Names, reasons and symbols come from plugins, files and exchanges. A control character, an escape sequence or a
bidirectional mark among them could rewrite the terminal, so every text goes through `printable` here, and commands
print through this module alone.
"""

import json
import os
import shutil
import sys
import time
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import accumulate, takewhile
from pathlib import PurePath
from types import TracebackType
from typing import Any, Literal, Self

import click

from papertape.broker.money import plain

Align = Literal["<", ">"]
VERBOSITY = "papertape.verbosity"
"""Key in click's `Context.meta`: -1 with `-q`, 0, 1 with `-v`."""

_UNSAFE = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}  # controls, bidi and zero-width marks, line separators, unassigned
_GAP = "  "


def printable(text: object, keep: str = "") -> str:
    r"""`text` with every character that could act on a terminal written out, except those in `keep`.

    >>> printable("a\x1b[31mb\u202ec")
    'a\\x1b[31mb\\u202ec'
    """
    raw = str(text)
    if raw.isascii() and raw.isprintable():
        return raw
    return "".join(repr(char)[1:-1] if acts(char) and char not in keep else char for char in raw)


def acts(char: str) -> bool:
    """Whether a character could act on a terminal, or hide what a text says."""
    return unicodedata.category(char) in _UNSAFE


def print_json(document: object) -> None:
    """Prints `document` as the one JSON document of stdout, ASCII only; Decimals become plain strings.

    Raises `ValueError` for NaN and infinity, which JSON does not have: say None where there is no figure.
    """
    click.echo(json.dumps(document, indent=2, default=_encode, allow_nan=False))


def print_text(*lines: object) -> None:
    """Prints plain lines to stdout. A break inside of one is data, and written out."""
    click.echo("\n".join(map(printable, lines)))


class Rows:
    """Takes rows of data for stdout: exactly as they are, but on a terminal harmless."""

    def write(self, text: str) -> int:
        """Writes some of it."""
        return sys.stdout.write(printable(text, keep="\n") if sys.stdout.isatty() else text)


def print_fields(fields: Mapping[str, object]) -> None:
    """Prints one `name  value` line per field, the values in one column."""
    names = [printable(name) for name in fields]
    room = max(map(width, names), default=0)
    cells = ([name, _cell(value)] for name, value in zip(names, fields.values(), strict=True))
    click.echo("\n".join(f"{name}{' ' * (room - width(name))}{_GAP}{value}".rstrip() for name, value in cells))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]], align: str = "") -> None:
    """Prints rows under headers, in columns two spaces apart; None is an empty cell.

    `align` has one of `<` and `>` per column, left where it says nothing. On a terminal the widest columns give way
    until a row fits its width; elsewhere nothing is cut.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    titles = [printable(header) for header in headers]
    widths = [max(map(width, column)) for column in zip(titles, *cells, strict=True)]
    if sys.stdout.isatty():
        widths = _fit(widths, shutil.get_terminal_size().columns - len(_GAP) * (len(widths) - 1))
    sides = align.ljust(len(widths), "<")
    head = _line(titles, widths, sides)
    lines = [click.style(head, bold=True) if _styled() else head, *(_line(row, widths, sides) for row in cells)]
    click.echo("\n".join(lines))


def say(*lines: object, level: int = 0) -> None:
    """Prints a message, line by line, to stderr. `level` 1 is heard with `-v` alone, 0 unless `-q`, -1 always."""
    if level <= verbosity():
        click.echo("\n".join(map(printable, lines)), err=True)


def verbosity() -> int:
    """-1 after `-q`, 1 after `-v`, else 0."""
    context = click.get_current_context(silent=True)
    return 0 if context is None else int(context.meta.get(VERBOSITY, 0))


def width(text: str) -> int:
    """Columns that a printable text takes on a terminal: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def duration(seconds: float) -> str:
    """A length of time in words a reader takes in at a glance.

    >>> duration(8.24), duration(95), duration(7380)
    ('8.2s', '1m35s', '2h03m')
    """
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"


class Progress:
    """A line on stderr with how far, how fast and how much longer; it shows on a terminal alone, and not after `-q`.

    `with Progress("replay", total=feed.total(), unit="batches") as progress: progress.update(done)`. The line appears
    after a third of a second, is drawn at most ten times a second, and is gone at the end. `total` None: unknown.
    """

    def __init__(self, label: str, total: int | None = None, unit: str = "") -> None:
        self.label, self.total, self.unit = printable(label), total, unit
        self._shown = sys.stderr.isatty() and verbosity() >= 0
        self._began = time.monotonic()
        self._due = self._began + 0.35
        self._drawn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._erase()

    def update(self, done: int) -> None:
        """`done` of `total` are behind us. Cheap enough to be called for every block of work."""
        now = time.monotonic()
        if not self._shown or now < self._due:
            return
        self._due = now + 0.1
        room = shutil.get_terminal_size().columns - 1
        line = progress_line(self.label, done, self.total, self.unit, now - self._began)[:room]
        click.echo("\r" + line.ljust(self._drawn), err=True, nl=False)
        self._drawn = len(line)

    def say(self, message: object, level: int = 0) -> None:
        """Prints a message above the line."""
        self._erase()
        say(message, level=level)

    def _erase(self) -> None:
        if self._drawn:
            click.echo("\r" + " " * self._drawn + "\r", err=True, nl=False)
            self._drawn = 0


def progress_line(label: str, done: int, total: int | None, unit: str, seconds: float) -> str:
    """The text of a progress line after `seconds`.

    >>> progress_line("replay", 250, 1000, "batches", 5.0)
    'replay  [#####...............]  25%  250/1,000 batches  50/s  15s left'
    """
    rate = done / seconds if seconds > 0 else 0.0
    speed = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"
    if not total:
        return f"{label}  {done:,} {unit}  {speed}  {duration(seconds)} so far"
    share = min(done / total, 1.0)
    bar = ("#" * int(share * 20)).ljust(20, ".")
    left = f"  {duration((total - done) / rate)} left" if 0 < rate and done < total else ""
    return f"{label}  [{bar}] {share:4.0%}  {done:,}/{total:,} {unit}  {speed}{left}"


def _encode(value: object) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return plain(value) if isinstance(value, Decimal) else printable(value)


def _fit(widths: list[int], room: int) -> list[int]:
    """Widths that add up to `room` at most, taken from the widest; none falls below 8."""
    fitted = list(widths)
    while sum(fitted) > room and max(fitted) > 8:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _line(cells: Sequence[str], widths: Sequence[int], sides: str) -> str:
    padded = []
    for text, room, side in zip(cells, widths, sides, strict=False):
        shown = _cut(text, room)
        space = " " * (room - width(shown))
        padded.append(space + shown if side == ">" else shown + space)
    return _GAP.join(padded).rstrip()


def _cut(text: str, room: int) -> str:
    if width(text) <= room:
        return text
    taken = takewhile(lambda used: used < room, accumulate(map(width, text)))
    return text[: sum(1 for _ in taken)].rstrip() + "…"


def _styled() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
