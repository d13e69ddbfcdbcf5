"""Compiled folds: found in the user's cache by what they mean, or compiled and put there."""

import ctypes
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from papertape.contract.errors import MissingExtra, PapertapeError
from papertape.contract.feature import FeatureFamily, Kernel
from papertape.features import driver
from papertape.features.definition import code_hash

_SETTINGS = ("NUMBA_CPU_FEATURES", "NUMBA_CPU_NAME", "NUMBA_LOOP_VECTORIZE", "NUMBA_OPT", "NUMBA_SLP_VECTORIZE")
"""What of the environment changes the code that is made."""

Progress = Callable[[int, int], None]
"""Told how many folds are compiled, and of how many."""


@dataclass(frozen=True, slots=True)
class Fold:
    """What to compile: a loop of the driver around a family's step, or one that has no step."""

    name: str
    loop: Callable[[int], None]
    step: Kernel | None = None

    @property
    def key(self) -> str:
        """SHA-256 (hex) of what it is, the compiler and the processor."""
        meant = self.name if self.step is None else code_hash(self.step)
        text = "\0".join([self.loop.__name__, meant, _driver_hash(), *_machine()])
        return sha256(text.encode()).hexdigest()


def fold_of(family: FeatureFamily) -> Fold:
    """The family's step in the loop that goes with it."""
    assert isinstance(family.step, Kernel)
    loop = driver.fold_panel if family.panel else driver.fold_symbols
    return Fold("fold_" + re.sub(r"\W", "_", family.name), loop, family.step)


DERIVE = Fold("derive", driver.derive)
COUNT = Fold("count", driver.count)
RUN = Fold("run", driver.run)


def load(folds: Sequence[Fold], progress: Progress = lambda done, total: None) -> list[int]:
    """The addresses of compiled folds. Raises `MissingExtra` where the compiler is not installed."""
    loaded = _loaded()
    keys = [fold.key for fold in folds]
    absent = {key: fold for key, fold in zip(keys, folds, strict=True) if key not in loaded.addresses}
    missing = [key for key in absent if not _file(key).exists()]
    for done, key in enumerate(missing):
        progress(done, len(missing))
        _store(key, absent[key])
    if missing:
        progress(len(missing), len(missing))
    for key in absent:
        loaded.add(key, *_read(key, absent[key]))
    return [loaded.addresses[key] for key in keys]


def runner() -> Callable[[int], None]:
    """`run(table)`: calls the folds of a table, which is given by its address."""
    (address,) = load([RUN])
    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(address)
    result = ctypes.c_void_p()
    place = ctypes.addressof(result)

    def run(table: int, keep: Any = (result, function)) -> None:
        function(place, None, table)

    return run


def cache_folder() -> Path:
    """Where compiled folds are kept: `papertape/kernels` in the user's cache folder."""
    if sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "papertape" / "kernels"


class _Loaded:
    """The folds that this process has loaded, by key. One linker for all, as it lives as long as the process."""

    def __init__(self) -> None:
        try:
            import llvmlite.binding as llvm
        except ImportError:
            raise MissingExtra("the computation of features", "features") from None
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._llvm = llvm
        module = llvm.parse_assembly("")
        machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self.addresses: dict[str, int] = {}

    def add(self, key: str, symbol: str, code: bytes) -> None:
        self._engine.add_object_file(self._llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        self.addresses[key] = self._engine.get_function_address(symbol)


@cache
def _loaded() -> _Loaded:
    return _Loaded()


@cache
def _machine() -> tuple[str, ...]:
    """What object code depends on besides the kernels."""
    try:
        import llvmlite.binding as llvm
    except ImportError:
        raise MissingExtra("the computation of features", "features") from None
    settings = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name in _SETTINGS]
    compilers = sys.version, version("numba"), version("llvmlite"), " ".join(settings)
    return *compilers, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@cache
def _driver_hash() -> str:
    return sha256(Path(driver.__file__).read_bytes()).hexdigest()


def _file(key: str) -> Path:
    return cache_folder() / f"{key}.o"


def _store(key: str, fold: Fold) -> None:
    from papertape.features.compiling import compiled

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PapertapeError(
            f"compiled features cannot be kept in {folder} ({error.strerror}): set XDG_CACHE_HOME to a folder of yours"
        ) from None
    symbol, code = compiled(f"{fold.name}_{key[:16]}", fold.loop, fold.step)
    head = json.dumps({"symbol": symbol, "sha256": sha256(code).hexdigest()})
    file = _file(key)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as out:
        out.write(head.encode() + b"\n" + code)
    os.replace(out.name, file)


def _read(key: str, fold: Fold) -> tuple[str, bytes]:
    """The symbol and object code in a cache file; one that is damaged is compiled anew."""
    for _ in range(2):
        head, _, code = _file(key).read_bytes().partition(b"\n")
        try:
            said = json.loads(head)
            if said["sha256"] == sha256(code).hexdigest():
                return str(said["symbol"]), code
        except (ValueError, KeyError):
            pass
        _store(key, fold)
    raise OSError(f"{_file(key)} cannot be kept whole; is the disk in order?")
