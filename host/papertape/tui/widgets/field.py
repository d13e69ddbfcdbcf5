"""A line of a form."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from papertape.tui.core.text import shown
from papertape.tui.widgets.line import Line
from papertape.tui.widgets.paint import label


class Field(Vertical):
    """One value: its name, a line to type in, what it takes, and what is wrong with it."""

    def __init__(self, place: str, parameter: str, value: str, default: str, hint: str) -> None:
        super().__init__(classes="field")
        self.place, self.parameter, self.hint = place, parameter, hint
        self._value, self._default, self._trouble = value, default, ""

    def compose(self) -> ComposeResult:
        yield Static(label(self.parameter), classes="field-name")
        yield Line(self._value, shown(self._default, 40))
        yield Static(classes="field-hint")

    def on_mount(self) -> None:
        self.show(self._trouble)

    def show(self, trouble: str) -> None:
        """Says what is wrong, or else what it takes."""
        self._trouble = trouble
        for line in self.query(".field-hint").results(Static):  # none before it is composed
            line.update(label(f"✗ {trouble}" if trouble else self.hint))
            line.set_class(bool(trouble), "-wrong")
