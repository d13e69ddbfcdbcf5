"""Work in a process of its own: the screen stays quick meanwhile, and it can be called off at any moment."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any

from papertape.contract.errors import PapertapeError

_COMMAND = (
    "import json, os, sys; os.nice(5); from papertape.cli import cli; cli(json.load(sys.stdin), prog_name='papertape')"
)
_JUDGE = "from papertape_ml.tui.judge import main; main()"


class ErrandFailed(PapertapeError):
    """The work came to nothing; the message is what it said."""


class Errand:
    """A child process. What it is told comes on its standard input: a ledger's URL may hold a password, and command
    lines are for everybody to read. `home`: its PAPERTAPE_HOME."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self.called_off = False

    def command(self, *arguments: str) -> Any:
        """The JSON document that a command of papertape prints. Raises ErrandFailed."""
        said = "".join(self._lines(_COMMAND, arguments))
        try:
            return json.loads(said)
        except ValueError as error:
            raise ErrandFailed("it ended without an answer") from error

    def judge(self, request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The documents that `papertape_ml.tui.judge` prints, as they come. Raises ErrandFailed."""
        for line in self._lines(_JUDGE, request):
            yield json.loads(line)

    def call_off(self) -> None:
        """Ends it now, or before it begins."""
        with self._lock:
            self.called_off = True
            if self._process is not None:
                self._process.kill()

    def _lines(self, program: str, told: object) -> Iterator[str]:
        with TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            process = self._begun(program, said)
            with process:
                assert process.stdin is not None and process.stdout is not None
                with suppress(BrokenPipeError), process.stdin as written:  # it may have been called off already
                    json.dump(told, written)
                yield from process.stdout
            if self.called_off:
                raise ErrandFailed("it was called off")
            if process.returncode:
                said.seek(0)
                lines = said.read().strip().splitlines()
                errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
                raise ErrandFailed((errors or lines or [f"it ended with exit code {process.returncode}"])[-1])

    def _begun(self, program: str, said: IO[str]) -> "subprocess.Popen[str]":
        with self._lock:
            if self.called_off:
                raise ErrandFailed("it was called off")
            self._process = subprocess.Popen(
                [sys.executable, "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "PAPERTAPE_HOME": str(self._home), "NO_COLOR": "1"},
                start_new_session=True,  # the terminal's Ctrl-C is for the screen
            )
            return self._process
