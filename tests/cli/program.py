"""The program as its users have it: in this process for what it says, as a process of its own for signals."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from click.testing import CliRunner, Result

from papertape.cli import cli

PROGRAM = [sys.executable, "-c", "from papertape.cli import cli; cli(prog_name='papertape')"]


def papertape(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], prog_name="papertape")


def document(*arguments: object) -> dict[str, Any]:
    """What a command prints with `--json`; it must have exited 0."""
    done = papertape(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextmanager
def host(*arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A session's host as a process, once its session has begun; it does not outlive the block."""
    process = subprocess.Popen(
        [*PROGRAM, "run", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None and process.stderr is not None
    with process:
        try:
            line = process.stderr.readline()
            assert line.startswith("session "), line
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def refusal(*arguments: object, code: int = 2) -> str:
    """What a command says on stderr as it refuses: one or two plain lines, with this exit code, nothing on stdout."""
    done = papertape(*arguments)
    assert done.exit_code == code, (done.exit_code, done.stderr)
    assert "Traceback" not in done.output and "unexpected" not in done.output, done.stderr
    errors = done.stderr.splitlines()
    assert 1 <= len(errors) <= 2 and errors[0].startswith("Error: "), done.stderr
    assert done.stdout == ""
    return errors[0].removeprefix("Error: ")
