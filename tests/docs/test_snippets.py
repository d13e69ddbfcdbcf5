"""Whatever the documentation shows, works: files are saved, commands given in their order, output compared."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.reader import ROOT, Reader

PAGES = [ROOT / "README.md", *(page for page in sorted(ROOT.glob("docs/**/*.md")) if page.parent.name != "reference")]


def title(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="session")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of candle files, as the pages take it for granted: a day of two symbols."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from papertape.feeds.sim import SimFeed

    folder = tmp_path_factory.mktemp("candles")
    names = ("ts", "open", "high", "low", "close", "volume")
    for symbol in ("BTC/USDT", "ETH/USDT"):
        feed = SimFeed(symbols=[symbol], batches=1440)
        rows = [row[:6] for block in feed.blocks() for (row,) in block.rows if row is not None]
        table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
        pq.write_table(table, folder / f"binance_{symbol.replace('/', '-')}_1m.parquet")
    return folder


@pytest.fixture
def reader(
    tmp_path: Path, candles: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Reader]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "candles").symlink_to(candles)
    before = set(sys.modules)
    reader = Reader(tmp_path, request, monkeypatch)
    yield reader
    reader.leave()
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_what_a_page_shows_can_be_done(page: Path, reader: Reader) -> None:
    reader.read(page)


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_page_links_only_to_what_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_linked_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in PAGES[1:] if page.name != "index.md"]
    assert [page for page in pages if f"({page})" not in index] == []
