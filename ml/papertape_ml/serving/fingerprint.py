"""What the bits of predictions depend on besides the models."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

LIBRARIES: Final = (
    "numpy",
    "numba",
    "llvmlite",
    "xgboost",
    "xgboost-cpu",
    "lightgbm",
    "catboost",
    "torch",
    "safetensors",
)
THREADS: Final = 1
"""Of every prediction: a model splits no sum between threads."""


def fingerprint() -> dict[str, object]:
    """The processor, its features that compilers use, libraries, and threads: JSON values, equal where bits must be."""
    return {
        "machine": platform.machine(),
        "processor": _processor(),
        "python": platform.python_version(),
        "libraries": libraries(),
        "threads": THREADS,
    }


@cache
def libraries() -> dict[str, str]:
    """The installed libraries that take part in a prediction, with their versions; none of them is imported."""
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


@cache
def _processor() -> str:
    """Name and features of the processor as the compiler sees them; its name alone where the compiler is absent."""
    try:
        import llvmlite.binding as llvm
    except ImportError:
        return platform.processor()
    features = llvm.get_host_cpu_features()
    return f"{llvm.get_host_cpu_name()} {','.join(sorted(name for name, has in features.items() if has))}"
