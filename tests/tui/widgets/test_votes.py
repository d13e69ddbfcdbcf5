"""The votes panel: what stands there where data are stale."""

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.tui.sessions import play
from textual.app import App, ComposeResult

from papertape.tui.core.follower import Follower
from papertape.tui.theme import DARK
from papertape.tui.widgets.panel import Choice
from papertape.tui.widgets.table import Table
from papertape.tui.widgets.votes import VotesPanel


class Alone(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DARK.variables)

    def compose(self) -> ComposeResult:
        yield VotesPanel("votes-panel")


def test_on_stale_data_nobody_is_shown_to_have_a_vote(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    play(url, "first", bars=60)
    view = Follower(url, "first").look()
    stale = replace(view, data=(replace(view.data[0], state="stale"), *view.data[1:]))

    async def body() -> None:
        app = Alone()
        async with app.run_test() as pilot:
            app.query_one(VotesPanel).show(stale, Choice("BTC/USDT"))
            await pilot.pause()
            rows = app.query_one(Table).rows
            heads = {row.cells[0].text for row in rows if row.spans}
            assert any("BTC/USDT" in each and "! its data are stale" in each for each in heads)
            assert any("ETH/USDT" in each and "stale" not in each for each in heads)
            stands: dict[str, list[str]] = {row.key.split("\n")[1]: [] for row in rows}  # by symbol
            for row in rows:
                if not row.spans:
                    stands[row.key.split("\n")[1]].append(row.cells[2].text)
            assert "! ▲ long" in stands["BTC/USDT"] and "▲ long" in stands["ETH/USDT"]

    asyncio.run(body())
