"""Compiled kernels: kept by what they mean, found again without the compiler, mended where they are damaged."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from papertape.features.machine_code import cache_folder, fold_of

PROGRAM = """
import sys
from papertape.features.catalogue import Catalogue
from papertape.features.families.momentum.rsi import FAMILY
from papertape.features.plan import plan
from papertape.features.stream import Stream

told = []
stream = Stream(plan(Catalogue([FAMILY]).select(["rsi_2"]), ["A/B"]), 60_000, progress=lambda *done: told.append(done))
for k in range(200):
    values = stream.step([(60_000 * k, 1.0, 1.0, 1.0, 1.0 + (k * 7 % 5), 1.0, 0)])
print(float(values[0, 0]).hex(), "numba" in sys.modules, told)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def ran() -> tuple[str, bool, list[tuple[int, int]]]:
    """The last value, whether the compiler was imported, and what was told of its progress, in a new process."""
    out = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    value, numba, told = out.split(maxsplit=2)
    return value, numba == "True", eval(told)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A cache folder in which a process has left its kernels, and the value that it gave."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("compiled")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        value, numba, told = ran()
    assert numba and told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    return folder, value


def test_a_second_process_needs_no_compiler_and_gives_the_same_bits(
    compiled: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(compiled[0]))
    assert ran() == (compiled[1], False, [])


@pytest.mark.parametrize("damage", [b"not an object file", None])
def test_a_damaged_file_is_compiled_anew(home: Path, compiled: tuple[Path, str], damage: bytes | None) -> None:
    folder, value = compiled
    shutil.copytree(folder, home, dirs_exist_ok=True)
    for file in (home / "papertape" / "kernels").glob("*.o"):
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert ran()[:2] == (value, True)
    assert ran()[:2] == (value, False)


def test_the_cache_lies_in_the_user_s_cache_folder(home: Path) -> None:
    if sys.platform != "darwin":
        assert cache_folder() == home / "papertape" / "kernels"


def test_families_that_share_a_step_share_its_code() -> None:
    from dataclasses import replace

    from papertape.features.families.momentum.rsi import FAMILY

    assert fold_of(FAMILY).key == fold_of(replace(FAMILY, name="other")).key
    assert fold_of(FAMILY).key != fold_of(replace(FAMILY, panel=True)).key, "the loop around it is another"
