"""Compiles the loops of the environment with numba, and keeps them in the user's cache folder.

numba's own cache knows the file of a function, not those of the functions that it calls: so the folder is named by the
hash of all of them. The only module here that imports numba.
"""

import os
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from papertape.contract.errors import MissingExtra, PapertapeError
from papertape.features.machine_code import cache_folder
from papertape_ml.rl import compiled_book, exact, formulas, rewards, stepping

_SOURCES: Final = (compiled_book, exact, formulas, rewards, stepping)
_OWN: Final = frozenset(module.__name__ for module in _SOURCES)


@cache
def compiled(function: Callable[..., Any]) -> Any:
    """The function, compiled with all that it calls. Raises `MissingExtra` where the compiler is not installed."""
    return _made(function, kept=True)


@cache
def _made(function: Callable[..., Any], kept: bool) -> Any:
    assert isinstance(function, FunctionType)
    numba = _numba()
    known = {}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, FunctionType) and value.__module__ in _OWN:
            known[name] = _made(value, kept=False)
    own = FunctionType(function.__code__, {**function.__globals__, **known}, function.__name__, function.__defaults__)
    own.__module__ = function.__module__
    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(_folder())
    try:
        return numba.njit(cache=kept, error_model="numpy")(own)
    finally:
        numba.config.CACHE_DIR = before


@cache
def _numba() -> Any:
    # The features' compiler, which may be loaded after this module, wants the same.
    os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")
    try:
        import numba
    except ImportError:
        raise MissingExtra("the compiled environment", "ml") from None
    return numba


@cache
def _folder() -> Path:
    """Where the loops of these very sources are kept, for this compiler and Python. Raises `PapertapeError` where that
    cannot be written to: numba would then keep them beside the sources, and not notice a change."""
    found = sha256()
    for module in _SOURCES:
        found.update(Path(str(module.__file__)).read_bytes())
    found.update(f"{version('numba')} {version('llvmlite')} {version('numpy')}".encode())
    folder = cache_folder().parent / "environment" / found.hexdigest()[:32]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "papertape").touch()
    except OSError as error:
        raise PapertapeError(
            f"the compiled environment cannot be kept in {folder} ({error.strerror}): set XDG_CACHE_HOME to a folder "
            "of yours"
        ) from None
    return folder
