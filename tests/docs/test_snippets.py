"""Whatever the documentation shows, works: its files are saved, its commands given in order, its output compared.

Of output that is shown, `sessions export` must come out to the letter; elsewhere the words count, not the figures, and
one digest shown twice must come out twice. `^C` below a command means that it is interrupted, `Killed` that it is killed, `...` that lines are left out.
"""

import json
import re
import runpy
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from doctest import DocTestParser, DocTestRunner
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.docs.page import Block, Command, blocks, commands

from papertape.cli import cli
from papertape.engine.config import read_config
from papertape.engine.discovery import load_strategy_file

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "reference")]
PROGRAM = [sys.executable, "-c", "from papertape.cli import cli; cli(prog_name='papertape')"]
SHOWN_URL = "postgresql://papertape@localhost/papertape"
FEW = ["--bars", "300"]
DIGEST = re.compile(r"sha256:\w+")
TAKES_SESSION = re.compile(r"(?:--resume|--session|sessions (?:show|export|digest|verify|stop|command)) ([a-z0-9]{6})\b")


def title(page: Path) -> str:
    return str(page.relative_to(ROOT))


class Reader:
    """Somebody who does what a page says, in a folder of their own."""

    def __init__(self, folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.request = request
        self.monkeypatch = monkeypatch
        self.known: dict[str, str] = {}
        self.latest = ""
        self.behind: list[subprocess.Popen[str]] = []
        self.said: list[str] = []

    def read(self, page: Path) -> None:
        found = list(blocks(page))
        told = " ".join(command.text for block in found if block.language == "console" for command in commands(block))
        for block in found:
            getattr(self, f"_{block.language}")(block, told)

    def leave(self) -> None:
        for process in self.behind:
            process.terminate()
            process.communicate(timeout=30)

    # Blocks

    def _python(self, block: Block, told: str) -> None:
        if block.file is None:
            if ">>>" in block.text:
                test = DocTestParser().get_doctest(block.text, {}, "page", None, block.line)
                assert DocTestRunner().run(test).failed == 0
            else:
                exec(compile(block.text, f"line {block.line}", "exec"), {"__name__": "page"})  # noqa: S102
            return
        self._save(block)
        if f"{block.file}" not in told and not self._is_plugin(block.file):
            load_strategy_file(self.folder / block.file)
            self._papertape(["run", "--strategy", block.file, *FEW])

    def _toml(self, block: Block, told: str) -> None:
        assert block.file is not None, f"line {block.line}: name the file in the first line"
        self._save(block)
        document = tomllib.loads(block.text)
        if block.file == "pyproject.toml":
            assert document["project"]["entry-points"]["papertape"]
            return
        read_config(document)
        if block.file not in told:
            self._papertape(["run", block.file, *FEW])

    def _csv(self, block: Block, told: str) -> None:
        self._save(block)

    def _text(self, block: Block, told: str) -> None:
        """Nothing to run."""

    def _console(self, block: Block, told: str) -> None:
        for command in commands(block):
            program, *words = command.words
            if program == "papertape":
                self._told_papertape(command, words)
            elif program == "python":
                runpy.run_path(words[0], run_name="__main__")
            elif program == "pip":
                self._pip(words)
            elif program == "make":
                assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text("utf-8"), re.M), command.text
            elif program == "export":
                self.monkeypatch.setenv(*words[0].split("=", 1))
            else:
                assert program == "createdb", f"line {block.line}: nobody tried {command.text}"

    def _save(self, block: Block) -> None:
        assert block.file is not None, f"line {block.line}: no file is named"
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")

    def _is_plugin(self, file: str) -> bool:
        project = self.folder / "pyproject.toml"
        if not project.exists():
            return False
        points = tomllib.loads(project.read_text("utf-8"))["project"]["entry-points"]["papertape"]
        return Path(file).stem in points.values()

    # Commands

    def _pip(self, words: list[str]) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        for word in words[1:]:
            named = re.fullmatch(r"papertape(?:\[([\w,]+)\])?", word)
            if named and named[1]:
                assert set(named[1].split(",")) <= set(project["optional-dependencies"]), word
        if words[1:] == ["-e", "."]:
            own = tomllib.loads((self.folder / "pyproject.toml").read_text("utf-8"))["project"]
            about = self.folder / f"{own['name'].replace('-', '_')}-{own['version']}.dist-info"
            about.mkdir()
            (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {own['name']}\nVersion: {own['version']}\n")
            points = [f"{name} = {module}" for name, module in own["entry-points"]["papertape"].items()]
            (about / "entry_points.txt").write_text("\n".join(["[papertape]", *points]) + "\n")

    def _told_papertape(self, command: Command, words: list[str]) -> None:
        shown = [line for line in command.shown if line not in ("", "...", "^C", "Killed")]
        if words[-1] == "&" or {"^C", "Killed"} & set(command.shown):
            end = {"^C": signal.SIGINT, "Killed": signal.SIGKILL}
            self._start([word for word in self._own(words) if word != "&"], end.get(command.shown[0] if command.shown else ""))
            return
        if words[0] == "run" and not {"--bars", "--resume", "--help"} & set(words):
            words = [*words, *FEW]
        failing = any(line.startswith("Error:") for line in shown)
        self._papertape(self._own(words), failing)
        for line in shown:
            self._compare(line, exactly="export" in words)

    def _own(self, words: list[str]) -> list[str]:
        """The command with this reader's own session and database in it."""
        text = "\0".join(words)
        for match in TAKES_SESSION.finditer(" ".join(words)):
            self.known.setdefault(match[1], self.latest)
        for theirs, mine in self.known.items():
            text = text.replace(theirs, mine)
        if SHOWN_URL in text:
            text = text.replace(SHOWN_URL, self.request.getfixturevalue("postgres_url"))
        return text.split("\0")

    def _papertape(self, words: list[str], failing: bool = False) -> None:
        if ">" in words:
            words = words[: words.index(">")]
        result = CliRunner().invoke(cli, words, prog_name="papertape")
        assert (result.exit_code != 0) == failing, f"papertape {' '.join(words)}: {result.output}"
        assert ": error: " not in result.output, f"a plugin of the page fails: {result.output}"
        self.said = result.output.splitlines()
        self._notice(result.output)

    def _notice(self, output: str) -> None:
        for match in re.finditer(r"^session ([a-z0-9]{6})\b", output, re.M):
            self.latest = match[1]

    def _start(self, words: list[str], end: signal.Signals | None) -> None:
        """Runs a session in a process of its own, and lets it come some way."""
        process = subprocess.Popen([*PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.behind.append(process)
        assert process.stderr is not None
        self._notice(process.stderr.readline())
        for _ in range(200):
            sessions = json.loads(CliRunner().invoke(cli, ["sessions", "list", "--json"]).stdout)["sessions"]
            if next(row["snapshots"] for row in sessions if row["session"] == self.latest) > 2:
                break
            time.sleep(0.05)
        if end is not None:
            process.send_signal(end)
            process.communicate(timeout=30)

    def _compare(self, line: str, exactly: bool) -> None:
        for theirs in re.findall(r"\bsession ([a-z0-9]{6})\b", line):
            self.known.setdefault(theirs, self.latest)
        for theirs, mine in self.known.items():
            line = line.replace(theirs, mine)
        if exactly:
            assert line in self.said, "\n".join(self.said)
            return
        found = next((said for said in self.said if wording(said) == wording(line)), None)
        assert found is not None, f"{line!r} is not in\n" + "\n".join(self.said)
        for theirs, mine in zip(DIGEST.findall(line), DIGEST.findall(found), strict=True):
            assert self.known.setdefault(theirs, mine) == mine, "a digest that is shown twice must come out twice"


def wording(line: str) -> list[str]:
    """What of a line is no figure, time or path."""
    return [word for word in line.split() if not re.search(r"[\d/]", word)]


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
