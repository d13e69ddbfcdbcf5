"""The compiled loops, loaded when a label is computed: numba is an optional part."""

from typing import Any

from papertape.contract.errors import MissingExtra


def loaded_kernels() -> Any:
    """The module of kernels. Raises `MissingExtra` where the compiler is not installed."""
    try:
        from papertape_ml.labels import kernels
    except ImportError:
        raise MissingExtra("the computation of labels", "features") from None
    return kernels
