"""What URLs stand for, and that none is shown with its password."""

from pathlib import Path

import pytest

from papertape.contract.errors import ConfigError
from papertape.ledger.url import default_url, file_of, masked, parsed


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_psycopg(scheme: str) -> None:
    assert parsed(f"{scheme}://ann@db.example/paper").drivername == "postgresql+psycopg"


@pytest.mark.parametrize("name", ["ledger.db", "50%25 off.db", "what?.db", "ann@home:1.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    assert file_of(parsed(f"sqlite:///{tmp_path / name}")) == tmp_path / name


def test_the_default_is_a_file_in_the_home_folder(tmp_path: Path) -> None:
    assert file_of(parsed(default_url(tmp_path))) == tmp_path / "ledger.db"


def test_two_names_of_one_file_are_one_place(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "ledger.db")
    assert file_of(parsed(f"sqlite:///{tmp_path}/link")) == file_of(parsed(f"sqlite:///{tmp_path}/./ledger.db"))


@pytest.mark.parametrize("url", ["ledger.db", "mysql://h/d", "postgresql+asyncpg://h/d", "postgresql://h:port/d", ""])
def test_other_urls_are_refused_with_what_would_do(url: str) -> None:
    with pytest.raises(ConfigError, match="sqlite:///FILE.db or postgresql://USER@HOST/NAME"):
        parsed(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_ledger_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="needs a file"):
        parsed(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:secret@db.example/paper",
        "postgresql+psycopg://ann:secret@db.example:5432/paper?sslmode=require",
        "postgresql://ann:a/b@secret@db.example/paper",
        "postgresql://db.example/paper?user=ann&password=secret",
        "postgresql://db.example/paper?sslpassword=secret&user=ann",
        "mysql://ann:secret@db.example/paper",
        "postgresql://ann:secret@db.example:port/paper",
        "://ann:secret@",
    ],
)
def test_no_password_is_ever_shown(url: str) -> None:
    assert "secret" not in masked(url)
    assert "***" in masked(url)
    try:
        parsed(url)
    except ConfigError as error:
        assert "secret" not in str(error)


def test_a_url_without_a_password_is_shown_as_it_is() -> None:
    assert masked("sqlite:////home/ann:x@y/50%.db") == "sqlite:////home/ann:x@y/50%.db"
