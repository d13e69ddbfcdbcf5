"""A line to type in."""

from rich.highlighter import Highlighter
from rich.text import Text
from textual.widgets import Input

from papertape.cli.output import acts


class _Shown(Highlighter):
    """Puts a sign in the place of each character that could act."""

    def highlight(self, text: Text) -> None:
        plain = text.plain
        if not (plain.isascii() and plain.isprintable()):
            text.plain = "".join("\ufffd" if acts(char) else char for char in plain)


class Line(Input):
    """An input whose text may be anything: what could act on a terminal is shown as a sign, and stays what it is."""

    def __init__(self, value: str = "", placeholder: str = "", id: str | None = None) -> None:
        super().__init__(value, placeholder, highlighter=_Shown(), id=id, compact=True)
