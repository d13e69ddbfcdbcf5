"""Kernels that are missing are compiled side by side, and those that only this process knows are compiled here."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from papertape import PapertapeError
from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features import machine_code, parallel
from papertape.features.families.momentum.rsi import FAMILY as RSI
from papertape.features.families.trend.ema import FAMILY as EMA
from papertape.features.machine_code import fold_of
from papertape.features.parallel import compile_missing, workers


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and folds that no test before has loaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(machine_code, "_loaded", machine_code._Loaded)
    monkeypatch.setattr(parallel, "WORTH", 2)
    return tmp_path / "papertape" / "kernels"


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = c.close[t]


def hidden() -> FeatureFamily:
    """A family whose kernel no other process can import."""
    made = kernel(step.__wrapped__)  # type: ignore[attr-defined]
    return FeatureFamily(
        name="hidden", category="trend", memory="window", inputs=("close",), step=made, definition="The close.",
        outputs=(FeatureOutput("hidden", "the close", "quote currency", scale="close", level=True),),
    )  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_that_is_missing_is_in_the_cache_afterwards(cache: Path, jobs: int) -> None:
    families = [RSI, EMA, hidden()]
    seen: list[tuple[int, int]] = []
    compile_missing(families, jobs, lambda done, total: seen.append((done, total)))
    files = {path.stem for path in cache.iterdir()}
    assert {fold_of(family).key for family in families} <= files and len(files) == 6
    assert {total for _, total in seen} == {6} and [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (6, 6)
    seen.clear()
    compile_missing(families, jobs, lambda done, total: seen.append((done, total)))
    assert seen == []


def test_a_kernel_that_does_not_compile_says_so_here() -> None:
    @kernel
    def wrong(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
        o[0] = c.nosuch[t]  # type: ignore[attr-defined]

    with pytest.raises(Exception, match="nosuch"):
        compile_missing([RSI, EMA, replace(hidden(), step=wrong)], 2)


def test_a_killed_worker_is_told_in_a_line() -> None:
    with pytest.raises(PapertapeError, match="a worker process was killed"), workers(1) as pool:
        pool.submit(os.abort).result()
