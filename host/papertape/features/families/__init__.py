"""papertape's own feature families: one file each, in a folder for each category."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from papertape.contract.feature import FeatureFamily


def own_families() -> Iterator[FeatureFamily]:
    """Every family of this package: the FAMILY (or FAMILIES) of each module, by name of category and module."""
    for found in walk_packages(__path__, f"{__name__}."):
        module = import_module(found.name)
        if hasattr(module, "FAMILY"):
            yield module.FAMILY
