"""Registries for the models screen: small models of a simulated market, made once, and candles that none has seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.papertape_ml.promotion import versions

from papertape_ml.registry.moves import Wish
from papertape_ml.registry.protocol import Registry
from papertape_ml.registry.sql_registry import SqlRegistry
from papertape_ml.training.trained import published


def candles(folder: Path) -> Path:
    """A file with the market's candles, those too that come after the training."""
    return versions.candle_file(folder)


def fill(registry: Registry) -> None:
    """`signal`: version 1, the champion, had nothing to learn; version 2 knows the edge."""
    published(registry, versions.trained(edge=0.0), "signal", 1)
    registry.move("signal", "champion", 1, Wish(2, "ann", "the first one"))
    published(registry, versions.trained(), "signal", 3)


@contextmanager
def in_ledger(url: str) -> Iterator[Registry]:
    """The registry in a ledger, which is made where there is none."""
    with SqlRegistry.open(url, create=True) as registry:
        yield registry
