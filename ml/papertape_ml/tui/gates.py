"""The gates of a would-be champion: judged in a process of its own, shown one by one, and then a person decides."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from papertape.tui.core.text import LONGEST
from papertape.tui.widgets.line import Line as TypedLine
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.table import Table
from papertape_ml.tui import sheets
from papertape_ml.tui.dialogs import GATES
from papertape_ml.tui.errands import Errand, ErrandFailed
from papertape_ml.tui.messages import Judged, JudgingFailed, StageReached
from papertape_ml.tui.shelf import CHAMPION, Line


class Decision(NamedTuple):
    """What is to become of a judged version. `judged`: the child's document, None where there is no judgement."""

    take: bool
    why: str
    judged: Mapping[str, Any] | None
    trouble: str = ""


class Gates(ModalScreen[Decision | None]):
    """Puts a version to the gates of the champion, in a process of its own; shows what each found; then a person
    decides. None: it was called off before there was a verdict. A verdict stands in the history before it is shown, so
    that its evidence counts as used whatever the person does next."""

    CSS = GATES
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, line: Line, request: Mapping[str, Any], home: Path) -> None:
        super().__init__()
        self.line, self.request = line, request
        self.judged: Mapping[str, Any] | None = None
        self.trouble = ""
        self._errand = Errand(home)
        self._stage, self._began = "starting", time.monotonic()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -gates") as box:
            box.border_title = label(f"{self.line} for {CHAMPION}")
            yield Static(id="stage")
            yield Table(sheets.GATES, "", id="gates")
            yield Static(id="outcome")
            with Container(classes="decide"):
                yield TypedLine(id="reason")
                yield Button(label("Call it off"), id="no", compact=True)
                yield Button(label("Promote"), id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        for name in ("#gates", "#outcome", "#reason", "#yes"):
            self.query_one(name).display = False
        self.set_interval(0.5, self._tick)
        self._tick()
        self.judge()

    def on_unmount(self) -> None:
        self._errand.call_off()

    @work(thread=True, group="judge")
    def judge(self) -> None:
        """Has it judged."""
        try:
            for document in self._errand.judge(self.request):
                if "stage" in document:
                    self.post_message(StageReached(str(document["stage"])))
                elif "trouble" in document:
                    self.post_message(JudgingFailed(str(document["trouble"])))
                else:
                    self.post_message(Judged(document))
        except ErrandFailed as error:
            if not self._errand.called_off:
                self.post_message(JudgingFailed(str(error)))

    def on_stage_reached(self, event: StageReached) -> None:
        self._stage = event.stage
        self._tick()

    def _tick(self) -> None:
        if self.judged is None and not self.trouble:
            words = f"… {self._stage} ({time.monotonic() - self._began:.0f} s)"
            self.query_one("#stage", Static).update(label(words))

    def on_judged(self, event: Judged) -> None:
        self.judged = event.document
        evidence, stopped = event.document["evidence"], event.document["stopped_by"]
        present = event.document["present"]
        against = "nobody: there is no champion yet" if present is None else f"@{present}, the champion now"
        self.query_one("#stage", Static).update(label(f"against {against}; {sheets.judged_on(evidence)}", LONGEST))
        table = self.query_one("#gates", Table)
        rows = sheets.gate_rows(evidence["gates"])
        table.show(rows)
        table.styles.height = len(rows) + 1
        words = "✓ every gate lets it in; the history keeps that it was judged"
        if stopped:
            words = f"✗ stopped by {', '.join(stopped)}: the champion stays, the history keeps that. To force it: why?"
        self._decide(words, bool(stopped))

    def on_judging_failed(self, event: JudgingFailed) -> None:
        self.trouble = event.trouble
        self.query_one("#stage", Static).update(label(f"✗ not judged: {event.trouble}", LONGEST))
        self._decide("To promote it without gates: why?", forced=True)

    def _decide(self, words: str, forced: bool) -> None:
        """Offers what can be done now: past gates, only with a reason."""
        self.query_one("#gates").display = self.judged is not None
        outcome = self.query_one("#outcome", Static)
        outcome.update(label(words, LONGEST))
        outcome.set_class(forced, "-wrong")
        reason, yes, no = (
            self.query_one("#reason", Input),
            self.query_one("#yes", Button),
            self.query_one("#no", Button),
        )
        for widget in (outcome, reason, yes):
            widget.display = True
        reason.placeholder = "why it is forced: the history keeps it" if forced else "why; empty: all gates passed"
        yes.label = label("Force" if forced else "Promote")
        no.label = label("Leave it")
        yes.disabled = forced
        (no if forced else yes).focus()

    @property
    def forced(self) -> bool:
        """Whether promoting it now would be past gates."""
        return self.judged is None or bool(self.judged["stopped_by"])

    @on(Input.Changed, "#reason")
    def reasoned(self, event: Input.Changed) -> None:
        """Forcing needs a reason."""
        self.query_one("#yes", Button).disabled = self.forced and not event.value.strip()

    @on(Input.Submitted, "#reason")
    def go_to_button(self) -> None:
        """Enter in the reason goes on to the button, which is what decides."""
        if not (yes := self.query_one("#yes", Button)).disabled:
            yes.focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self._leave(take=event.button.id == "yes")

    def action_leave(self) -> None:
        self._leave(take=False)

    def _leave(self, take: bool) -> None:
        if self.judged is None and not self.trouble:
            self.dismiss(None)
        else:
            why = self.query_one("#reason", Input).value.strip()
            self.dismiss(Decision(take, why, self.judged, self.trouble))
