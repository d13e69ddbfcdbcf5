"""Versions to be judged: trained on the first part of simulated candles, published, and the candles as a file."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.papertape_ml.training import market

from papertape.contract.candle import Floats
from papertape_ml.data import from_candles
from papertape_ml.labels import parse
from papertape_ml.promotion.judgement import Terms
from papertape_ml.promotion.subject import Subject, subject_of
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.protocol import Registry, VersionRow
from papertape_ml.serving.verdicts import Verdicts
from papertape_ml.training.classifiers import train
from papertape_ml.training.trained import Trained, published

LABEL = "direction:1c,band=0,fee=0"
"""Trades are free: what the planted edge brings is not eaten up."""
LEARNED = 2_000
ALL = 3_400
EDGE = 0.3


@cache
def trained(seed: int = 7, edge: float = EDGE, kind: str = "classifier", label: str = LABEL) -> Trained:
    """A model of the first candles of a market with that edge (0: it has nothing to learn); the same object each
    time."""
    candles = {symbol: each[:, :LEARNED] for symbol, each in market.candles(edge, ALL).items()}
    wanted = market.wanted()
    return train(from_candles(candles, wanted, parse(label)), candles, wanted, market.config(kind, seed=seed))


def registry(folder: Path, *versions: Trained) -> Registry:
    """A registry with these versions of `signal`."""
    made = JsonRegistry.open(folder / "models", create=True)
    for number, each in enumerate(versions, 1):
        published(made, each, "signal", number)
    return made


def rows(found: Registry) -> list[VersionRow]:
    return found.versions("signal")


def subjects(found: Registry, folder: Path) -> list[Subject]:
    """All versions, ready to be asked."""
    return [subject_of(found, row, Verdicts(folder / "verdicts")) for row in rows(found)]


def terms(edge: float = EDGE, **changes: Any) -> Terms:
    """To be judged on the whole market."""
    return Terms(market.candles(edge, ALL), market.catalogue(), **changes)


def candle_file(folder: Path, candles: Floats | None = None) -> Path:
    """The candles of the market as a file whose name says what it holds."""
    held = market.candles(EDGE, ALL)["A"] if candles is None else candles
    names = ("ts", "open", "high", "low", "close", "volume")
    columns: dict[str, Any] = dict(zip(names, held, strict=True))
    file = folder / "sim_AAA-USDT_1m.parquet"
    pq.write_table(pa.table({**columns, "ts": columns["ts"].astype(np.int64)}), file)
    return file
