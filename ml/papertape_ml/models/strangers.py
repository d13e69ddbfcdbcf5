"""Files of strangers are parsed first in a child process, which may crash, hang or swell without harm to its parent.

The libraries that parse models are large and written in C++; damaged files were seen to end the process, never to
return, and to load in silence. The child guards against accidents and clumsy malice. It is no jail: bytes that take
over the library act with the rights of whoever runs papertape.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

# What libraries need to be found and to run on one thread; nothing else of the parent's environment is handed down.
_KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ANSWER_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Verdict:
    """``outcome``: accepted, refused (no such model), differs (not its golden rows), memory, crashed, or late."""

    outcome: str
    detail: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the files may be loaded here."""
        return self.outcome == "accepted"


def checked_in_child(
    kind: str, files: dict[str, bytes], golden: dict[str, Any] | None, seconds: float = 30.0, megabytes: int = 4096
) -> Verdict:
    """Parse ``files`` in a child process and ask for the golden rows of the manifest; never raises for what they do.

    The child gets ``seconds`` in all and ``megabytes`` of address space (its libraries alone take about 1,500), writes
    no file, and takes everything with it when it is ended. Without ``golden`` the files are only parsed.
    """
    head = {
        "kind": kind,
        "sizes": [[name, len(data)] for name, data in files.items()],
        "golden": golden,
        "seconds": seconds,
        "megabytes": megabytes,
    }
    sent = b"".join((json.dumps(head).encode(), b"\n", *files.values()))
    return asked([sys.executable, "-P", "-m", "papertape_ml.models.child"], sent, seconds)


def asked(command: list[str], sent: bytes, seconds: float) -> Verdict:
    """The verdict of a child process, as `answered` asks it."""
    answer, status = answered(command, sent, seconds)
    return Verdict("late", f"it was not through after {seconds:g} s") if status is None else _verdict(answer, status)


def answered(command: list[str], sent: bytes, seconds: float) -> tuple[bytes, int | None]:
    """What a child process that gets ``sent`` writes, and its status; None where it was ended, with all that it
    started, after ``seconds``."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _ONE_THREAD
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        answer, _ = child.communicate(sent, timeout=seconds)
    except subprocess.TimeoutExpired:
        return b"", None
    finally:
        _end(child)
    return answer, child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child with all that it started, and wait for it."""
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself just now
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None and not pipe.closed:
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # what was not yet sent is of no use to anybody


def _verdict(answer: bytes, status: int) -> Verdict:
    if status == -signal.SIGXCPU or status == -signal.SIGKILL:
        return Verdict("late", "it was ended for the processor time or the memory that it took")
    if status != 0:
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        return Verdict("crashed", f"the child ended with {how}")
    try:
        outcome, detail = json.loads(answer[:ANSWER_SIZE])
    except ValueError:
        return Verdict("crashed", "the child ended without a word")
    return Verdict(str(outcome), str(detail))
