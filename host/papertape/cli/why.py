"""`papertape why`: the whole chain behind a candle, an order, a refusal, or the absence of a trade."""

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import print_json, print_text, printable

if TYPE_CHECKING:
    from papertape.reports.why import Chain

WIDEST = 110
"""Columns of a line, however wide the terminal: longer ones are hard to read."""


@click.command()
@click.argument("session")
@click.option("--symbol", required=True, help="Which of the session's symbols.")
@click.option("--at", "when", required=True, metavar="TIME", help="ISO 8601, ms, or a time of the last day: 14:03.")
@click.option("--book", help="One book alone; a fusion's comes with its members' stances.")
@click.option("--from-start", "whole", is_flag=True, help="Fold from the session's start, also where that takes long.")
@db_option
@json_option
def why(session: str, symbol: str, when: str, book: str | None, whole: bool, db: str, as_json: bool) -> None:
    """Says why a session traded, or did not, at a candle: the whole chain behind it.

    What the candle was worth, what was said, sized, allowed, ordered and filled. TIME is the close of a candle, or any
    time within it. The session is folded again to that candle and watched; of what became of its orders since, the
    ledger tells.

    \b
    Examples:
      papertape why 7f3k --symbol BTC/USD --at 14:03
      papertape why 7f3k --symbol BTC/USD --at 2026-03-01T14:03 --book weighted-vote --json
    """
    from papertape.engine.discovery import load_plugins
    from papertape.ledger.database import open_database
    from papertape.ledger.store import Ledger
    from papertape.reports.why import explain, moment_of
    from papertape.reports.why.document import document

    with Ledger(open_database(db)) as ledger:
        row = ledger.find(session)
        chain = explain(ledger, row, load_plugins(), symbol, moment_of(when, row), book, whole=whole)
    if as_json:
        print_json(document(chain))
    else:
        print_text(*_lines(chain))


def _lines(chain: "Chain") -> list[str]:
    from papertape.reports.why import sentences

    room = min(shutil.get_terminal_size().columns, WIDEST) if sys.stdout.isatty() else WIDEST
    lines: list[str] = []
    for place, paragraph in enumerate(sentences(chain)):
        lines += [*([""] if place else []), *textwrap.wrap(printable(paragraph.heading), room)]
        for sentence in paragraph.lines:
            lines += textwrap.wrap(printable(sentence), room, initial_indent="  - ", subsequent_indent="    ")
    return lines
