"""A study that is kept in a database, so that it can be gone on with, by several processes at once.

A study belongs to what it searches: the data, the label, the kind and the objective. Its trials are numbered by the
database, and each draws its settings from a seed that follows from its number: processes that share a study make no
draw twice, and one that goes on with a study makes the trials that it would have made without the break.
"""

import importlib
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from papertape.contract.errors import ConfigError, LedgerError, MissingExtra
from papertape.ledger.url import masked
from papertape_ml.errors import BadSettings
from papertape_ml.registry.canonical import canonical

IDENTITY: Final = "papertape"
"""The key under which a study says what it searches."""
PRUNERS: Final = ("median", "hyperband", "none")
_WAIT: Final = 60
"""Seconds to wait for another process's write to an SQLite file."""
_ATTEMPTS: Final = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a study is. `url`: of its database; `folder`: where the net returns of its trials are."""

    url: str
    folder: Path
    name: str

    @property
    def file(self) -> Path | None:
        """Of an SQLite database."""
        scheme = "sqlite:///"
        return Path(self.url.removeprefix(scheme)) if self.url.startswith(scheme) else None

    @property
    def shown(self) -> str:
        """For messages."""
        return f"study {self.name!r} in {masked(self.url)}"


def place_of(url: str | None, home: Path, name: str) -> Place:
    """The study of a name: in the database at `url`, or in `home`, where net returns lie too, or by the SQLite file."""
    if not name or any(char in name for char in "/\\\0") or name.startswith("."):
        raise ConfigError(f"--study-name {name!r}: a study is called by letters, digits, dashes and dots")
    file = home / "studies" / "studies.db"
    if url is None:
        return Place(f"sqlite:///{file}", file.parent / name, name)
    given = Place(url, file.parent / name, name)
    if given.file is not None:
        return replace(given, folder=given.file.absolute().parent / name)
    database = _with_driver(url)
    try:
        make_url(database).get_dialect()
    except (ArgumentError, NoSuchModuleError):
        raise ConfigError(
            f"--study {masked(url)} is no URL of a database; sqlite:///FILE.db or postgresql://USER@HOST/NAME would do"
        ) from None
    return Place(database, file.parent / name, name)


def default_name(model: str, identity: Mapping[str, Any]) -> str:
    """A name that follows from the model's and from what is searched, so that other data make another study."""
    return f"{model}-{sha256(canonical(identity)).hexdigest()[:8]}"


@contextmanager
def opened(place: Place, direction: str, identity: Mapping[str, Any], pruner: str) -> Iterator[Any]:
    """The study (`optuna.Study`), made where it is not there yet; its database is let go of at the end.

    Raises `BadSettings` for one that searches something else, `LedgerError` where the database cannot be used.
    """
    if place.file is not None:
        place.file.parent.mkdir(parents=True, exist_ok=True)
    with _storage(place) as storage:
        study = library().create_study(
            study_name=place.name, storage=storage, direction=direction, load_if_exists=True, pruner=_pruner(pruner)
        )
        kept = study.user_attrs.get(IDENTITY)
        mine = canonical(identity).decode()
        if kept is None:
            study.set_user_attr(IDENTITY, mine)
        elif kept != mine:
            raise BadSettings(f"the {place.shown} searches other data or settings; name another with --study-name")
        yield study


@contextmanager
def found(place: Place) -> Iterator[Any]:
    """The study (`optuna.Study`) that is there. Raises `BadSettings` where it is not, and `LedgerError`."""
    optuna = library()
    there = sorted(names(place))
    if place.name not in there:
        raise BadSettings(f"there is no {place.shown}; it has {', '.join(there[:8]) or 'none yet'}")
    with _storage(place) as storage:
        yield optuna.load_study(study_name=place.name, storage=storage)


def names(place: Place) -> list[str]:
    """The names of all studies in the database; none where its file is not there yet."""
    if place.file is not None and not place.file.exists():
        return []
    with _storage(place) as storage:
        return [str(name) for name in library().get_all_study_names(storage=storage)]


def sampler(seed: int, number: int) -> Any:
    """What draws the settings of a trial, from the search's seed and the trial's number."""
    optuna = library()
    state = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    return optuna.samplers.TPESampler(seed=state, n_startup_trials=10)


def library() -> Any:
    """Optuna, silent."""
    try:
        optuna = importlib.import_module("optuna")
    except ImportError as missing:
        raise MissingExtra("a search for settings", "ml") from missing
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@contextmanager
def _storage(place: Place) -> Iterator[Any]:
    """Optuna's tables in the database. Raises `LedgerError` where they cannot be used."""
    storage = None
    try:
        storage = _made(place)
        yield storage
    except (SQLAlchemyError, library().exceptions.StorageInternalError) as wrong:
        raise _closed(place, wrong) from wrong
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()


def _made(place: Place) -> Any:
    """The storage, its tables made where there are none; tried again where another process makes them just now."""
    optuna = library()
    arguments = {"connect_args": {"timeout": _WAIT}} if place.url.startswith("sqlite") else {}
    for attempt in range(_ATTEMPTS):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return optuna.storages.RDBStorage(place.url, engine_kwargs=arguments)
        except (IntegrityError, OperationalError, ProgrammingError) as wrong:
            halfway = isinstance(wrong, IntegrityError) or "already exists" in str(wrong)
            if not halfway or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.1 * 2**attempt)
        except RuntimeError as wrong:
            raise _closed(place, wrong) from wrong
    raise AssertionError("the last attempt returns or raises")


def _closed(place: Place, wrong: Exception) -> LedgerError:
    first = (str(wrong).strip().splitlines() or [type(wrong).__name__])[0]
    return LedgerError(f"the {place.shown} cannot be used: {masked(first)[:200]}")


def _pruner(name: str) -> Any:
    pruners = library().pruners
    if name == "median":
        return pruners.MedianPruner(n_startup_trials=5)
    if name == "hyperband":
        return pruners.HyperbandPruner(min_resource=1, max_resource=4, reduction_factor=2)
    if name == "none":
        return pruners.NopPruner()
    raise BadSettings(f"no pruner {name!r}; there are {', '.join(PRUNERS)}")


def _with_driver(url: str) -> str:
    """PostgreSQL by the driver that papertape has."""
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url
