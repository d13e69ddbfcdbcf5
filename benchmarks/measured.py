"""Run a command as a process of its own and say what it cost, as the kernel saw it from outside.

Linux starts a child's peak memory at its parent's: whoever measures with this must stay small (no numpy, no pyarrow).
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


class RunFailed(Exception):
    """The command ended with an exit code other than 0; the message holds the end of what it wrote to stderr."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a process printed on stdout, and what it took from start to exit, imports and loading included."""

    stdout: str
    cpu_seconds: float  # user and system, over all threads
    peak_mb: float  # the most physical memory it held at once, MiB


def measure(command: list[str], *, cwd: Path, env: dict[str, str] | None = None) -> Measured:
    """Run ``command`` in ``cwd`` (with ``env`` added to the environment) to its end; RunFailed unless it exits 0."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        if process.returncode != 0:
            ending = "\n".join(stderr.read().strip().splitlines()[-5:])
            raise RunFailed(f"exit code {process.returncode} from: {shlex.join(command)}\n{ending}")
        return Measured(stdout.read(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has taken so far."""

    cpu_seconds: float  # user and system, over all threads that live
    waited_seconds: float  # that its main thread could have run and had no core
    memory_mb: float  # physical memory that it holds now, MiB


def usage(process: int) -> Usage:
    """What a process that runs has taken so far; all 0 where it is gone."""
    folder = Path("/proc", str(process))
    try:
        spent = [int(each.read_text("ascii").split()[0]) for each in folder.glob("task/*/schedstat")]
        waited = int((folder / "schedstat").read_text("ascii").split()[1])
        pages = int((folder / "statm").read_text("ascii").split()[1])
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return Usage(0.0, 0.0, 0.0)
    return Usage(sum(spent) / 1e9, waited / 1e9, pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
