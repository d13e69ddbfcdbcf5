"""`papertape sessions diff`: two recorded sessions compared."""

from typing import TYPE_CHECKING, Any

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import Progress, print_json, print_table, print_text
from papertape.contract.errors import SessionDiffers

if TYPE_CHECKING:
    from papertape.reports.comparison import Compared

FIGURES = ("equity", "cash", "return", "trades", "fills", "orders", "refused", "fees")


@click.command()
@click.argument("a")
@click.argument("b")
@db_option
@json_option
def diff(a: str, b: str, db: str, as_json: bool) -> None:
    """Compares what two sessions did; exits 1 and names the first difference, with both values, if there is one.

    Books that only one of them has are named, and the others compared.

    Example: papertape sessions diff 7f3k q4m8
    """
    from papertape.ledger.database import open_database
    from papertape.ledger.store import Ledger
    from papertape.reports.comparison import compare

    with Ledger(open_database(db)) as ledger:
        one, other = ledger.find(a), ledger.find(b)
        with Progress("diff", min(one.snapshots, other.snapshots), "batches") as progress:
            found = compare(ledger, one, other, progress.update)
    if as_json:
        print_json(_document(found) | {"digests": {"a": one.digest, "b": other.digest}})
    else:
        _print(found)
    if not found.equal:
        raise SessionDiffers(f"sessions {one.id} and {other.id} differ{_where(found)}")


def _where(found: "Compared") -> str:
    if found.difference is None:
        return ": not all books are in both"
    return f" from batch {found.difference.batch} on"


def _document(found: "Compared") -> dict[str, Any]:
    return {
        **found.names._asdict(),
        "equal": found.equal,
        "difference": found.difference and found.difference.document(),
        "equal_records": found.records,
        "equal_candle_batches": found.candles,
        "books": [
            {
                "name": book.name,
                "equal": book.difference is None,
                "difference": book.difference and book.difference.document(),
                "a": {name: book.a[name] for name in FIGURES},
                "b": {name: book.b[name] for name in FIGURES},
            }
            for book in found.books
        ],
        "only_in_a": list(found.only_a),
        "only_in_b": list(found.only_b),
        "configuration": [setting._asdict() for setting in found.settings],
        "candles": [setting._asdict() for setting in found.sources],
        "changed_code": list(found.code),
    }


def _print(found: "Compared") -> None:
    from papertape.cli.closing import money, percent

    a, b = found.names
    lines = []
    sources = found.sources if found.candles is None else ()
    for what, settings in (("configuration", found.settings), ("source of candles", sources)):
        lines += [f"{what}: {key} is {_shown(left)} in {a}, {_shown(right)} in {b}" for key, left, right in settings]
    if found.code:
        lines.append(f"the code of {', '.join(found.code)} is not the same")
    lines += [f"only {name} has {_books(books)}" for name, books in ((a, found.only_a), (b, found.only_b)) if books]
    if found.difference is not None:
        lines += ["", f"the first difference: {found.difference.text}"]
    before = " before it" if found.difference is not None else ""
    held = "" if found.candles is None else f", and the candles of {found.candles:,} batches"
    lines.append(f"equal{before}: {found.records:,} records{held}")
    if found.candles is None and not found.sources:
        lines.append("the candles are not on both tapes, but both name the same source of them")
    elif found.candles is None:
        lines.append("the candles are not on both tapes, so that only their sources could be compared")
    print_text(*lines[0 if lines[0] else 1 :], "")
    if found.books:
        print_table(
            ["book", "session", "equity", "return", "trades", "fills", "fees", "first difference"],
            [
                [
                    book.name if name == a else "",
                    name,
                    money(figures["equity"]),
                    percent(figures["return"], signed=True),
                    figures["trades"],
                    figures["fills"],
                    money(figures["fees"]),
                    ("none" if book.difference is None else f"batch {book.difference.batch}") if name == a else "",
                ]
                for book in found.books
                for name, figures in ((a, book.a), (b, book.b))
            ],
            "<<>>>>><",
        )


def _shown(value: object) -> str:
    from papertape.reports.differing import shown

    return shown(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _books(names: tuple[str, ...]) -> str:
    return f"{'the book' if len(names) == 1 else 'the books'} {', '.join(names)}"
