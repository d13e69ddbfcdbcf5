"""Make one virtual environment per peer under ``benchmarks/.venvs/NAME``.

``python benchmarks/peers/setup.py [NAME ...]``: the named peers, or all that have a ``requirements-NAME.txt`` here.
``compiled`` is papertape's compiled build, made of the working tree when it is named; it needs a C compiler.
Each gets an environment of its own because their version ranges of numpy and pandas exclude one another. An
environment is left as it is while what it was made of has not changed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENVS = HERE.parent / ".venvs"
ROOT = HERE.parents[1]
COMPILED = "compiled"


def requirements_of(peer: str) -> Path:
    """The peer's requirements file."""
    return HERE / f"requirements-{peer}.txt"


def known_peers() -> list[str]:
    """Every peer that has a requirements file, by name."""
    return sorted(path.stem.removeprefix("requirements-") for path in HERE.glob("requirements-*.txt"))


def python_of(peer: str) -> Path:
    """The interpreter of the peer's environment, which may not have been made yet."""
    return VENVS / peer / "bin" / "python"


def asked_for(peer: str) -> str:
    """What the environment must hold today: the requirements, or the hash of what the compiled build is made of."""
    if peer != COMPILED:
        return requirements_of(peer).read_text("utf-8")
    sources = [ROOT / "pyproject.toml", *sorted(ROOT.glob("*/papertape*/**/*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def is_ready(peer: str) -> bool:
    """Whether the environment holds exactly what is asked for today."""
    installed = VENVS / peer / "installed.txt"
    return installed.exists() and installed.read_text("utf-8") == asked_for(peer)


def make(peer: str) -> None:
    """Build the environment from nothing; CalledProcessError when pip refuses."""
    folder = VENVS / peer
    if folder.exists():
        shutil.rmtree(folder)
    venv.create(folder, with_pip=True)
    pip = [str(python_of(peer)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if peer == COMPILED:
        constrained = [*pip, "--constraint", str(ROOT / "constraints.txt"), str(ROOT)]
        subprocess.run(constrained, check=True, env={**os.environ, "HATCH_BUILD_HOOK_ENABLE_CUSTOM": "1"})
    else:
        subprocess.run([*pip, "--requirement", str(requirements_of(peer))], check=True)
    # Written last: an interrupted install leaves no mark and is made again.
    (folder / "installed.txt").write_text(asked_for(peer), "utf-8")


def main() -> None:
    """Set up the peers named on the command line."""
    parser = argparse.ArgumentParser(description="Make one virtual environment per peer.")
    parser.add_argument(
        "peers", nargs="*", metavar="NAME", help=f"any of {', '.join(known_peers())} (default: all), {COMPILED}"
    )
    chosen = parser.parse_args().peers or known_peers()
    for peer in chosen:
        if peer not in (*known_peers(), COMPILED):
            parser.error(f"no peer named {peer!r}: it would need {requirements_of(peer).name}")
    failed = []
    for peer in chosen:
        if is_ready(peer):
            print(f"{peer}: there already")
            continue
        began = time.perf_counter()
        try:
            make(peer)
        except subprocess.CalledProcessError as error:
            failed.append(peer)
            print(f"{peer}: pip ended with exit code {error.returncode}", file=sys.stderr)
        else:
            print(f"{peer}: {time.perf_counter() - began:.0f} s", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
