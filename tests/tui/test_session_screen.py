"""The session screen, driven by its keys: what it shows of sessions that ended, and that it steers one that runs."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.tui.screens import SIZES, app, said, until, until_said
from tests.tui.sessions import installed, play, running
from textual.pilot import Pilot

from papertape.engine.runner import Runner
from papertape.engine.verify import verify
from papertape.ledger.store import Ledger
from papertape.reports.summary import summarise
from papertape.tui.core.text import money, percent
from papertape.tui.core.views import SessionView
from papertape.tui.screens.session import PANELS, SessionScreen
from papertape.tui.widgets.chart import CandlePlot
from papertape.tui.widgets.table import Table


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger's URL with a session `first` that has ended."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    play(url, "first", bars=300)
    return url


def watch(
    url: str, session: str, do: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (120, 40)
) -> None:
    async def body() -> None:
        async with app(url, session).run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen) and pilot.app.screen.view)
            await do(pilot)

    asyncio.run(body())


@pytest.mark.parametrize("size", SIZES)
def test_every_panel_says_what_it_is_for_at_every_size(ended: str, size: tuple[int, int]) -> None:
    with Ledger.open(ended) as ledger:
        books = summarise(ledger, ledger.find("first"))["books"]

    async def look(pilot: Pilot[None]) -> None:
        text = await until_said(pilot, "first", "finished", "300 of 300 batches", "weighted-vote")
        for book in books:
            line = next(line for line in text.splitlines() if f" {book['name']} " in line and "%" in line)
            assert money(float(book["equity"])) in line and percent(book["return"]) in line
        for key, words in (
            ("1", ("Chart  BTC/USDT  1m", " O ", "%")),
            ("3", ("Equity  all books", "10,000")),
            ("4", ("Positions", "entry", "BTC/USDT", "long")),
            ("5", ("Signals", "weighted-vote", "▲ buy")),
            ("6", ("Votes  BTC/USDT", "weighted-vote", "threshold 0.300", "hold")),
            ("7", ("State", "Data", "✓ fresh", "no rule stands against one", "Plugins", "✓ ok")),
            ("8", ("Log", "entry")),
        ):
            await pilot.press(key)
            await until_said(pilot, *words)

    watch(ended, "first", look, size)


def test_going_from_symbol_to_symbol_and_from_candle_to_candle(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await pilot.press("1")
        await until_said(pilot, "BTC/USDT  1m")
        await pilot.press("right_square_bracket")
        await until_said(pilot, "Chart  ETH/USDT")
        plot = pilot.app.screen.query_one(CandlePlot)
        await until(pilot, lambda: len(plot.candles()) == 300)
        candles = plot.candles()
        await pilot.press("left", "shift+left")
        assert plot.pointed == candles[-22].ts
        stamp = "01-01 04:38"
        await until_said(pilot, stamp)
        await pilot.press("minus")
        await until_said(pilot, "1m x2")
        assert len(plot.candles()) == 150
        await pilot.press("end", "left_square_bracket")
        await until_said(pilot, "Chart  BTC/USDT")

    watch(ended, "first", look)


def test_indicators_are_found_by_typing_switched_on_and_off(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await pilot.press("1")
        await until_said(pilot, "1 ema_9 ", "2 ema_21 ", "3 rsi_14 ")
        await pilot.press("i")
        await until_said(pilot, "type to find", "✓  ema 9")
        await pilot.press(*"sto", "enter")
        await until_said(pilot, "✓  stochastic")
        await pilot.press(*["backspace"] * 3, *"ema 9", "enter", *["backspace"] * 5, *"sma_33", "enter")
        await until_said(pilot, "✓  sma_33")
        await pilot.press(*["backspace"] * 6, *"nonsense", "enter")
        await until_said(pilot, "no feature 'nonsense'")
        await pilot.press("escape")
        text = await until_said(pilot, "1 ema_21 ", "4 stoch_d_14_3_3", "5 sma_33 ")
        assert "ema_9 " not in text

    watch(ended, "first", look, (150, 44))


def test_a_chosen_book_narrows_the_other_panels(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        table = pilot.app.screen.query_one("#leaderboard", Table)
        await until(pilot, lambda: len(table.rows) == 4)
        table.focus()
        await pilot.press("home", *["down"] * [row.key for row in table.rows].index("hold"), "enter", "5")
        await until_said(pilot, "Signals  hold", "Chart  BTC/USDT  1m  hold")
        signals = pilot.app.screen.query_one("#signals", Table)
        assert signals.rows and {row.cells[1].text for row in signals.rows} == {"hold"}
        await pilot.press("2", "enter", "5")
        await until(pilot, lambda: len({row.cells[1].text for row in signals.rows}) > 1)

    watch(ended, "first", look)


def test_books_are_sorted_by_key_and_by_a_click_on_a_title(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        table = pilot.app.screen.query_one("#leaderboard", Table)
        await until(pilot, lambda: len(table.rows) == 4)
        changes = [row.cells[3].text for row in table.rows]
        assert changes == sorted(changes, key=lambda text: -float(text.rstrip("%")))
        await pilot.press("o")
        assert [row.key for row in table.rows] == sorted(row.key for row in table.rows)
        await pilot.click("#leaderboard", offset=(22, 0))
        await until(pilot, lambda: table.sorted_by == 2)
        equities = [float(row.cells[2].text.replace(",", "")) for row in table.rows]
        assert equities == sorted(equities, reverse=True)

    watch(ended, "first", look)


def test_an_ended_session_offers_no_steering(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await pilot.press("p", "f", "k", "x", "d")
        await pilot.pause(0.1)
        assert isinstance(pilot.app.screen, SessionScreen)
        assert "Pause" not in said(pilot) and "Kill" not in said(pilot)

    watch(ended, "first", look)


def test_a_running_session_is_steered_from_the_screen_alone(sqlite_url: str) -> None:
    def steer(runner: Runner) -> Callable[[Pilot[None]], Awaitable[None]]:
        async def look(pilot: Pilot[None]) -> None:
            screen = pilot.app.screen
            assert isinstance(screen, SessionScreen)

            def view() -> SessionView:
                assert screen.view is not None
                return screen.view

            await until_said(pilot, "● running", "Pause")
            await until(pilot, lambda: view().positions)
            await pilot.press("p")
            await until_said(pilot, "took effect after batch")
            await until_said(pilot, "‖ paused", "Trade")
            await pilot.press("f")
            await until_said(pilot, "every book", "Flatten")
            await pilot.press("down", "enter")
            await until_said(pilot, "Close every position of")
            await pilot.press("n")  # not now
            await pilot.pause(0.05)
            assert [one.words for one in view().commands] == ["pause"]
            await pilot.press("f")
            await until_said(pilot, "every book")
            await pilot.press("enter")
            await until_said(pilot, "Close every position of every book")
            await pilot.press("y")
            await until(pilot, lambda: not view().positions)
            await pilot.press("d")
            await until_said(pilot, "disable it")
            await pilot.press("enter")
            await until_said(pilot, "Ask ema-cross nothing more?")
            await pilot.press("y")
            await until(pilot, lambda: view().plugins[0].status == "disabled")
            await pilot.press("d")
            await until_said(pilot, "enable it")
            await pilot.press("enter")  # enabling is harmless: nothing is asked
            await until(pilot, lambda: view().plugins[0].status == "ok")
            await pilot.press("p")
            await until(pilot, lambda: not view().paused)
            await pilot.press("k")
            await until_said(pilot, "Kill switch")
            await pilot.press("y")
            await until(pilot, lambda: view().paused and not view().positions)
            await pilot.press("x")
            await until_said(pilot, "Stop session live")
            await pilot.press("y")
            await until_said(pilot, "■ stopped")
            assert {one.state for one in view().commands} == {"done"}

        return look

    with running(sqlite_url, "live") as runner:
        watch(sqlite_url, "live", steer(runner))
    with Ledger.open(sqlite_url) as ledger:
        assert verify(ledger, ledger.find("live"), installed(), lambda done: None).equal


def test_it_says_that_the_ledger_is_lost_and_goes_on_when_it_is_back(ended: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(Path(ended.removeprefix("sqlite:///")).read_bytes())

    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "finished")
        os.rename(copy, tmp_path / "away.db")
        await until_said(pilot, "ledger lost, trying again", "weighted-vote")
        os.rename(tmp_path / "away.db", copy)
        await until(pilot, lambda: "ledger lost" not in said(pilot))

    watch(f"sqlite:///{copy}", "first", look)


def test_it_follows_the_terminal_from_size_to_size_and_keeps_the_way_to_help(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        for width, height in ((200, 60), (40, 12), (104, 30), (20, 6), (80, 24)):
            await pilot.resize_terminal(width, height)
            await pilot.pause(0.1)
            assert len(said(pilot).splitlines()) == height
            if width >= 40:
                assert "? Help" in said(pilot) and "q Quit" in said(pilot), (width, height)
        await pilot.click("Keys", offset=(said(pilot).splitlines()[-1].index("Help"), 0))
        await until_said(pilot, "zoom in")

    watch(ended, "first", look)


def test_there_is_a_key_for_every_panel_and_help_for_every_key(ended: str) -> None:
    async def look(pilot: Pilot[None]) -> None:
        assert len(PANELS) == 8
        await pilot.press("question_mark")
        await until_said(pilot, "kill switch", "switch to another session", "zoom in")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SessionScreen))
        dark = pilot.app.theme
        await pilot.press("t")
        assert pilot.app.theme != dark

    watch(ended, "first", look, (200, 60))
