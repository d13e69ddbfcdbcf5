"""What only a registry in a folder has to fear: hostile folders, damage, power cuts, other programs."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from papertape_ml.errors import DamagedVersion, NoRegistry, RegistryError
from papertape_ml.registry import index_file
from papertape_ml.registry.canonical import parsed
from papertape_ml.registry.checked import row_of
from papertape_ml.registry.index_file import Index
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.moves import Move
from papertape_ml.registry.suite import FILES, example, wish

ROW = row_of(example().with_files(FILES), 1, False)
Change = Callable[[Path], object]


@pytest.fixture
def registry(tmp_path: Path) -> JsonRegistry:
    """One model with two versions and a champion."""
    registry = JsonRegistry.open(tmp_path / "models", create=True)
    for n in (1, 2):
        registry.publish(example(n), FILES)
    registry.move("signal", "champion", 2, wish())
    return registry


def content(registry: JsonRegistry, version: int = 1) -> Path:
    """The folder of a version."""
    return registry.path / "versions" / registry.versions()[version - 1].checksum[7:]


def replaced_by(make: Change) -> Change:
    def change(file: Path) -> None:
        file.unlink()
        make(file)

    return change


def elsewhere(file: Path) -> Path:
    """A file with the very bytes that should be there, but elsewhere."""
    other = file.parents[2] / "elsewhere"
    other.write_bytes(FILES["booster.json"])
    return other


CHANGES: dict[str, Change] = {
    "missing": Path.unlink,
    "longer": lambda file: file.write_bytes(FILES["booster.json"] + b" "),
    "shorter": lambda file: file.write_bytes(FILES["booster.json"][:-1]),
    "other": lambda file: file.write_bytes(bytes(len(FILES["booster.json"]))),
    "huge": lambda file: os.truncate(file, 1 << 40),
    "symbolic link": replaced_by(lambda file: file.symlink_to(elsewhere(file))),
    "fifo": replaced_by(os.mkfifo),
    "folder": replaced_by(os.mkdir),
    "device": replaced_by(lambda file: file.symlink_to("/dev/zero")),
    "forbidden": lambda file: file.chmod(0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_refused_and_the_next_version_is_not(registry: JsonRegistry, change: str) -> None:
    if change == "forbidden" and os.geteuid() == 0:
        pytest.skip("root may read everything")
    CHANGES[change](content(registry) / "booster.json")
    with pytest.raises(DamagedVersion, match=r"signal@1 .*booster\.json"):
        registry.load("signal", 1)
    assert registry.load("signal", 2).files == FILES


@pytest.mark.parametrize("change", ["symbolic link", "missing", "file"])
def test_a_folder_that_is_none_is_refused(registry: JsonRegistry, change: str) -> None:
    folder = content(registry)
    folder.rename(registry.path / "elsewhere")
    if change == "symbolic link":
        folder.symlink_to(registry.path / "elsewhere")
    elif change == "file":
        folder.write_bytes(b"")
    with pytest.raises(DamagedVersion, match="its folder"):
        registry.load("signal", 1)


def test_what_else_lies_in_a_version_is_neither_read_nor_in_the_way(registry: JsonRegistry) -> None:
    (content(registry) / "evil.pkl").write_bytes(b"cos\nsystem\n")
    assert registry.load("signal", 1).files == FILES


def test_publishing_the_content_again_mends_a_damaged_version(registry: JsonRegistry) -> None:
    (content(registry) / "booster.json").write_bytes(b"damaged")
    assert registry.publish(example(1), FILES).version == 1
    assert registry.load("signal", 1).files == FILES and len(registry.versions()) == 2


def test_no_flipped_bit_and_no_truncation_reaches_a_parser(
    registry: JsonRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    real = Manifest.parse

    def parse(data: bytes) -> Manifest:
        seen.append(data)
        return real(data)

    monkeypatch.setattr(Manifest, "parse", parse)
    source, folder = random.Random(7), content(registry)
    originals = {name: (folder / name).read_bytes() for name in ("manifest.json", "booster.json", "calibration.json")}
    for n in range(200):
        name = source.choice(list(originals))
        data = bytearray(originals[name])
        if n % 2:
            data[source.randrange(len(data))] ^= 1 << source.randrange(8)
        else:
            del data[source.randrange(len(data)) :]
        (folder / name).write_bytes(data)
        with pytest.raises(DamagedVersion):
            registry.load("signal", 1)
        (folder / name).write_bytes(originals[name])
    assert set(seen) == {originals["manifest.json"]}


def test_a_flipped_bit_in_the_index_is_noticed_before_it_is_parsed(
    registry: JsonRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, source = registry.path / "registry.json", random.Random(7)
    original = file.read_bytes()
    assert parsed(original, "index")["registry"]["history"][0]["alias"] == "champion", "it is plain JSON"

    def never(data: bytes) -> Any:
        raise AssertionError("parsed")

    monkeypatch.setattr("papertape_ml.registry.index_file.json.loads", never)
    for n in range(100):
        data = bytearray(original)
        if n % 2:
            data[source.randrange(len(data))] ^= 1 << source.randrange(8)
        else:
            del data[source.randrange(len(data)) :]
        file.write_bytes(data)
        with pytest.raises(RegistryError, match="is damaged"):
            registry.versions()


@pytest.mark.parametrize(
    "index",
    [
        Index([ROW._replace(version=2)]),
        Index([], [Move("signal", "champion", 1, "move", None, 1, 1, "ann", "why", {})]),
        Index([ROW._replace(checksum=f"sha256:{'../' * 20}etc/")]),
        Index([ROW._replace(name="../x")]),
        Index([ROW._replace(size=True)]),
        Index([ROW], [Move("signal", "champion", 2, "move", None, 1, 1, "ann", "why", {})]),
        Index([ROW], [Move("signal", "champion", 1, "move", 1, 1, 1, "ann", "why", {})]),
        Index([ROW], [Move("signal", "champion", 1, "rollback", None, 1, 1, "ann", "why", {})]),
        Index([ROW], [Move("signal", "champion", 1, "moved", None, 1, 1, "ann", "why", {})]),  # type: ignore[arg-type]
        Index([ROW], [Move("signal", "../x", 1, "move", None, 1, 1, "ann", "why", {})]),
    ],
)
def test_an_index_that_says_the_impossible_is_refused(registry: JsonRegistry, index: Index) -> None:
    (registry.path / "registry.json").write_bytes(index_file.encoded(index))
    with pytest.raises(RegistryError, match="no registry of this papertape"):
        registry.versions()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/etc/passwd", path)])
def test_an_index_that_is_no_plain_file_is_not_opened(registry: JsonRegistry, make: Change) -> None:
    (registry.path / "registry.json").unlink()
    make(registry.path / "registry.json")
    with pytest.raises((NoRegistry, RegistryError)):
        registry.versions()


def test_an_index_that_could_not_be_read_again_is_not_written(
    registry: JsonRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_file, "MAX_INDEX", 3_000)
    with pytest.raises(RegistryError, match="the ledger takes more"):
        registry.move("signal", "champion", 1, wish(2, "x" * 2_000))
    assert len(registry.history()) == 1


def test_a_place_without_a_registry_is_named(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere", Path("/dev/null")):
        with pytest.raises(NoRegistry, match=str(place)):
            JsonRegistry.open(place)
    with pytest.raises(RegistryError, match="see to the folder"):
        JsonRegistry.open(Path("/dev/null/models"), create=True)
    assert list(tmp_path.iterdir()) == []


def test_what_killed_writers_left_is_swept_and_nothing_else(registry: JsonRegistry, tmp_path: Path) -> None:
    versions = registry.path / "versions"
    stale = [versions / ".new-1234", versions / ("0" * 64)]
    kept = [versions / "notes", versions / "README", versions / ("1" * 64)]
    for folder in (*stale, kept[0]):
        folder.mkdir()
        (folder / "file").write_bytes(b"x")
    kept[1].write_bytes(b"")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"x")
    kept[2].symlink_to(outside)
    (stale[0] / "link").symlink_to(outside)
    registry.publish(example(3), FILES)
    assert not any(each.exists() for each in stale) and all(each.exists() for each in kept)
    assert (outside / "precious").exists() and len(registry.versions()) == 3


def test_a_second_writer_waits_and_then_says_so(registry: JsonRegistry) -> None:
    patient = JsonRegistry(registry.path, patience=0.05)
    with registry._writing(), pytest.raises(RegistryError, match="another program"):
        patient.publish(example(3), FILES)
    assert patient.publish(example(3), FILES).version == 3


def test_readers_need_no_right_to_write(registry: JsonRegistry) -> None:
    (registry.path / "registry.lock").unlink()
    for folder in (registry.path, registry.path / "versions"):
        folder.chmod(0o555)
    try:
        assert JsonRegistry.open(registry.path).load("signal", 1).files == FILES
        assert not (registry.path / "registry.lock").exists()
    finally:
        for folder in (registry.path, registry.path / "versions"):
            folder.chmod(0o755)


WRITER = """
import sys
from pathlib import Path
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.suite import FILES, example, wish
registry = JsonRegistry.open(Path(sys.argv[1]))
for n in range(8):
    row = registry.publish(example(int(sys.argv[2]) + n), FILES)
    registry.move("signal", f"alias-{sys.argv[2]}", row.version, wish(n))
"""


def test_two_processes_that_publish_at_once_lose_nothing(registry: JsonRegistry) -> None:
    command = [sys.executable, "-c", WRITER, str(registry.path)]
    both = [subprocess.Popen([*command, start]) for start in ("100", "200")]
    assert [process.wait() for process in both] == [0, 0]
    rows = registry.versions()
    assert [row.version for row in rows] == list(range(1, 19)) and len({row.checksum for row in rows}) == 18
    assert all(registry.load("signal", row.version).files == FILES for row in rows)
    for start in ("100", "200"):
        moves = registry.history("signal", f"alias-{start}")
        assert [rows[move.to_version - 1].created for move in moves] == list(range(int(start), int(start) + 8))


def test_nothing_becomes_visible_before_it_is_durable(registry: JsonRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, Any]] = []

    def place(handle: int) -> str:
        return os.path.relpath(os.readlink(f"/proc/self/fd/{handle}"), registry.path)

    def spy(name: str, note: Callable[..., Any]) -> None:
        real = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> Any:
            done.append((name, note(*arguments, **named)))
            return real(*arguments, **named)

        monkeypatch.setattr(os, name, call)

    spy("write", lambda handle, data: place(handle))
    spy("fsync", place)
    spy("rename", lambda old, new, src_dir_fd, dst_dir_fd: (place(src_dir_fd), old, new))
    row = registry.publish(example(3), FILES)
    name = row.checksum[7:]
    draft = f"versions/.new-{name}"
    seen = [*dict.fromkeys(done)]
    files = ["manifest.json", *(each for each in FILES if FILES[each])]
    assert {("write", f"{draft}/{each}") for each in files} <= set(seen)
    for each in files:
        assert seen.index(("write", f"{draft}/{each}")) < seen.index(("fsync", f"{draft}/{each}"))
    order = [
        *(("fsync", f"{draft}/{each}") for each in ("manifest.json", *FILES)),
        ("fsync", draft),
        ("rename", ("versions", f".new-{name}", name)),
        ("fsync", "versions"),
        ("write", ".new-registry.json"),
        ("fsync", ".new-registry.json"),
        ("rename", (".", ".new-registry.json", "registry.json")),
        ("fsync", "."),
    ]
    places_of = [seen.index(each) for each in order]
    assert places_of == sorted(places_of) and seen[-1] == ("fsync", ".")


def test_a_full_disk_leaves_the_old_state(registry: JsonRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = os.write, [0]

    def full(handle: int, data: Any) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr(os, "write", full)
    before = (registry.path / "registry.json").read_bytes()
    for writes in range(4):
        left[0] = writes
        with pytest.raises(RegistryError, match="free some space"):
            registry.publish(example(3), FILES)
    left[0] = 0
    with pytest.raises(RegistryError, match="free some space"):
        registry.move("signal", "champion", 1, wish())
    monkeypatch.undo()
    assert (registry.path / "registry.json").read_bytes() == before
    assert not list(registry.path.rglob(".new-*")) and registry.publish(example(3), FILES).version == 3


def test_a_registry_that_is_copied_is_the_same_registry(registry: JsonRegistry, tmp_path: Path) -> None:
    shutil.copytree(registry.path, tmp_path / "copy")
    copy = JsonRegistry.open(tmp_path / "copy")
    assert (copy.versions(), copy.history()) == (registry.versions(), registry.history())
    assert copy.load("signal", 1) == registry.load("signal", 1)
