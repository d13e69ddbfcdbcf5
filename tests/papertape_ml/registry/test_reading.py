"""Nothing but a plain file of the expected size is opened, whoever changes the folder meanwhile."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from papertape_ml.errors import BadModel
from papertape_ml.registry.reading import folder, folder_inside, read_file

ODD: dict[str, Callable[[Path], object]] = {
    "link": lambda path: path.symlink_to(path.with_name("plain")),
    "fifo": os.mkfifo,
    "folder": os.mkdir,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "socket": lambda path: os.mknod(path, 0o140600),
}


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[int]:
    """An open folder with a plain file."""
    (tmp_path / "plain").write_bytes(b"data")
    with folder(tmp_path) as handle:
        yield handle


def test_a_plain_file_is_read(handle: int) -> None:
    assert read_file(handle, "plain", 4) == b"data"
    with pytest.raises(BadModel, match="more than the 3"):
        read_file(handle, "plain", 3)


@pytest.mark.parametrize("kind", ODD)
def test_anything_else_is_refused_before_it_is_opened(
    kind: str, handle: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ODD[kind](tmp_path / "odd")

    def never(*arguments: object, **named: object) -> int:
        raise AssertionError("opened")

    monkeypatch.setattr(os, "open", never)
    with pytest.raises(BadModel, match="is no plain file"):
        read_file(handle, "odd", 1 << 20)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ODD)
def test_what_takes_the_place_of_a_file_that_was_looked_at_is_refused_too(
    kind: str, handle: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ODD[kind](tmp_path / "odd")
    plain = os.stat(tmp_path / "plain")
    monkeypatch.setattr(os, "stat", lambda *arguments, **named: plain)
    with pytest.raises((BadModel, OSError)):
        read_file(handle, "odd", 1 << 20)


def test_a_file_that_grows_while_it_is_read_is_refused(
    handle: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstat

    def then_it_grows(opened: int) -> os.stat_result:
        found = real(opened)
        with (tmp_path / "plain").open("ab") as file:
            file.write(b"more")
        return found

    monkeypatch.setattr(os, "fstat", then_it_grows)
    with pytest.raises(BadModel, match="changed while it was read"):
        read_file(handle, "plain", 1 << 20)


@pytest.mark.parametrize("name", ["", ".", "..", "../plain", "sub/plain", "/etc/passwd", "a\0b"])
def test_a_path_is_no_name(name: str, handle: int) -> None:
    with pytest.raises(BadModel, match="no plain name"):
        read_file(handle, name, 1 << 20)


def test_a_link_to_a_folder_is_not_followed(handle: int, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with folder_inside(handle, "real"):
        pass
    with pytest.raises(OSError), folder_inside(handle, "link"):
        pass
