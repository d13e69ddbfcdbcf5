"""One file that holds a version: what `packed` writes comes back, and nothing else is taken in."""

import gzip
import io
import os
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from papertape_ml.errors import BadModel, RegistryError
from papertape_ml.registry import archive
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.suite import FILES, example, wish
from papertape_ml.registry.transfer import bring

MANIFEST = example().with_files(FILES)
GOOD = archive.packed(MANIFEST, FILES)


def rewritten(change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]) -> bytes:
    """The good archive after a change to its members."""
    with tarfile.open(fileobj=io.BytesIO(GOOD)) as found:
        members = [(each, read.read() if (read := found.extractfile(each)) else b"") for each in found]
    change(members)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as written:
        for each, data in members:
            each.size = len(data)
            written.addfile(each, io.BytesIO(data))
    return out.getvalue().rstrip(b"\0") + bytes(1024 + -len(out.getvalue().rstrip(b"\0")) % 512)


def extra(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = ""
) -> Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]:
    """Adds a member at the end."""

    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        members.append((member, b"" if kind != tarfile.REGTYPE else b"payload"))

    return change


def retyped(kind: bytes, link: str = "") -> Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]:
    """Makes the last member something else than a plain file."""

    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[-1][0].type, members[-1][0].linkname = kind, link

    return change


def renamed(name: str) -> Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]:
    """Calls the last member something else."""

    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[-1][0].name = name

    return change


HOSTILE = {
    "traversal": rewritten(extra("../../outside")),
    "absolute": rewritten(extra("/tmp/outside")),
    "symbolic link": rewritten(extra("link", tarfile.SYMTYPE, "/etc/passwd")),
    "hard link": rewritten(extra("link", tarfile.LNKTYPE, "booster.json")),
    "device": rewritten(extra("device", tarfile.CHRTYPE)),
    "fifo": rewritten(extra("pipe", tarfile.FIFOTYPE)),
    "folder": rewritten(extra("folder", tarfile.DIRTYPE)),
    "one more": rewritten(extra("more.json")),
    "the same twice": rewritten(extra("booster.json")),
    "in other case": rewritten(extra("BOOSTER.json")),
    "a file that is a link": rewritten(retyped(tarfile.SYMTYPE, "/etc/passwd")),
    "a file that is sparse": rewritten(retyped(tarfile.GNUTYPE_SPARSE)),
    "a file that is a folder": rewritten(retyped(tarfile.DIRTYPE)),
    "another name": rewritten(renamed("../empty")),
    "a name with a mark": rewritten(renamed("emp\u202ety")),
    "another order": rewritten(lambda members: members.reverse()),
    "no manifest": rewritten(lambda members: members.__delitem__(1)),
    "a file is missing": rewritten(lambda members: members.__delitem__(-1)),
    "compressed": gzip.compress(GOOD),
    "two in one": GOOD + GOOD,
    "more zeros": GOOD + bytes(512),
    "fewer zeros": GOOD[:-512],
    "empty": b"",
    "zeros": bytes(10_240),
    "a zip": b"",
}
_zip = io.BytesIO()
with zipfile.ZipFile(_zip, "w", zipfile.ZIP_DEFLATED) as _bomb:
    _bomb.writestr("manifest.json", bytes(1 << 20))
HOSTILE["a zip"] = _zip.getvalue()
HOSTILE["huge by its header"] = GOOD[:124] + b"77777777777\0" + GOOD[136:]
HOSTILE["negative by its header"] = GOOD[:124] + b"\xff" * 12 + GOOD[136:]


def test_a_version_comes_back_from_its_archive() -> None:
    assert archive.unpacked(GOOD) == (MANIFEST, dict(FILES))


def test_another_program_can_read_an_archive(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(GOOD)) as found:
        assert found.getnames() == ["manifest.sha256", "manifest.json", *sorted(FILES)]
        read = found.extractfile("manifest.json")
        assert read is not None and Manifest.parse(read.read()) == MANIFEST


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_a_hostile_archive_is_refused(case: str, tmp_path: Path) -> None:
    (tmp_path / "hostile.tar").write_bytes(HOSTILE[case])
    registry = JsonRegistry.open(tmp_path / "models", create=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadModel, match="is no archive of a model's version"):
        list(bring(registry, tmp_path / "hostile.tar", wish()))
    assert registry.versions() == [] and set(tmp_path.rglob("*")) - set(before) <= {tmp_path / "models/registry.lock"}


def test_no_flipped_bit_and_no_truncation_is_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    source = random.Random(7)
    parsed: list[bytes] = []
    real = Manifest.parse

    def parse(data: bytes) -> Manifest:
        parsed.append(data)
        return real(data)

    monkeypatch.setattr(Manifest, "parse", parse)
    for _ in range(250):
        at, bit = source.randrange(len(GOOD)), source.randrange(8)
        flipped = bytearray(GOOD)
        flipped[at] ^= 1 << bit
        with pytest.raises(BadModel):
            archive.unpacked(bytes(flipped))
    for _ in range(250):
        with pytest.raises(BadModel):
            archive.unpacked(GOOD[: source.randrange(len(GOOD))])
    assert set(parsed) <= {MANIFEST.encoded()}, "a damaged manifest was parsed"


@pytest.mark.parametrize("kind", ["fifo", "folder with nothing", "device", "missing", "too large"])
def test_what_is_no_plain_file_is_not_opened(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder with nothing":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "too large":
        with path.open("wb") as file:
            file.truncate(archive.MAX_ARCHIVE + 1)
    with pytest.raises(BadModel):
        archive.read_archive(path)


def test_an_export_takes_no_other_files_place(tmp_path: Path) -> None:
    registry = JsonRegistry.open(tmp_path / "models", create=True)
    registry.publish(example(), FILES)
    version = registry.load("signal", 1)
    assert archive.write_archive(tmp_path / "a.tar", version) == len(GOOD)
    (tmp_path / "b.tar").symlink_to(tmp_path / "gone")
    for taken in ("a.tar", "b.tar"):
        with pytest.raises(BadModel, match="is there already"):
            archive.write_archive(tmp_path / taken, version)
    with pytest.raises(RegistryError, match="No such file"):
        archive.write_archive(tmp_path / "no" / "folder.tar", version)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.tar", "b.tar", "models"]
    assert (tmp_path / "a.tar").read_bytes() == GOOD


def test_a_version_keeps_its_checksum_and_gets_the_next_number(tmp_path: Path) -> None:
    here = JsonRegistry.open(tmp_path / "here", create=True)
    there = JsonRegistry.open(tmp_path / "there", create=True)
    for n in range(3):
        here.publish(example(n), FILES)
    here.move("signal", "champion", 3, wish())
    here.move("signal", "challenger", 2, wish())
    there.publish(example(9), FILES)
    there.move("signal", "champion", 1, wish())
    archive.write_archive(tmp_path / "x.tar", here.load("signal", 3))
    [brought] = bring(there, tmp_path / "x.tar", wish())
    assert (brought.row.version, brought.new, brought.row.imported) == (2, True, True)
    assert brought.row.checksum == here.versions()[2].checksum
    done = list(bring(there, tmp_path / "here", wish()))
    assert [(each.row.version, each.new, each.aliases) for each in done] == [
        (3, True, ()), (4, True, ("challenger",)), (2, False, ()),
    ]  # fmt: skip
    assert [move.to_version for move in there.history("signal", "champion")] == [1], "a pointer that stands stays"
