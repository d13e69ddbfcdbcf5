"""Starting a session's host: `papertape run` as a process of its own, which goes on when the screen is closed."""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Thread

from papertape.contract.errors import PapertapeError

_HOST = "import json, sys; from papertape.cli import cli; cli(json.load(sys.stdin), prog_name='papertape')"
"""The arguments come on stdin: a ledger's URL may hold a password, and command lines are for everybody to read."""


class NotStarted(PapertapeError):
    """The host ended before its session began; the message is what it said."""


class Launch:
    """A host that was started. What it says goes to the file `log`, one JSON document a line."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _HOST],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,  # the terminal's Ctrl-C and its closing are not for the session
            )
        Thread(target=self.process.wait, daemon=True).start()  # its end is noticed, whoever else looks
        assert self.process.stdin is not None
        with self.process.stdin as told:
            told.write(json.dumps([*arguments, "--log-format", "json"]).encode())

    def session(self) -> str | None:
        """The id of its session, None where it has not begun yet. Raises NotStarted where it never will."""
        ended = self.process.poll() is not None
        said = self.log.read_text("utf-8", "replace").splitlines()
        for line in said:
            try:
                document = json.loads(line)
            except ValueError:
                continue
            if isinstance(document, dict) and document.get("event") == "started":
                return str(document["session"])
        if ended:
            errors = [line.removeprefix("Error: ") for line in said if line.startswith("Error: ")]
            error = NotStarted((errors or said or ["it ended without a word"])[-1])
            error.exit_code = max(1, self.process.returncode)  # below 0 where a signal ended it
            raise error
        return None


def run_arguments(url: str, file: Path, pace: str) -> list[str]:
    """What starts a session from its file."""
    return ["run", str(file), "--db", url, *([] if pace == "max" else ["--pace", pace])]


def resume_arguments(url: str, session: str, pace: str) -> list[str]:
    """What has a session go on."""
    return ["run", "--resume", session, "--db", url, *([] if pace == "max" else ["--pace", pace])]


def write_session_file(home: Path, text: str) -> Path:
    """A new session file in the folder `sessions`, numbered after those that are there. Raises OSError."""
    folder = home / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        file = folder / f"session-{number}.toml"
        with suppress(FileExistsError), file.open("x", encoding="utf-8") as opened:
            opened.write(text)
            return file
    raise AssertionError("numbers do not end")
