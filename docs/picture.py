"""Makes docs/images/terminal.svg, the picture of the terminal UI in the README: `make picture`.

A simulated session is run and looked at, so the same code gives the same picture. Each word and each sign is put at its
own place: a viewer whose font is wider or narrower shows them where they belong all the same.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from rich.cells import cell_len
from rich.segment import Segment
from textual.pilot import Pilot

from papertape.cli.demo import FUSION, STRATEGIES
from papertape.engine.config import read_config
from papertape.engine.discovery import load_plugins
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.ledger.store import Ledger
from papertape.tui.app import PapertapeApp
from papertape.tui.screens.session import SessionScreen
from papertape.tui.widgets.chart import CandlePlot

PICTURE = Path(__file__).parent / "images" / "terminal.svg"
URL, NAME, AT = "sqlite:///ledger.db", "demo", 1_704_067_200_000
SIZE = 150, 44
CELL, LINE, FONT = 8.43, 17, 14
_PIECES = re.compile(r"[!-~]+|─+|\S")
"""What is put at a place of its own: a word, a line, any other sign by itself."""
GROUND, INK = "#0e131a", "#d6dde6"
DOCUMENT = {
    "feed": {"kind": "sim", "symbols": ["BTC/USDT", "ETH/USDT", "SOL/USDT"]},
    "strategies": list(STRATEGIES),
    "fusion": [FUSION],
    "risk": [{"kind": "max-drawdown", "limit": 0.06}],
    "timeframe": "15m",
    "fee_bps": 2,
    "bars": 1_500,
    "seed": 11,
}


def play() -> None:
    """Runs the session that is looked at."""
    document = dict(DOCUMENT)
    document["feed"] = {**DOCUMENT["feed"], "timeframe": document.pop("timeframe")}  # type: ignore[dict-item]
    config = read_config(document)
    with Ledger.open(URL, create=True) as ledger:
        started = start(ledger, NAME, config, load_plugins(), AT)
        with started.writer as writer:
            Runner(config, started.built, started.feed, ledger, writer).run()


async def shown() -> list[list[Segment]]:
    """The lines of the screen that shows it."""
    app = PapertapeApp(URL, Path(), lambda: AT, NAME)
    async with app.run_test(size=SIZE) as pilot:
        while not await _whole(pilot):
            await pilot.pause(0.05)
        for key in ("1", "4", "minus"):
            await pilot.press(key)
        await pilot.pause(0.5)
        return [list(strip) for strip in app.screen._compositor.render_strips(app.size)]


async def _whole(pilot: Pilot[None]) -> bool:
    """Whether all of it has been read, and the indicators are there."""
    await pilot.pause()
    screen = pilot.app.screen
    if not isinstance(screen, SessionScreen) or screen.view is None or screen.view.read < 1.0:
        return False
    plot = screen.query_one(CandlePlot)
    return plot.indicators is not None and len(plot.candles()) == DOCUMENT["bars"]


def drawn(lines: list[list[Segment]]) -> str:
    """The lines as an SVG."""
    width, height = round(SIZE[0] * CELL) + 16, SIZE[1] * LINE + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<title>The terminal UI of papertape: candles with indicators, books, equity curves and positions</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{GROUND}"/>',
        f'<g font-family="DejaVu Sans Mono, ui-monospace, Menlo, Consolas, monospace" font-size="{FONT}"'
        f' fill="{INK}" transform="translate(8 8)">',
    ]
    for row, line in enumerate(lines):
        parts += _line(row, line)
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _line(row: int, line: list[Segment]) -> Iterator[str]:
    at = 0
    for text, style, _ in line:
        room = cell_len(text)
        colour = style.color.triplet.hex if style and style.color and style.color.triplet else INK
        ground = style.bgcolor.triplet.hex if style and style.bgcolor and style.bgcolor.triplet else GROUND
        if style and style.reverse:
            colour, ground = ground, colour
        if ground != GROUND:
            x, wide = round(at * CELL, 1), round(room * CELL + 0.3, 1)
            yield f'<rect x="{x}" y="{row * LINE}" width="{wide}" height="{LINE}" fill="{ground}"/>'
        bold = ' font-weight="bold"' if style and style.bold else ""
        for found in _PIECES.finditer(text):
            x, chars = (at + found.start()) * CELL, found.group()
            wide = f' textLength="{len(chars) * CELL:.1f}"' if len(chars) > 1 else ""
            yield f'<text x="{x:.1f}" y="{row * LINE + 13}"{wide} fill="{colour}"{bold}>{escape(chars)}</text>'
        at += room


def main() -> None:
    """Writes the picture."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            play()
            picture = drawn(asyncio.run(shown()))
        finally:
            os.chdir(before)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture, "utf-8")


if __name__ == "__main__":
    main()
