"""Session files: TOML whose paths are its own and whose times are ms."""

from pathlib import Path
from typing import Any

import pytest

from papertape import ConfigError
from papertape.cli.session_file import read_file
from papertape.engine.config import read_config


def read(folder: Path, text: str) -> dict[str, Any]:
    (folder / "session.toml").write_text(text, "utf-8")
    return read_file(str(folder / "session.toml"))


def test_a_file_is_read_as_it_stands(tmp_path: Path) -> None:
    text = """
    cash = 2500.5
    strategies = ["macd:fast=3", { kind = "grid", name = "my grid", steps = 4 }]
    [feed]
    kind = "sim"
    symbols = ["A"]
    [instruments."A"]
    tick = 0.5
    """
    assert read(tmp_path, text) == {
        "cash": 2500.5,
        "strategies": ["macd:fast=3", {"kind": "grid", "name": "my grid", "steps": 4}],
        "feed": {"kind": "sim", "symbols": ["A"]},
        "instruments": {"A": {"tick": 0.5}},
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('strategies = ["mine.py"]', "mine.py"),
        ('strategies = ["mine.py:fast=3,name=m"]', "mine.py"),
        ('strategies = "sub/mine.py"', "sub/mine.py"),
        ('[[strategies]]\nkind = "../mine.py"\nfast = 3', "../mine.py"),
        ('[strategies]\nkind = "mine.py"', "mine.py"),
    ],
)
def test_strategy_files_are_beside_the_session_file(tmp_path: Path, text: str, kind: str) -> None:
    (spec,) = read_config(read(tmp_path, text)).strategies
    assert spec.kind == str(tmp_path / kind)


@pytest.mark.parametrize("table", ["feed", "feed.params"])
def test_candle_files_are_beside_the_session_file(tmp_path: Path, table: str) -> None:
    text = f'feed.kind = "replay"\n{table}.sources = ["a.csv", "/data/b.csv"]'
    feed = read_config(read(tmp_path, text)).feed
    assert feed.params["sources"] == [str(tmp_path / "a.csv"), "/data/b.csv"]


def test_names_of_strategies_are_no_paths(tmp_path: Path) -> None:
    assert read(tmp_path, 'strategies = ["macd", "ema-cross:fast=3"]')["strategies"] == ["macd", "ema-cross:fast=3"]


@pytest.mark.parametrize(
    "time", ["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00", "2024-01-01T01:00:00+01:00"]
)
def test_a_date_or_time_is_ms_utc(tmp_path: Path, time: str) -> None:
    feed = read_config(read(tmp_path, f'feed = {{ kind = "replay", start = {time} }}')).feed
    assert feed.params["start"] == 1_704_067_200_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cash = much", r"session file .*session.toml is not TOML: .*line 1"),
        (b"cash = 1\ncash = 2", r"session file .*session.toml is not TOML: "),
        (b"cash = '\xff'", r"session file .*session.toml is not UTF-8 text"),
    ],
)
def test_what_is_no_session_file_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "session.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_file(str(tmp_path / "session.toml"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent.toml cannot be read: No such file"):
        read_file(str(tmp_path / "absent.toml"))
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_file(str(tmp_path))


def test_the_file_of_an_external_series_is_found_from_the_session_file(tmp_path: Path) -> None:
    content = (
        'external = [{ kind = "file", name = "a", path = "a.csv" }, { kind = "file", name = "b", path = "/b.csv" }]'
    )
    series = read_config(read(tmp_path, content)).external
    assert [spec.params["path"] for spec in series] == [str(tmp_path / "a.csv"), "/b.csv"]


def test_a_session_says_where_its_files_are_wherever_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
    strategies = ["mine.py"]
    feed = { kind = "replay", sources = ["a.csv"] }
    models = { kind = "registry", path = "m" }
    """
    (tmp_path / "session.toml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    config = read_config(read_file("session.toml"))
    said = (config.strategies[0].kind, config.feed.params["sources"], config.models.params["path"])
    assert said == (str(tmp_path / "mine.py"), [str(tmp_path / "a.csv")], str(tmp_path / "m"))
