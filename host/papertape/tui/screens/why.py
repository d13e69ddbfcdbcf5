"""Why it did, or did not, trade: the whole chain behind one candle, in sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from papertape.cli.output import printable
from papertape.contract.errors import PapertapeError
from papertape.engine.discovery import Plugins, load_plugins
from papertape.ledger.store import Ledger
from papertape.market.timeframe import period
from papertape.reports.why import Paragraph, explain, sentences
from papertape.tui.core.follower import PATIENCE
from papertape.tui.core.question import Question, asked_at
from papertape.tui.core.text import LONGEST, clock
from papertape.tui.core.views import SessionView
from papertape.tui.screens.dialogs import Help, Pick
from papertape.tui.screens.steering import EVERY
from papertape.tui.widgets.keys import Keys
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.table import Cell, Column, Row

REST = 0.15
"""Seconds in which nothing else is asked, before the session is folded."""
MOST = 4_000
"""Characters of one sentence: the features that a model reads may be many."""
KEYS = (
    (
        "Why",
        (
            ("left  right", "the candle before, the candle after"),
            ("shift", "with them: twenty at a time"),
            ("[  ]", "the symbol before, the symbol after"),
            ("b", "one book alone, or all"),
            ("up  down", "scroll"),
        ),
    ),
    ("Going around", (("escape", "back"), ("t", "dark or light"), ("q", "leave; sessions go on"))),
)


class WhyScreen(Screen[None]):
    """The chain behind a candle of a session. `view`: the session as it was when somebody asked."""

    CSS = """
    #why { height: 1fr; scrollbar-size-vertical: 1; }
    .why-head { text-style: bold; color: $primary; margin-top: 1; max-width: 120; }
    .why-head:first-child { margin-top: 0; }
    .why-line { height: auto; max-width: 120; }
    .why-dot { width: 2; color: $faint; }
    .why-words { width: 1fr; }
    .why-trouble { color: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "candle(-1)", "Earlier", priority=True),
        Binding("right", "candle(1)", "Later", priority=True),
        Binding("shift+left", "candle(-20)", show=False, priority=True),
        Binding("shift+right", "candle(20)", show=False, priority=True),
        Binding("left_square_bracket", "symbol(-1)", "Symbol", key_display="[ ]"),
        Binding("right_square_bracket", "symbol(1)", show=False),
        Binding("b", "book", "Book"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("escape", "app.pop_screen", "Back"),
        Binding("w", "app.pop_screen", show=False),
    ]

    @dataclass
    class Explained(Message, bubble=False):
        """The chain of the candle that closed at `closed` is put together; or why it is not."""

        question: Question
        closed: int
        paragraphs: tuple[Paragraph, ...]
        trouble: str = ""

    def __init__(self, url: str, session: str, view: SessionView, question: Question) -> None:
        super().__init__()
        self.url, self.session, self.view, self.question = url, session, view, question
        self.told: tuple[Question, tuple[Paragraph, ...]] | None = None
        self._plugins: Plugins | None = None
        self._over = Event()

    def compose(self) -> ComposeResult:
        yield VerticalScroll(classes="panel", id="why")
        yield Keys()

    def on_mount(self) -> None:
        self.query_one("#why").focus()
        self._ask(self.question)

    def on_unmount(self) -> None:
        self._over.set()

    def _ask(self, question: Question) -> None:
        self.question = question
        self._entitle("…")
        self.fold(question)

    def _entitle(self, state: str) -> None:
        asked = self.question
        who = asked.book or "every book"
        words = "  ".join(("Why", asked.symbol, f"at {clock(asked.at)}", who, state))
        self.query_one("#why").border_title = label(words.rstrip(), 100)

    @work(thread=True, group="why", exclusive=True)
    def fold(self, question: Question) -> None:
        """Has the chain put together, once nothing else has been asked for a moment."""
        worker = get_current_worker()
        if self._over.wait(REST) or worker.is_cancelled:
            return
        try:
            if self._plugins is None:
                self._plugins = load_plugins()
            with Ledger.open(self.url, patience=PATIENCE) as ledger:
                row = ledger.find(self.session)
                at = asked_at(ledger, row.id, question)
                chain = explain(ledger, row, self._plugins, question.symbol, at, question.book)
            self.post_message(self.Explained(question, chain.closed, sentences(chain)))
        except PapertapeError as error:
            self.post_message(self.Explained(question, question.at, (), str(error)))

    async def on_why_screen_explained(self, event: Explained) -> None:
        if event.question != self.question:
            return  # something else has been asked meanwhile
        self._entitle("")
        box = self.query_one("#why", VerticalScroll)
        box.scroll_home(animate=False)
        await box.remove_children()
        if event.trouble:
            await box.mount(Static(label(event.trouble, LONGEST), classes="why-trouble"))
            return
        self.question = self.question._replace(at=event.closed, order=None, batch=None)
        self._entitle("")
        self.told = self.question, event.paragraphs
        await box.mount_all(list(_lines(event.paragraphs)))

    def action_candle(self, by: int) -> None:
        """Goes to another candle, as far as the session goes."""
        at = self.question.at + by * period(self.view.timeframe)
        if not self.view.running:
            at = min(at, self.view.now)
        if at != self.question.at:
            self._ask(self.question._replace(at=at, order=None, batch=None))

    def action_symbol(self, by: int) -> None:
        """Goes to another symbol."""
        symbols = self.view.symbols
        place = symbols.index(self.question.symbol) if self.question.symbol in symbols else 0
        self._ask(self.question._replace(symbol=symbols[(place + by) % len(symbols)]))

    @work(group="ask")
    async def action_book(self) -> None:
        """Asks for which book."""
        rows = [Row(EVERY, (Cell("every book", "strong"),)), *(Row(b.name, (Cell(b.name),)) for b in self.view.books)]
        chosen = await self.app.push_screen_wait(Pick("Why, of which book?", (Column("book", most=60),), rows))
        if chosen is not None:
            self._ask(self.question._replace(book=None if chosen == EVERY else chosen))

    def action_help(self) -> None:
        """Shows the keys."""
        self.app.push_screen(Help(KEYS))


def _lines(paragraphs: Sequence[Paragraph]) -> Iterator[Widget]:
    for paragraph in paragraphs:
        yield Static(_prose(paragraph.heading), classes="why-head")
        for line in paragraph.lines:
            dot, words = Static("·", classes="why-dot"), Static(_prose(line), classes="why-words")
            yield Horizontal(dot, words, classes="why-line")


def _prose(text: str) -> Content:
    """A sentence as content that is never read as markup and acts on no terminal; the widget wraps it."""
    return Content(printable(text[:MOST]) + ("…" if len(text) > MOST else ""))
