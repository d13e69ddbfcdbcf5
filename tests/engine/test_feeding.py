"""Feeds as sessions have them: how far back they begin."""

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.engine.scripted import MINUTE, plugins_with, step_on, walk

from papertape import Snapshot, Strategy, Wish
from papertape.engine.build import build
from papertape.engine.config import read_config
from papertape.engine.feeding import make_feed
from papertape.engine.models import models_of
from papertape.ledger.store import Ledger

HOUR = 60 * MINUTE


@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_features_of_a_higher_timeframe_are_there_from_the_first_traded_batch_on(
    tmp_path: Path, sqlite_url: str, minute: int
) -> None:
    seen: list[tuple[int, int, float]] = []

    class Reader(Strategy):
        """Reads an hourly feature, and looks at hourly candles."""

        keeps = ()
        timeframes = ("1h",)

        def lookback(self) -> int:
            return 20

        def features(self) -> Iterable[str]:
            return ("bb_width_20_2@1h",)

        def on_snapshot(self, snapshot: Snapshot) -> list[Wish]:
            hours = len(snapshot.candles("A/USDT", "1h").close)
            seen.append((snapshot.now, hours, snapshot.features("A/USDT")["bb_width_20_2@1h"]))
            return []

    rows = np.array(walk(1, 30 * 60))
    columns = dict(zip(("open", "high", "low", "close"), rows.T, strict=True)) | {"volume": np.ones(len(rows))}
    file = tmp_path / "x_A-USDT_1m.parquet"
    pq.write_table(pa.table({"ts": MINUTE * np.arange(len(rows)), **columns}), file)
    start = 24 * HOUR + minute * MINUTE
    feed = {"kind": "replay", "sources": [str(file)], "start": start}
    config = read_config({"feed": feed, "strategies": ["reader"], "bars": 90})
    plugins = plugins_with([("strategy", "reader", Reader)])
    with Ledger.open(sqlite_url, create=True) as ledger:
        found = make_feed(config, plugins, ledger, models_of(config, plugins, ledger))
    built = build(config, plugins, found)
    built.session.start(built.contexts)
    step_on(built, found)
    traded = [(hours, value) for now, hours, value in seen if now > start]
    assert traded and all(hours == 20 and math.isfinite(value) for hours, value in traded)
