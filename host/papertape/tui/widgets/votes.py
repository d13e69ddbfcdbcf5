"""How each fusion came to what it said: the votes of its members."""

from collections.abc import Iterator

from textual.app import ComposeResult

from papertape.tui.core.text import clock
from papertape.tui.core.views import SessionView, Verdict, Vote
from papertape.tui.widgets.dealings import SIDES
from papertape.tui.widgets.panel import Choice, Panel, hues, meter
from papertape.tui.widgets.table import Cell, Column, Row, Table

COLUMNS = (
    Column("", most=1),
    Column("member", most=22),
    Column("stands", most=9),
    Column("sure"),
    Column("weight", right=True),
    Column("reason", most=None),
    Column("since", rank=1),
)
_STANDS = {1: ("▲ long", "up"), -1: ("▼ short", "down"), 0: ("■ flat", ""), None: ("· silent", "faint")}


class VotesPanel(Panel):
    """Every fusion's last word on every symbol, the chosen symbol first, and what its members say now. Where data are
    stale nobody has a vote."""

    TITLE = "Votes"

    def compose(self) -> ComposeResult:
        yield Table(COLUMNS, "No fusion is in this session: add one with --fusion, or in its file.", id="votes")

    def show(self, view: SessionView, choice: Choice) -> None:
        colours = hues(view)
        ordered = sorted(view.verdicts, key=lambda verdict: verdict.symbol != choice.symbol)
        stale = {one.symbol for one in view.data if one.state == "stale"}
        rows = [row for verdict in ordered for row in _rows(verdict, verdict.symbol in stale, colours)]
        self.query_one(Table).show(rows)
        self.entitle(choice.symbol)


def _rows(verdict: Verdict, stale: bool, colours: dict[str, str]) -> Iterator[Row]:
    key = f"{verdict.fusion}\n{verdict.symbol}"
    said = "has said nothing" if not verdict.action else f"{SIDES.get(verdict.action, '◆')} {verdict.action}"
    why = f": {verdict.reason}" if verdict.reason else ""
    sign = "! its data are stale: nobody has a vote  " if stale else ""
    style = "warning" if stale else "strong"
    yield Row(key, (Cell(f"{verdict.symbol}  {verdict.fusion}  {sign}{said}{why}", style),), spans=True)
    for vote in verdict.votes:
        yield Row(f"{key}\n{vote.member}", _vote(vote, stale, colours.get(vote.member, "")))


def _vote(vote: Vote, stale: bool, colour: str) -> tuple[Cell, ...]:
    stands, style = _STANDS[vote.side]
    silent = vote.side is None
    if stale and not silent:
        stands, style = f"! {stands}", "faint"
    return (
        Cell(""),
        Cell(vote.member, colour),
        Cell(stands, style),
        Cell("" if silent else meter(vote.confidence)),
        Cell("" if vote.weight is None else f"{vote.weight:g}", "faint"),
        Cell(vote.reason),
        Cell("" if vote.since is None else clock(vote.since)[5:], "faint"),
    )
