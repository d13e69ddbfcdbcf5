"""Where a component's code comes from: loading it afresh, and its hash.

Two books with the same strategy must not meet in a module's global variables, and a resumed session must not find what
an earlier one left there. So every entry of a session gets a module object of its own.
"""

import sys
from collections.abc import Iterable
from hashlib import sha256
from importlib.abc import InspectLoader
from importlib.util import module_from_spec, spec_from_loader
from itertools import count
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from papertape.contract import RequestError

_numbers = count(1)


class FileLoader(InspectLoader):
    """Loads a module from the bytes that a file held when it was read, so that code and hash cannot part."""

    def __init__(self, path: Path, source: bytes) -> None:
        self.path, self.source = path, source

    def get_source(self, fullname: str) -> str:
        return self.source.decode("utf-8", "replace")

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, str(self.path), "exec", dont_inherit=True)


def load_file(path: Path) -> ModuleType:
    """A new module object from a .py file, under a name of its own.

    Raises `RequestError` for a file that cannot be read, does not parse, or fails while it is loaded.
    """
    try:
        loader = FileLoader(path, path.read_bytes())
    except OSError as error:
        raise RequestError(f"strategy file {path} cannot be read: {error.strerror}") from error
    spec = spec_from_loader(f"papertape_file_{next(_numbers)}_{path.stem}", loader, origin=str(path))
    assert spec is not None, "a loader was given"
    spec.has_location = True
    module = module_from_spec(spec)
    sys.modules[module.__name__] = module  # where dataclasses and typing look a class's module up
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        line = "" if error.lineno is None else f", line {error.lineno}"
        raise RequestError(f"strategy file {path}{line}: {error.msg}; python cannot read it") from error
    except (Exception, SystemExit) as error:
        where = _last_line_in(str(path), error)
        raise RequestError(
            f"strategy file {path}{where} fails when it is loaded: {type(error).__name__}: {error}"
        ) from error
    return module


def afresh(module: ModuleType) -> ModuleType:
    """The module run again from its source as a new object; it does not replace the one that others have imported."""
    spec = module.__spec__
    if spec is None or spec.loader is None:
        return module
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


def class_afresh(cls: type[Any]) -> type[Any]:
    """The same class out of a fresh copy of its module; the class itself where its module does not hold it by name."""
    module = sys.modules.get(cls.__module__)
    if module is None or getattr(module, cls.__qualname__, None) is not cls:
        return cls
    fresh: type[Any] = getattr(afresh(module), cls.__qualname__)
    return fresh


def code_hash(modules: Iterable[ModuleType]) -> str | None:
    """`sha256:...` over the source files of the modules in the order given; a package counts with all its files.

    None where one of them has no file.
    """
    digest = sha256()
    for module in modules:
        contents = _contents(module)
        if not contents:
            return None
        for content in contents:
            digest.update(len(content).to_bytes(8, "big") + content)
    return f"sha256:{digest.hexdigest()}"


def _contents(module: ModuleType) -> list[bytes]:
    spec = module.__spec__
    if spec is not None and isinstance(spec.loader, FileLoader):
        return [spec.loader.source]
    if hasattr(module, "__path__"):
        folders = sorted(Path(folder) for folder in module.__path__)
        return [file.read_bytes() for folder in folders for file in sorted(folder.rglob("*.py"))]
    file = getattr(module, "__file__", None)
    return [Path(file).read_bytes()] if file else []


def _last_line_in(path: str, error: BaseException) -> str:
    """`, line N` of the innermost frame in the file."""
    line, at = None, error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename == path:
            line = at.tb_lineno
        at = at.tb_next
    return "" if line is None else f", line {line},"
