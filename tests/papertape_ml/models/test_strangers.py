"""Files that crash, hang, swell or lie are verdicts, and leave nothing behind."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.papertape_ml.models.planted import classifier, pair, rows

from papertape_ml.models.child import judged
from papertape_ml.models.golden import golden
from papertape_ml.models.strangers import asked, checked_in_child


def manifest_rows() -> dict[str, Any]:
    return golden(classifier(), rows(500)).as_document()


def changed_after(head: bytes, new: bytes, skipped: int = 0) -> dict[str, bytes]:
    """The classifier's files with other bytes in its trees, ``skipped`` bytes after the first ``head``."""
    files = classifier().files()
    data = bytearray(files["booster.ubj"])
    start = data.index(head) + len(head) + skipped
    data[start : start + len(new)] = new
    return files | {"booster.ubj": bytes(data)}


def test_honest_files_are_accepted() -> None:
    assert checked_in_child("classifier", classifier().files(), manifest_rows()).accepted
    model = pair()
    assert checked_in_child("gated", model.files(), golden(model, rows(500)).as_document()).accepted


def test_other_golden_rows_are_a_verdict() -> None:
    wrong = manifest_rows()
    wrong["exact"][5][0] += 1e-9
    found = checked_in_child("classifier", classifier().files(), wrong)
    assert (found.outcome, found.accepted) == ("differs", False)
    assert "golden row 5, inner value 0" in found.detail


def test_damaged_files_are_a_verdict() -> None:
    files = classifier().files()
    found = checked_in_child("classifier", files | {"booster.ubj": files["booster.ubj"][:2_000]}, manifest_rows())
    assert not found.accepted
    assert judged("classifier", {}, None)[0] == "refused"
    assert judged("no-such-kind", files, None)[1].startswith("no kind of model")
    assert judged("classifier", files, {"inputs": "none"})[0] == "refused"
    assert judged("classifier", files, None) == ("accepted", "")


def test_trees_that_lead_out_of_their_memory_are_a_verdict() -> None:
    """Every left child is a node a billion further on: XGBoost itself follows, and its process ends."""
    files = changed_after(b"left_children[$l#L", (10**9).to_bytes(4, "big"), skipped=8)
    found = checked_in_child("classifier", files, manifest_rows())
    assert (found.outcome, "leads to a node that there is not" in found.detail) == ("refused", True)


def test_a_child_that_never_ends_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    kept = tmp_path / "grandchild"
    program = (
        "import subprocess, sys\n"
        "late = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(kept)!r}, 'w').write(str(late.pid))\n"
        "while True: pass\n"
    )
    begun = time.monotonic()
    assert asked([sys.executable, "-c", program], b"x" * 10_000_000, seconds=2).outcome == "late"
    assert time.monotonic() - begun < 40
    state = Path(f"/proc/{kept.read_text()}/stat")
    while state.exists() and state.read_text().split()[2] not in "ZX":
        assert time.monotonic() - begun < 50
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("import os; os.kill(os.getpid(), 11)", "crashed"),
        ("import os; os.kill(os.getpid(), 9)", "late"),
        ("raise SystemExit(3)", "crashed"),
        ("print('[\"accepted\"')", "crashed"),
        ("", "crashed"),
    ],
)
def test_a_child_without_a_proper_answer_is_never_an_acceptance(program: str, outcome: str) -> None:
    assert asked([sys.executable, "-c", program], b"", seconds=100).outcome == outcome


def test_the_deadline_holds_and_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = children()
    begun = time.monotonic()
    found = checked_in_child("classifier", classifier().files(), manifest_rows(), seconds=0.05)
    assert found.outcome == "late"
    assert time.monotonic() - begun < 30
    assert children() <= before
    assert not list(tmp_path.iterdir())


def children() -> set[str]:
    """The processes that this one has started and not waited for, where the system says."""
    tasks = Path("/proc/self/task")
    return {pid for task in tasks.glob("*/children") for pid in task.read_text("utf-8").split()}


def test_too_little_memory_for_the_library_itself_is_a_verdict() -> None:
    assert not checked_in_child("classifier", classifier().files(), manifest_rows(), seconds=4, megabytes=64).accepted
