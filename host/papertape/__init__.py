"""papertape: paper-trade live, recorded and simulated markets. All that a plugin author imports is here.

Names are loaded on first use, so that `import papertape` costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from papertape.contract import *  # noqa: F403  # the public names, for type checkers and editors

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    import papertape.contract as contract  # `from papertape import` would ask this function again

    if name == "__all__":
        return contract.__all__
    if name in contract.__all__:
        return getattr(contract, name)
    raise AttributeError(f"module 'papertape' has no attribute {name!r}")


def __dir__() -> list[str]:
    import papertape.contract as contract

    return sorted([*contract.__all__, "__version__"])
