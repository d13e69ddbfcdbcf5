"""The child process of `papertape_ml.models.strangers`: reads files from its standard input, answers with a verdict."""

import json
import math
import os
import resource
import sys
from typing import Any, BinaryIO

_DETAIL = 400


def main() -> None:
    """Read, limit, judge, answer. The answer leaves by a descriptor of its own: libraries may print what they like."""
    answer = os.dup(1)
    os.dup2(2, 1)
    head = json.loads(sys.stdin.buffer.readline())
    limit(head["seconds"], head["megabytes"])
    files = {name: _exactly(sys.stdin.buffer, size) for name, size in head["sizes"]}
    outcome, detail = judged(head["kind"], files, head["golden"])
    os.write(answer, json.dumps([outcome, detail[:_DETAIL]]).encode())
    os._exit(0)  # broken objects may crash in their destructors, after the verdict


def judged(kind: str, files: dict[str, bytes], golden: dict[str, Any] | None) -> tuple[str, str]:
    """The outcome and its detail."""
    try:
        from papertape_ml.errors import GoldenRowsDiffer
        from papertape_ml.models.golden import Golden, reproduces
        from papertape_ml.models.loading import load

        try:
            model = load(kind, files)
            if golden is not None:
                reproduces(model, Golden.from_document(golden))
        except GoldenRowsDiffer as wrong:
            return "differs", str(wrong)
    except MemoryError:
        return "memory", "it asked for more memory than it was given"
    except Exception as wrong:  # noqa: BLE001  # whatever a stranger's bytes bring about is a verdict
        text = str(wrong)
        return ("memory" if "bad_alloc" in text else "refused"), text
    return "accepted", ""


def limit(seconds: float, megabytes: int) -> None:
    """Bounds this process: processor time, address space, no file, no core."""
    size = megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    time = math.ceil(seconds) + 1  # a second clock, should the parent die
    resource.setrlimit(resource.RLIMIT_CPU, (time, time + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError(f"{size} bytes were promised, {len(data)} came")
    return data


if __name__ == "__main__":
    main()
