"""papertape's own feature families: one file each, in a folder for each category."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

from papertape.contract.feature import FeatureFamily


def own_families() -> Iterator[FeatureFamily]:
    """Every family of this package: the FAMILY of each module that has one, by name of category and module."""
    for module in _modules():
        if hasattr(module, "FAMILY"):
            yield module.FAMILY


@cache
def _modules() -> tuple[ModuleType, ...]:
    """The modules of this package; which there are does not change while a program runs."""
    return tuple(import_module(found.name) for found in walk_packages(__path__, f"{__name__}."))
