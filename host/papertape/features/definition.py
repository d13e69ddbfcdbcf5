"""What a kernel means: its syntax tree and that of all that it calls, whatever file, comments or machine."""

import ast
import builtins
import inspect
import textwrap
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from types import ModuleType
from typing import Any

from papertape.contract.errors import PluginError
from papertape.contract.feature import Kernel

_SAID = {"annotation", "returns", "decorator_list", "type_comment", "ctx", "kind", "type_params"}


@cache
def definition_hash(kernel: Kernel) -> str:
    """SHA-256 (hex) over the kernel's syntax tree, those of the kernels that it calls, and its constants."""
    return _hashed(f"{part.__name__}={_tree(part)} {_constants(part)}" for part in _family(kernel))


@cache
def code_hash(kernel: Kernel) -> str:
    """The same over the bytecode: quickly had, and of this version of Python alone."""
    codes = ((part, part.function.__code__) for part in _family(kernel))
    return _hashed(
        f"{part.__name__}={code.co_code.hex()} {code.co_consts!r} {code.co_names} {code.co_varnames} {_constants(part)}"
        for part, code in codes
    )


@cache
def called(kernel: Kernel) -> dict[str, Any]:
    """The globals that a kernel uses, by the name it has for them: kernels, numbers, NaN and `math`."""
    function = kernel.function
    known = function.__globals__
    if function.__closure__:
        raise PluginError(f"kernel {kernel.__name__} is made inside a function; move it to the module's level")
    names = (name for name in function.__code__.co_names if not hasattr(builtins, name))
    found = {name: known[name] for name in names if name in known}
    for name, value in found.items():
        fine = isinstance(value, (Kernel, int, float)) or (isinstance(value, ModuleType) and value.__name__ == "math")
        if not fine:
            raise PluginError(
                f"kernel {kernel.__name__} uses {name}, {type(value).__name__}: it may use kernels, numbers and math"
            )
    return found


def _family(kernel: Kernel) -> list[Kernel]:
    """The kernel and all that it calls, by name. Raises `PluginError` where two of them have one name."""
    found: dict[str, Kernel] = {}
    waiting = [kernel]
    while waiting:
        one = waiting.pop()
        if found.setdefault(one.__name__, one) is not one:
            raise PluginError(f"kernel {kernel.__name__} calls two kernels named {one.__name__}; rename one of them")
        calls = [value for value in called(one).values() if isinstance(value, Kernel)]
        waiting += [value for value in calls if found.get(value.__name__) is not value]
    return [found[name] for name in sorted(found)]


def _hashed(parts: Iterable[str]) -> str:
    text = sha256()
    for part in parts:
        text.update(f"{part}\n".encode())
    return text.hexdigest()


def _constants(kernel: Kernel) -> list[tuple[str, str]]:
    uses = called(kernel).items()
    return sorted((name, float(value).hex()) for name, value in uses if isinstance(value, (int, float)))


@cache
def _tree(kernel: Kernel) -> str:
    return _plain(ast.parse(textwrap.dedent(inspect.getsource(kernel.function))).body[0])


def _plain(node: object) -> str:
    """A syntax tree as text that no version of Python writes in another way: fields that are empty are left out."""
    if isinstance(node, list):
        return "[" + " ".join(map(_plain, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, value) for name, value in ast.iter_fields(node) if name not in _SAID and value not in (None, [])]
    if isinstance(node, ast.FunctionDef):
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            fields = [(name, value[1:] if name == "body" else value) for name, value in fields]
    if isinstance(node, ast.Constant):
        return f"Constant({node.value!r})"
    return type(node).__name__ + "(" + " ".join(f"{name}={_plain(value)}" for name, value in fields) + ")"
