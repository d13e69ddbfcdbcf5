"""Compiles folds with numba, to object code that needs but the C library. The only module that imports numba."""

import os
import sys
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

# Another library's logarithm in some runs and not in others would change bits.
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from papertape.contract.errors import PluginError, RequestError
from papertape.contract.feature import Columns, Kernel
from papertape.features import driver
from papertape.features.definition import called

# No reference counts: kernels own no memory. Division by zero gives an infinity or NaN, as it does in arrays.
_OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
_SIGNATURE = (types.intp,)
_DEPTH = 10_000


def compiled(name: str, fold: Callable[[int], None], step: Kernel | None) -> tuple[str, bytes]:
    """The symbol and the object code of a fold around `step`."""
    if getattr(numba.config, "USING_SVML", False):
        raise RequestError(
            "numba uses Intel's vector mathematics here: set NUMBA_DISABLE_INTEL_SVML=1 before the start"
        )
    made = {**_driver(), **({} if step is None else {"step": _njit(step)})}
    function = FunctionType(fold.__code__, {**vars(driver), **made}, name)
    function.__qualname__ = name
    dispatcher = numba.njit(**_OPTIONS)(function)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEPTH))  # long steps nest deeply in numba's analysis
    try:
        dispatcher.compile(_SIGNATURE)
    except numba.core.errors.NumbaError as error:
        where = "" if step is None else f" of {step.__module__}"
        raise PluginError(f"kernel {name if step is None else step.__name__}{where}: {_reason(error)}") from error
    finally:
        sys.setrecursionlimit(limit)
    result = dispatcher.overloads[_SIGNATURE]
    library = result.library
    return result.fndesc.mangled_name, library.codegen._tm.emit_object(library._final_module)


def _reason(error: Exception) -> str:
    """What the compiler has against a kernel, and where, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    why = next((line for line in lines if not line.startswith(("Failed in", "During"))), "for no reason that it gives")
    at = next((line.rstrip(":") for line in lines if line.startswith('File "') and "driver.py" not in line), "")
    return f"the compiler refuses it: {why} {at}".strip()


@cache
def _njit(kernel: Kernel) -> Any:
    function = kernel.function
    made = {name: _njit(value) if isinstance(value, Kernel) else value for name, value in called(kernel).items()}
    own = FunctionType(
        function.__code__,
        {**function.__globals__, **made},
        function.__name__,
        function.__closure__,
    )
    return numba.njit(**_OPTIONS)(own)


@cache
def _driver() -> dict[str, Any]:
    parts: dict[str, Any] = {"floats": _pointer(types.float64), "ints": _pointer(types.int64), "call": _call}
    for function in (driver.columns, driver.settle):
        own = FunctionType(function.__code__, {**vars(driver), **parts, "Columns": Columns}, function.__name__)
        parts[function.__name__] = numba.njit(**_OPTIONS)(own)
    return parts


def _pointer(kind: Any) -> Any:
    @intrinsic
    def pointer(context: Any, address: Any) -> Any:
        """The array that begins at an address."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        return types.CPointer(kind)(types.intp), generate  # type: ignore[no-untyped-call]

    return pointer


@intrinsic
def _call(context: Any, function: Any, frame: Any) -> Any:
    """Calls a compiled fold by its address, as numba's own convention has it: result, exception, argument."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.IntType(32), [pointer.as_pointer(), pointer.as_pointer(), ir.IntType(64)])
        target = builder.inttoptr(arguments[0], kind.as_pointer())
        result = builder.alloca(pointer)
        builder.call(target, [result, ir.Constant(pointer.as_pointer(), None), arguments[1]])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), generate
