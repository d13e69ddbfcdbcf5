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
    text = sha256()
    for name, part in sorted(_parts(kernel).items()):
        text.update(f"{name}={part}\n".encode())
    return text.hexdigest()


def called(kernel: Kernel) -> dict[str, Any]:
    """The globals that a kernel uses, by the name it has for them: kernels, numbers, NaN and `math`."""
    function = kernel.function
    known = function.__globals__
    if function.__closure__:
        raise PluginError(f"kernel {kernel.__name__} is made inside a function; move it to the module's level")
    found = {name: known[name] for name in _names(function.__code__.co_names) if name in known}
    for name, value in found.items():
        fine = isinstance(value, (Kernel, int, float)) or (isinstance(value, ModuleType) and value.__name__ == "math")
        if not fine:
            raise PluginError(
                f"kernel {kernel.__name__} uses {name}, {type(value).__name__}: it may use kernels, numbers and math"
            )
    return found


def _names(names: Iterable[str]) -> list[str]:
    return [name for name in names if not hasattr(builtins, name)]


def _parts(kernel: Kernel) -> dict[str, str]:
    parts: dict[str, str] = {}
    waiting = [kernel]
    while waiting:
        one = waiting.pop()
        if one.__name__ in parts:
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(one.function))).body[0]
        uses = called(one)
        constants = {name: float(value).hex() for name, value in uses.items() if isinstance(value, (int, float))}
        parts[one.__name__] = f"{_plain(tree)} {sorted(constants.items())}"
        waiting += [value for value in uses.values() if isinstance(value, Kernel)]
    return parts


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
