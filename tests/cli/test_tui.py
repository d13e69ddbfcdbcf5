"""`papertape tui` as its users have it: in a terminal of its own, and what it says where there is nothing to show."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.cli.program import PROGRAM, document, papertape, refusal


@pytest.fixture
def ledger(sqlite_url: str) -> tuple[str, str]:
    """A ledger's URL, and the id of a session in it."""
    return sqlite_url, document("run", "--strategy", "ema-cross", "--bars", 60, "--db", sqlite_url)["session"]


def in_a_terminal(*arguments: str, typing: Mapping[str, str]) -> tuple[int, str]:
    """Runs the program in a terminal; types each value once it has said its key, one after the other. Its exit code,
    and all that it said."""
    here, there = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    process = subprocess.Popen([*PROGRAM, *arguments], stdin=there, stdout=there, stderr=there, env=environment)
    os.close(there)
    said, end, waits, heard = b"", time.monotonic() + 60, list(typing.items()), 0
    with process:
        try:
            while time.monotonic() < end:
                if not select.select([here], [], [], 0.1)[0]:
                    if process.poll() is not None:
                        break
                    continue
                try:
                    part = os.read(here, 65536)
                except OSError:  # the other end is closed
                    break
                if not part:
                    break
                said += part
                if waits and waits[0][0].encode() in said[heard:]:
                    heard = len(said)
                    os.write(here, waits.pop(0)[1].encode())
            code = process.wait(timeout=60)
        finally:
            if process.poll() is None:
                process.kill()
    os.close(here)
    return code, said.decode("utf-8", "replace")


def test_it_watches_a_session_in_a_terminal_and_leaves_at_a_key(ledger: tuple[str, str]) -> None:
    url, session = ledger
    code, said = in_a_terminal("tui", "--session", session[:4], "--db", url, typing={"finished": "q"})
    assert code == 0 and session in said and "Traceback" not in said, said[-2_000:]


def test_a_session_file_is_shown_to_be_looked_over(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('strategies = ["grid"]\ncash = 777')
    code, said = in_a_terminal("tui", str(tmp_path / "mine.toml"), "--db", sqlite_url, typing={"777": "q"})
    assert code == 0 and "grid" in said and "777" in said, said[-2_000:]
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("cahs = 5")
    assert "no key 'cahs'" in refusal("tui", wrong, "--db", sqlite_url)
    assert "leave one of them out" in refusal("tui", wrong, "--session", "x", "--db", sqlite_url)


def test_a_run_is_shown_and_goes_on_where_it_is_left_running(sqlite_url: str) -> None:
    run = ("run", "--strategy", "ema-cross", "--pace", "600x", "--tui", "--db", sqlite_url)
    typing = {"running": "q", "still runs": "\r"}
    code, said = in_a_terminal(*run, typing=typing)
    (one,) = document("sessions", "list", "--db", sqlite_url)["sessions"]
    assert code == 0 and f"session {one['session']} goes on" in said and one["status"] == "running"
    assert papertape("sessions", "stop", one["session"], "--db", sqlite_url).exit_code == 0


def test_a_run_that_does_not_begin_is_no_screen(sqlite_url: str) -> None:
    run = ("run", "--tui", "--db", sqlite_url)
    assert "no strategy is called 'nobody'" in in_a_terminal(*run, "--strategy", "nobody", typing={})[1]
    assert "leave one of them out" in refusal(*run, "--json")
    assert "the terminal UI needs a terminal" in refusal(*run)


def test_what_cannot_be_shown_is_refused_before_the_screen_is_taken(ledger: tuple[str, str]) -> None:
    assert "no session 'zzzz'" in refusal("tui", "--session", "zzzz", "--db", ledger[0])
    assert "there is no ledger at" in refusal("tui", "--session", "zzzz", "--db", f"{ledger[0]}.not")


def test_without_its_extra_it_says_what_to_install() -> None:
    code = (
        "import sys\nsys.modules['textual'] = None\nfrom papertape.cli import cli\n"
        "cli(['tui', '--session', 'x'], prog_name='papertape')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "pip install 'papertape[tui]'" in done.stderr


@pytest.mark.parametrize(
    "module",
    ["papertape.cli.tui", "papertape.engine.runner", "papertape.reports.summary", "papertape.tui.core.reading"],
)
def test_textual_is_loaded_only_where_there_is_a_screen(module: str) -> None:
    code = f"import sys, {module}\nprint('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_terminal_that_writes_lines_alone_is_refused_with_what_to_do(
    ledger: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    words = refusal("tui", "--db", ledger[0])
    assert "TERM=dumb" in words and "set TERM to what it is" in words and "papertape tui --web" in words
