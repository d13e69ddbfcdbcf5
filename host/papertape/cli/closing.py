"""The closing table of a session, for people."""

from decimal import Decimal
from typing import Any

from papertape.cli.output import duration, print_table, print_text
from papertape.market.timeframe import iso

NOTED = {
    "gap": "absent",
    "zero-volume": "without volume",
    "duplicate": "more than once",
    "widened": "with a widened range",
    "outlier": "far from the candle before",
    "skipped": "skipped",
    "off-grid": "off the grid",
    "disagreement": "told differently by stream and REST",
    "lost": "that the exchange did not have any more",
}
"""What a note of each kind counts."""


def print_closing(document: dict[str, Any], ledger: str) -> None:
    """Prints what a session came to, and the commands that show more."""
    name, span = document["session"], ""
    if document["first_ts"] is not None:
        span = f" from {iso(document['first_ts'])} to {iso(document['last_ts'])}"
    print_text(
        f"session {name} {document['status']}: {document['bars']:,} candles in {document['snapshots']:,} batches"
        f"{span}, "
        f"{duration(document['seconds'])} ({document['bars_per_second']:,.0f} candles/s)"
    )
    if document.get("error"):
        print_text(f"it ended early: {document['error']}")
    print_text("")
    headers = ["book", "equity", "return", "drawdown", "trades", "won", "sharpe", "fees", "refused"]
    rows = [
        [
            book["name"],
            money(book["equity"]),
            percent(book["return"], signed=True),
            percent(-book["max_drawdown"]),
            book["trades"],
            percent(book["win_rate"]),
            "" if book["sharpe"] is None else f"{book['sharpe']:.1f}",
            money(book["fees"]),
            book["refused"],
        ]
        for book in sorted(document["books"], key=lambda book: -book["return"])
    ]
    print_table(headers, rows, "<>>>>>>>>")
    if document["buy_and_hold"] is not None:
        print_text("", f"buying and holding the market: {percent(document['buy_and_hold'], signed=True)} before fees")
    for note in document["notes"]:
        kind = NOTED.get(note["kind"], note["kind"])  # a plugin's feed may note what nobody has foreseen
        print_text(f"data: {note['symbol']} ({note['source']}): {note['count']:,} {kind}: {note['example']}")
    if document.get("live"):
        _print_live(document["live"])
    for plugin in document.get("plugins", []):
        if plugin["status"] != "ok" or plugin["errors"]:
            print_text(f"plugin {plugin['name']}: {plugin['status']}, {plugin['errors']} errors")
    print_text("", f"digest {document['digest']}")
    if document["status"] in ("stopped", "failed"):
        print_text(f"go on with it     papertape run --resume {name}")
    print_text(
        f"its round trips   papertape sessions export {name} --what trades",
        f"prove it          papertape sessions verify {name}",
    )


def _print_live(feed: dict[str, Any]) -> None:
    counted = {
        "late": "late candle",
        "amended": "amended candle",
        "times_stale": "stale symbol",
        "times_muted": "muted stretch",
    }
    told = [f"{feed[name]:,} {words}" + _plural(words, feed[name]) for name, words in counted.items() if feed[name]]
    if told:
        print_text(f"feed: {', '.join(told)}")
    if feed["stale"]:
        print_text(f"feed: {', '.join(feed['stale'])} stale now: nothing is entered until whole again")
    if feed["muted"]:
        print_text("feed: muted now: signals are recorded, nothing is traded")


def _plural(words: str, count: int) -> str:
    return "" if count == 1 else "es" if words.endswith("ch") else "s"


def money(text: str) -> str:
    """An amount to two decimals, with thousands set apart."""
    return f"{Decimal(text):,.2f}"


def percent(share: float | None, signed: bool = False) -> str:
    """A fraction as a percentage; nothing where there is none."""
    if share is None:
        return ""
    shown = round(share, 4) + 0.0  # no -0.00%
    return f"{shown:+.2%}" if signed else f"{shown:.2%}"
