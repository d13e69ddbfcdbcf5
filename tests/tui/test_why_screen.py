"""Why, asked on the session screen: of a candle, a signal, an order, a book; answered as the command answers."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.hostile import HOSTILE
from tests.tui.screens import SIZES, app, said, until, until_said
from tests.tui.sessions import installed, play
from textual.pilot import Pilot

from papertape.cli.output import printable
from papertape.ledger.records import FillRow
from papertape.ledger.store import Ledger
from papertape.market.timeframe import iso
from papertape.reports.why import explain, sentences
from papertape.tui.core.question import Question
from papertape.tui.core.text import clock
from papertape.tui.screens.session import SessionScreen
from papertape.tui.screens.why import WhyScreen
from papertape.tui.widgets.chart import CandlePlot
from papertape.tui.widgets.table import Table


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger's URL with a session `first` that has ended."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    play(url, "first", bars=120)
    return url


def watch(url: str, do: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (120, 40)) -> None:
    async def body() -> None:
        async with app(url, "first").run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen) and pilot.app.screen.view)
            await do(pilot)

    asyncio.run(body())


async def answered(pilot: Pilot[None], key: str = "w") -> WhyScreen:
    """Presses a key, and waits until what it asks is answered."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, WhyScreen))
    screen = pilot.app.screen
    assert isinstance(screen, WhyScreen)
    await until(pilot, lambda: screen.told is not None and screen.told[0] == screen.question, 20)
    await until_said(pilot, f"at {clock(screen.question.at)}")
    return screen


@pytest.mark.parametrize("size", SIZES)
def test_a_fill_in_the_log_is_answered_with_the_chain_that_the_command_prints(
    ended: str, size: tuple[int, int]
) -> None:
    with Ledger.open(ended) as ledger:
        fill = list(ledger.rows("first", FillRow))[-1]
        chain = explain(ledger, ledger.find("first"), installed(), fill.symbol, fill.at, fill.book)

    async def look(pilot: Pilot[None]) -> None:
        await pilot.press("8")
        table = pilot.app.screen.query_one("#log", Table)
        await until(pilot, lambda: table.rows)
        wanted = next(row.key for row in table.rows if row.key.startswith(f"{fill.at}\n{fill.book}\n{fill.seq}\n"))
        place = [row.key for row in table.rows].index(wanted)
        await pilot.press("home", *["down"] * place)
        screen = await answered(pilot)
        assert screen.question == Question(fill.symbol, fill.at, fill.book)
        assert screen.told is not None and screen.told[1] == sentences(chain)
        text = await until_said(pilot, f"Why  {fill.symbol}", fill.book, "candle", "It opened at")
        assert f"closed at {iso(fill.at)}" in " ".join(text.replace("│", " ").split())

    watch(ended, look, size)


def test_it_goes_from_candle_to_candle_and_from_symbol_to_symbol(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await pilot.press("1")
        plot = pilot.app.screen.query_one(CandlePlot)
        await until(pilot, lambda: plot.candles())
        await pilot.press("left", "left")
        screen = await answered(pilot)
        pointed = plot.pointed
        assert pointed is not None and screen.question == Question("BTC/USDT", pointed + 60_000)
        await until_said(pilot, "every book", "strategy ema-cross", "candle")
        await answered(pilot, "left")
        assert screen.question.at == pointed
        await answered(pilot, "right_square_bracket")
        await until_said(pilot, "Why  ETH/USDT")
        await pilot.press("b")
        await until_said(pilot, "Why, of which book?")
        await pilot.press("end", "enter")
        await until(pilot, lambda: screen.question.book == "weighted-vote")
        await until_said(pilot, "fusion weighted-vote", "Its members:")
        for _ in range(4):
            await pilot.press("right")
        await until(pilot, lambda: screen.question.at == screen.view.now)  # no further than the session went
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen))

    watch(ended, look)


def test_each_row_is_about_what_it_says(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, SessionScreen) and screen.view is not None
        view = screen.view
        for key, table, wanted in (
            ("2", "leaderboard", {Question("BTC/USDT", view.now, book.name) for book in view.books}),
            ("4", "positions", {Question(one.symbol, view.now, one.book) for one in view.positions}),
            ("5", "signals", {Question(one.symbol, one.at, one.source) for one in view.signals}),
            ("6", "votes", {Question(one.symbol, view.now, one.fusion) for one in view.verdicts}),
        ):
            await pilot.press(key)
            panel = screen.query_one(f"#{table}", Table)
            await until(pilot, lambda panel=panel: panel.rows and screen.focused is panel)  # type: ignore[misc]
            assert screen.question(view) in wanted, table

    watch(ended, look)


def test_a_session_that_is_gone_says_so_and_names_are_data(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, SessionScreen) and screen.view is not None
        view = screen.view
        for symbol in HOSTILE[:4]:
            await pilot.app.push_screen(WhyScreen(ended, "first", view, Question(symbol, view.now)))
            await until_said(pilot, "BTC/USDT")
            text = said(pilot)
            assert text == printable(text, keep="\n")
            pilot.app.pop_screen()
        await pilot.app.push_screen(WhyScreen(ended, "nobody", view, Question("BTC/USDT", view.now)))
        await until_said(pilot, "nobody", "first")

    watch(ended, look)
