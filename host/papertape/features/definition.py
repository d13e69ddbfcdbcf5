"""What a kernel means: its syntax tree and that of all that it calls, whatever file, comments or machine."""

import ast
import dis
import inspect
import textwrap
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from types import ModuleType
from typing import Any

from papertape.contract.errors import PluginError
from papertape.contract.feature import FeatureFamily, Kernel

_ASIDE = {"annotation", "returns", "decorator_list", "type_comment", "ctx", "kind", "type_params"}


@cache
def definition_hash(kernel: Kernel) -> str:
    """SHA-256 (hex) over the kernel's syntax tree, those of the kernels that it calls, and its constants."""
    return _hashed(f"{part.__name__}={_tree(part)} {_bound(part)}" for part in family_of(kernel))


@cache
def code_hash(kernel: Kernel) -> str:
    """The same over the bytecode: quickly had, and of this version of Python alone."""
    codes = ((part, part.function.__code__) for part in family_of(kernel))
    return _hashed(
        f"{part.__name__}={code.co_code.hex()} {code.co_consts!r} {code.co_names} {code.co_varnames} {_bound(part)}"
        for part, code in codes
    )


@cache
def called(kernel: Kernel) -> dict[str, Any]:
    """The globals that a kernel uses, by the name it has for them: kernels, numbers, NaN and `math`.

    Raises `PluginError` for anything else, and for what would hide a meaning: closures and default values.
    """
    function = kernel.function
    if function.__closure__:
        raise PluginError(f"kernel {kernel.__name__} is made inside a function; move it to the module's level")
    if function.__defaults__ or function.__kwdefaults__:
        raise PluginError(f"kernel {kernel.__name__} has default values; say them where it is called")
    loaded = {each.argval for each in dis.get_instructions(function) if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    found = {name: function.__globals__[name] for name in sorted(loaded) if name in function.__globals__}
    for name, value in found.items():
        fine = isinstance(value, (Kernel, int, float)) or (isinstance(value, ModuleType) and value.__name__ == "math")
        if not fine:
            raise PluginError(
                f"kernel {kernel.__name__} uses {name}, {type(value).__name__}: it may use kernels, numbers and math"
            )
    return found


@cache
def family_of(kernel: Kernel) -> tuple[Kernel, ...]:
    """The kernel and all that it calls, by name. Raises `PluginError` where two of them have one name, or one of them
    calls itself."""
    found: dict[str, Kernel] = {}

    def visit(one: Kernel, above: tuple[Kernel, ...]) -> None:
        if one in above:
            raise PluginError(f"kernel {one.__name__} calls itself; write it as a loop")
        if found.setdefault(one.__name__, one) is not one:
            raise PluginError(f"kernel {kernel.__name__} calls two kernels named {one.__name__}; rename one of them")
        for value in called(one).values():
            if isinstance(value, Kernel):
                visit(value, (*above, one))

    visit(kernel, ())
    return tuple(found[name] for name in sorted(found))


def check_step(family: FeatureFamily) -> None:
    """Raises `PluginError` for a step whose meaning cannot be told, before anybody asks for it."""
    if isinstance(family, FeatureFamily) and isinstance(family.step, Kernel):
        family_of(family.step)


def _hashed(parts: Iterable[str]) -> str:
    text = sha256()
    for part in parts:
        text.update(f"{part}\n".encode())
    return text.hexdigest()


def _bound(kernel: Kernel) -> list[tuple[str, str]]:
    """What each of its globals stands for: the name of a kernel, or a number with its kind."""
    return [(name, _said(value)) for name, value in called(kernel).items()]


def _said(value: object) -> str:
    if isinstance(value, float):
        return value.hex()
    return repr(value) if isinstance(value, int) else str(getattr(value, "__name__", value))


@cache
def _tree(kernel: Kernel) -> str:
    return _plain(ast.parse(textwrap.dedent(inspect.getsource(kernel.function))).body[0])


def _plain(node: object) -> str:
    """A syntax tree as text that no version of Python writes in another way: fields that are empty are left out."""
    if isinstance(node, list):
        return "[" + " ".join(map(_plain, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, value) for name, value in ast.iter_fields(node) if name not in _ASIDE and value not in (None, [])]
    if isinstance(node, ast.FunctionDef):
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            fields = [(name, value[1:] if name == "body" else value) for name, value in fields]
    if isinstance(node, ast.Constant):
        return f"Constant({node.value!r})"
    return type(node).__name__ + "(" + " ".join(f"{name}={_plain(value)}" for name, value in fields) + ")"
