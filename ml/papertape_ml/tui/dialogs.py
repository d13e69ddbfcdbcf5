"""Dialogs of the models screen: what a promotion rests on, a step back, another registry."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from papertape.contract.errors import InvalidValue, PapertapeError
from papertape.market.timeframe import parse_time
from papertape.tui.core.text import LONGEST
from papertape.tui.widgets.line import Line as TypedLine
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.table import Row, Table
from papertape_ml.registry.names import alias_name
from papertape_ml.tui import sheets
from papertape_ml.tui.shelf import CHAMPION, Line

FORM = """
.form { height: auto; margin: 1 0; }
.form-line { layout: horizontal; height: 1; }
.form-name { width: 16; color: $faint; }
.form-line Input { width: 1fr; background: $panel; }
#wrong { height: auto; color: $error; }
"""
GATES = """
.dialog.-gates { width: 118; padding: 0 1; }
.dialog.-gates #stage { height: auto; color: $faint; }
.dialog.-gates #gates { margin-top: 1; max-height: 14; }
.dialog.-gates #outcome { height: auto; margin-top: 1; color: $success; }
.dialog.-gates #outcome.-wrong { color: $error; }
.decide { layout: horizontal; height: 1; margin-top: 1; align-horizontal: right; }
.decide Input { width: 1fr; background: $panel; }
"""


class Wanted(NamedTuple):
    """What a person asks for. `options`: on what the gates judge, as `papertape models promote` has them; `shadow`:
    trades that sessions must hold."""

    alias: str
    why: str
    shadow: int
    options: Mapping[str, Any]


class _Form(Vertical):
    """Fields on a line each: a name, and what is typed."""

    def __init__(self, fields: Sequence[tuple[str, str, str, str]]) -> None:
        super().__init__(classes="form")
        self.fields = fields

    def compose(self) -> ComposeResult:
        for key, name, value, hint in self.fields:
            with Container(classes="form-line"):
                yield Static(label(name), classes="form-name")
                yield TypedLine(value, hint, f"field-{key}")

    def typed(self, key: str) -> str:
        return self.query_one(f"#field-{key}", Input).value.strip()


class Promote(ModalScreen[Wanted | None]):
    """Asks for which alias, and on what the gates are to judge."""

    CSS = FORM
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, line: Line, sessions: Sequence[str]) -> None:
        super().__init__()
        self.line, self.sessions = line, sessions

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -wide") as box:
            box.border_title = label(f"Promote {self.line}")
            box.border_subtitle = label("enter goes on, escape back")
            words = (
                "The alias champion has gates: this version and the present champion predict afresh what neither has "
                "learned from. Any other alias moves at once."
            )
            yield Static(words, classes="about", markup=False)
            yield _Form(
                [("alias", "alias", CHAMPION, ""), *self._judged_on(), ("why", "why", "", "what the history says")]
            )
            yield Static(id="wrong")
            with Horizontal():
                yield Button(label("Back"), id="no")
                yield Button(label("Go on"), id="yes", variant="primary")

    def _judged_on(self) -> list[tuple[str, str, str, str]]:
        if self.line.row.kind == "stacking":
            return [("sessions", "sessions", " ".join(self.sessions), "ids of sessions with its members")]
        return [
            ("sources", "candles", "", "file or folder; empty: the local store"),
            ("symbols", "symbols", "", "such as BTC/USDT ETH/USDT; empty: all there"),
            ("start", "from", "", "such as 2024-03-01; empty: all that is unseen"),
            ("shadow", "shadow trades", "0", ""),
        ]

    def on_mount(self) -> None:
        self.query_one("#field-alias", Input).focus()

    def on_input_submitted(self) -> None:
        self._go_on()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "yes":
            self._go_on()
        else:
            self.dismiss(None)

    def action_leave(self) -> None:
        self.dismiss(None)

    def _go_on(self) -> None:
        try:
            self.dismiss(self._wanted())
        except PapertapeError as error:
            self.query_one("#wrong", Static).update(label(f"✗ {error}", LONGEST))

    def _wanted(self) -> Wanted:
        """What was typed. Raises `RequestError` kinds."""
        form = self.query_one(_Form)
        typed = {key: form.typed(key) for key, *_ in form.fields}
        shadow = typed.get("shadow") or "0"
        if not shadow.isdecimal():
            raise InvalidValue(f"shadow trades: a number from 0 up, was {shadow!r}")
        start, alias = typed.get("start"), alias_name(typed["alias"])
        if alias in self.line.aliases:
            raise InvalidValue(f"{self.line.row.name}@{alias} points to version {self.line.row.version} already")
        return Wanted(
            alias,
            typed["why"],
            int(shadow),
            {
                "sources": [str(Path(typed["sources"]).expanduser().absolute())] if typed.get("sources") else [],
                "symbols": typed.get("symbols", "").split(),
                "sessions": typed.get("sessions", "").split(),
                "start": parse_time(start) if start else None,
                "end": None,
                "timeframe": None,
                "reference": None,
                "on_bad_row": "stop",
            },
        )


class StepBack(ModalScreen[str | None]):
    """Asks whether an alias is to go back to the version before, with what its gates said then; the reason, or None."""

    CSS = GATES
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, title: str, words: str, rows: Sequence[Row]) -> None:
        super().__init__()
        self.heading, self.words, self.rows = title, words, rows

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -gates") as box:
            box.border_title = label(self.heading)
            yield Static(label(self.words, LONGEST), classes="about")
            yield Table(sheets.GATES, id="gates")
            with Container(classes="decide"):
                yield TypedLine(placeholder="why; empty: rolled back by hand", id="reason")
                yield Button(label("No"), id="no", compact=True)
                yield Button(label("Roll back"), id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        table = self.query_one(Table)
        table.show(self.rows)
        table.styles.height = min(len(self.rows) + 2, 14)
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        yes = event.button.id == "yes"
        self.dismiss(self.query_one(Input).value.strip() or "rolled back by hand" if yes else None)

    @on(Input.Submitted)
    def go_to_button(self) -> None:
        """Enter in the reason goes on to the button, which is what decides."""
        self.query_one("#yes").focus()

    def action_leave(self) -> None:
        self.dismiss(None)


class Folder(ModalScreen[str | None]):
    """Asks for the folder of a registry; empty is the one in the ledger."""

    CSS = FORM
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, present: str) -> None:
        super().__init__()
        self.present = present

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -wide") as box:
            box.border_title = label("Which registry?")
            box.border_subtitle = label("enter opens it, escape back")
            yield _Form([("folder", "folder", self.present, "empty: the registry in the ledger")])

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        self.dismiss(None)
