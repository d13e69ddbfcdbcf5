"""Somebody who does what a page of the documentation says.

Of output that is shown, `sessions export` must come out to the letter; elsewhere the words count, not the figures, and
one digest shown twice must come out twice. `^C` below a command means that it is interrupted, `Killed` that it is
killed, `...` that lines are left out.
"""

import contextlib
import io
import json
import re
import runpy
import signal
import subprocess
import sys
import time
import tomllib
from doctest import DocTestParser, DocTestRunner
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.docs.live import interrupted_soon, live_market
from tests.docs.page import Block, Command, blocks, commands

from papertape.cli import cli
from papertape.engine.config import read_config
from papertape.engine.discovery import load_strategy_file

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from papertape.cli import cli; cli(prog_name='papertape')"]
SHOWN_URL = "postgresql://papertape@localhost/papertape"
FEW = ["--bars", "300"]
MANY = 600  # bars, as many as a session needs that is interrupted
ALONE = ["--threads", "1"]  # other tests run beside this one
END = {"^C": signal.SIGINT, "Killed": signal.SIGKILL}
DIGEST = re.compile(r"sha256:\w+")
TAKES_SESSION = re.compile(
    r"(?:--resume|--session|why|sessions (?:show|export|digest|verify|stop|command)) ([a-z0-9]{6})\b"
)


class Reader:
    """Somebody who does what a page says, in a folder of their own."""

    def __init__(self, folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.request = request
        self.monkeypatch = monkeypatch
        self.known: dict[str, str] = {}  # the page's sessions, and the reader's own
        self.digests: dict[str, str] = {}
        self.sessions: list[str] = []
        self.behind: list[subprocess.Popen[str]] = []
        self.said: list[str] = []
        self.live = False  # whether the page has begun a live session

    def read(self, page: Path) -> None:
        found = list(blocks(page))
        told = " ".join(command.text for block in found if block.language == "console" for command in commands(block))
        told += " ".join(block.text for block in found if block.language == "toml")
        with live_market(self.monkeypatch) if "--exchange" in told else contextlib.nullcontext():
            for block in found:
                getattr(self, f"_{block.language}")(block, told)

    def leave(self) -> None:
        for process in self.behind:
            process.terminate()
            process.communicate(timeout=120)

    # Blocks

    def _python(self, block: Block, told: str) -> None:
        if block.file is None:
            assert ">>>" in block.text, f"line {block.line}: name the file in the first line, or show what comes out"
            test = DocTestParser().get_doctest(block.text, {}, "page", None, block.line)
            assert DocTestRunner().run(test).failed == 0
            return
        self._save(block)
        if block.file not in told and not self._is_plugin(block.file):
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

    def _console(self, block: Block, told: str) -> None:
        for command in commands(block):
            program, *words = command.words
            if program == "papertape":
                self._told_papertape(command, words)
            elif program == "python":
                self._python_file(command, words[0])
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

    def _python_file(self, command: Command, file: str) -> None:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            runpy.run_path(file, run_name="__main__")
        self.said = output.getvalue().splitlines()
        for line in command.shown:
            self._compare(line, exactly=False)

    def _told_papertape(self, command: Command, words: list[str]) -> None:
        shown = [line for line in command.shown if line not in ("", "...", *END)]
        if self._is_live(words):
            with interrupted_soon():
                self._papertape(self._own(words))
            for line in shown:
                self._compare(line, exactly=False)
            return
        if words[-1] == "&" or END.keys() & set(command.shown):
            ends = [END[line] for line in command.shown if line in END]
            self._start([word for word in self._own(words) if word != "&"], ends[0] if ends else None)
            return
        if words[0] == "run" and not {"--bars", "--resume", "--help"} & set(words):
            words = [*words, *FEW]
        if "--bars" in words:
            bars = words.index("--bars") + 1
            words = [*words[:bars], str(min(MANY, int(words[bars]))), *words[bars + 1 :]]
        if words[0] == "train" and "--folds" in words:
            words = [*self._with_few_trials(words), *ALONE]
        failing = any(line.startswith("Error:") for line in shown)
        self._papertape(self._own(words), failing)
        for line in shown:
            self._compare(line, exactly="export" in words)

    def _with_few_trials(self, words: list[str]) -> list[str]:
        """A search has the fewest trials that there can be: the others take as long, and say nothing new."""
        return [word if before != "--search" else "2" for before, word in zip(["", *words], words, strict=False)]

    def _is_live(self, words: list[str]) -> bool:
        """Whether the command follows a live market, and so does not end by itself."""
        if words[0] != "run" or "--session" in words:
            return False
        if "--resume" in words:
            return self.live
        files = [self.folder / word for word in words if word.endswith(".toml")]
        live = "--exchange" in words or any('kind = "exchange"' in file.read_text("utf-8") for file in files)
        self.live = self.live or live
        return live

    def _own(self, words: list[str]) -> list[str]:
        """The command with this reader's own session and database in it."""
        text = "\0".join(words)
        for match in TAKES_SESSION.finditer(" ".join(words)):
            self.known.setdefault(match[1], self.sessions[-1])
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
            self.sessions.append(match[1])

    def _start(self, words: list[str], end: signal.Signals | None) -> None:
        """Runs a session in a process of its own, and lets it come some way."""
        process = subprocess.Popen([*PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.behind.append(process)
        assert process.stderr is not None
        self._notice(process.stderr.readline())
        for _ in range(2_000):
            sessions = json.loads(CliRunner().invoke(cli, ["sessions", "list", "--json"]).stdout)["sessions"]
            if next(row["snapshots"] for row in sessions if row["session"] == self.sessions[-1]) > 2:
                break
            time.sleep(0.05)
        if end is not None:
            process.send_signal(end)
            process.communicate(timeout=120)

    def _compare(self, line: str, exactly: bool) -> None:
        for theirs in re.findall(r"\bsession ([a-z0-9]{6})\b", line):
            self.known.setdefault(theirs, self.sessions[-1])
        if exactly:
            assert line in self.said, "\n".join(self.said)
            return
        found = next((said for said in self.said if self._wording(said) == self._wording(line)), None)
        assert found is not None, f"{line!r} is not in\n" + "\n".join(self.said)
        for theirs, mine in zip(DIGEST.findall(line), DIGEST.findall(found), strict=True):
            assert self.digests.setdefault(theirs, mine) == mine, "a digest that is shown twice must come out twice"

    def _wording(self, line: str) -> list[str]:
        """What of a line is no figure, time, path or session."""
        return [
            word for word in line.split() if not re.search(r"[\d/]", word) and word.strip(",:`") not in self.sessions
        ]
