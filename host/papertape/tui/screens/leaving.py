"""What is asked before the screen is left while sessions run that were started from it."""

from collections.abc import Sequence

from papertape.tui.screens.dialogs import Pick
from papertape.tui.widgets.table import Cell, Column, Row

LEAVE, STOP = "leave", "stop"
_COLUMNS = (Column("", most=18), Column("", most=None))


class Leaving(Pick):
    """Whether to leave the sessions running (LEAVE), or to stop them (STOP); None: not to leave the screen."""

    def __init__(self, running: Sequence[str]) -> None:
        one = len(running) == 1
        them, name = ("it", running[0]) if one else ("them", "ID")
        title = f"Session {name} still runs" if one else f"{len(running)} sessions that were started here still run"
        on = Cell(f"`papertape tui --session {name}` shows {them} again")
        off = Cell(f"`papertape run --resume {name}` goes on from there")
        rows = [
            Row(LEAVE, (Cell(f"leave {them} running", "strong"), on)),
            Row(STOP, (Cell(f"stop {them}", "strong"), off)),
        ]
        super().__init__(title, _COLUMNS, rows)
