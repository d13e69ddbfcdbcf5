"""How everything stands: commands, data, risk, plugins, and what was noted of the data; and the event log."""

from collections.abc import Iterator

from textual.app import ComposeResult

from papertape.tui.core.happenings import of_book
from papertape.tui.core.question import log_key
from papertape.tui.core.text import clock, price, span
from papertape.tui.core.views import CommandView, PluginView, SessionView
from papertape.tui.widgets.dealings import SHOWN
from papertape.tui.widgets.panel import Choice, Panel, hues, moment
from papertape.tui.widgets.status_bar import feed_state
from papertape.tui.widgets.table import Cell, Column, Row, Table

STATE = (Column("", most=24), Column("", most=26), Column("", most=None))
LOG = (Column("time"), Column("", most=1), Column("who", most=22), Column("what", most=None))
_SIGNS = {
    "info": ("·", "faint"),
    "gain": ("▲", "up"),
    "loss": ("▼", "down"),
    "good": ("✓", "good"),
    "warning": ("!", "warning"),
    "error": ("✗", "error"),
}
_COMMANDS = {
    "waiting": ("… waiting", "warning"),
    "done": ("✓ done", "good"),
    "refused": ("✗ not done", "error"),
    "unheard": ("✗ unheard", "warning"),
}


class StatePanel(Panel):
    """What the operator asked, how data and plugins stand, and which rules hold which books."""

    TITLE = "State"

    def compose(self) -> ComposeResult:
        yield Table(STATE, "Nothing is known yet.", id="state")

    def show(self, view: SessionView, choice: Choice) -> None:
        rows = [*_session(view), *_commands(view), *_data(view), *_risk(view), *_plugins(view), *_notes(view)]
        self.query_one(Table).show([Row(str(place), cells, len(cells) == 1) for place, cells in enumerate(rows)])


class LogPanel(Panel):
    """What happened, newest first."""

    TITLE = "Log"

    def compose(self) -> ComposeResult:
        yield Table(LOG, "Nothing has happened yet.", id="log")

    def show(self, view: SessionView, choice: Choice) -> None:
        colours = hues(view)
        told = of_book(reversed(view.happenings), choice.book)
        rows = []
        for place, line in enumerate(told[:SHOWN]):
            sign, style = _SIGNS[line.level]
            who = colours.get(line.who.partition("/")[0], "strong")
            words = Cell(line.words, style if line.level in ("warning", "error") else "")
            rows.append(Row(log_key(line, place), (moment(line.at), Cell(sign, style), Cell(line.who, who), words)))
        self.query_one(Table).show(rows)
        self.entitle(choice.book or "")


def _session(view: SessionView) -> Iterator[tuple[Cell, ...]]:
    yield (Cell("Session", "head"),)
    speed = f"{view.candles / view.seconds:,.0f} candles/s" if view.seconds else ""
    yield Cell("feed"), Cell(view.feed), Cell(" ".join((view.timeframe, *view.symbols)))
    if view.pace:
        held = f"space has it go on at {view.moving}" if view.held else ""
        yield Cell("pace"), Cell("‖ hold" if view.held else view.pace, "warning" if view.held else ""), Cell(held)
    yield Cell("batches"), Cell(f"{view.batches:,}"), Cell(f"{view.candles:,} candles, {speed}".rstrip(", "))
    yield Cell("ledger"), Cell(""), Cell(view.ledger)
    if view.digest:
        yield Cell("digest"), Cell(""), Cell(view.digest)
    if view.error:
        yield Cell("ended early", "error"), Cell("✗", "error"), Cell(view.error)


def _commands(view: SessionView) -> Iterator[tuple[Cell, ...]]:
    if view.commands:
        yield (Cell("Commands", "head"),)
    for one in reversed(view.commands[-6:]):
        sign, style = _COMMANDS[one.state]
        yield Cell(one.words), Cell(sign, style), Cell(_when(one), "faint")


def _when(one: CommandView) -> str:
    issued = f"asked {clock(one.issued_at)}"
    return issued if one.batch is None else f"{issued}, heard after batch {one.batch:,}"


def _data(view: SessionView) -> Iterator[tuple[Cell, ...]]:
    yield (Cell("Data", "head"),)
    state, means = feed_state(view)
    if view.running:
        late = "" if means or view.delay is None else f"the newest candle came {span(view.delay)} after its close"
        how = Cell(f"! {state}", "warning") if means else Cell(f"✓ {state}", "good")
        yield Cell("the feed"), how, Cell(means or late)
    for one in view.data:
        sign = {"fresh": ("✓ fresh", "good"), "stale": ("! stale", "warning"), "waiting": ("· waiting", "faint")}
        last = "" if one.last_ts is None else f"{price(one.close or 0.0)} at {clock(one.last_ts)}"
        yield Cell(one.symbol), Cell(*sign[one.state]), Cell(last)


def _risk(view: SessionView) -> Iterator[tuple[Cell, ...]]:
    halted = [(book.name, sentence) for book in view.books for sentence in book.standing]
    yield (Cell("Risk", "head"),)
    if not halted:
        yield Cell("every book"), Cell("✓ free", "good"), Cell("no rule stands against one")
    for name, sentence in halted:
        yield Cell(name), Cell("! held", "warning"), Cell(sentence)


def _plugins(view: SessionView) -> Iterator[tuple[Cell, ...]]:
    yield (Cell("Plugins", "head"),)
    colours = hues(view)
    for one in view.plugins:
        style = {"ok": "good", "disabled": "warning"}.get(one.status, "error")
        sign = {"ok": "✓ ok", "disabled": "! disabled"}.get(one.status, f"✗ {one.status}")
        yield Cell(one.name, colours.get(one.name, "")), Cell(sign, style), Cell(_health(one))


def _health(one: PluginView) -> str:
    parts = [f"{one.errors:,} errors" if one.errors else ""]
    if one.calls:
        parts.append(f"{one.calls:>7,} calls  p50 {one.p50_us:>6,.1f}  p99 {one.p99_us:>7,.1f} µs")
    return "; ".join(filter(None, [*parts, one.said]))


def _notes(view: SessionView) -> Iterator[tuple[Cell, ...]]:
    if view.notes:
        yield (Cell("Noted of the data", "head"),)
    for note in view.notes:
        yield Cell(f"{note.symbol} {note.kind}"), Cell(f"{note.count:,}"), Cell(f"{note.source}: {note.example}")
