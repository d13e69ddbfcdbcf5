"""Datasets hold the very features of tables and sessions, labels beside them, and say what they are by a hash."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.papertape_ml.data.markets import MINUTE, NAMES, START, files, find, market, wanted

from papertape.contract.errors import ConfigError, RequestError
from papertape.features.stretches import Request
from papertape.features.tables import build
from papertape_ml.data import Dataset, from_candles, from_table, read_candles, table_set
from papertape_ml.labels import label, parse, uniqueness

pytest.importorskip("numba")

SPEC = parse("triple-barrier:0.5,0.8,30m")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return from_candles(market(), wanted(), SPEC)


def same(one: Dataset, other: Dataset) -> bool:
    return one.hash == other.hash and one.dropped == other.dropped and one.missing == other.missing


@pytest.mark.parametrize("names", [NAMES, (*NAMES, "correlation_REF_20")], ids=["by symbol", "panel"])
def test_its_features_are_those_of_the_table(names: tuple[str, ...], tmp_path: Path) -> None:
    candles = market()
    sources = files(candles, tmp_path)
    chosen = wanted(names)
    build(Request(sources, names, "1m"), find, tmp_path / "table.parquet")
    mine = from_candles(candles, chosen, SPEC)
    table = pq.read_table(tmp_path / "table.parquet").to_pylist()
    by_row = {(row["symbol"], row["ts"]): [row[name] for name in names] for row in table}
    theirs = np.array([by_row[mine.symbols[s], ts] for s, ts in zip(mine.symbol, mine.ts.tolist(), strict=True)])
    assert mine.features.tobytes() == theirs.tobytes()
    assert same(mine, from_table(tmp_path / "table.parquet", sources, chosen, SPEC))
    assert same(mine, from_candles(read_candles(sources), chosen, SPEC))
    assert table_set(tmp_path / "table.parquet")["hash"] == mine.feature_set_hash == chosen.hash


def test_its_labels_are_those_of_each_symbol(dataset: Dataset) -> None:
    for slot, candles in enumerate(market().values()):
        labels = label(candles, "1m", SPEC)
        mine = dataset.take(np.flatnonzero(dataset.symbol == slot))
        for name in ("ts", "t0", "t1", "y", "profit"):
            assert getattr(mine, name).tolist() == getattr(labels, name).tolist()
        assert mine.weight / mine.weight.sum() == pytest.approx(
            uniqueness(labels.t0, labels.t1) / uniqueness(labels.t0, labels.t1).sum()
        )
    assert dataset.weight.mean() == pytest.approx(1.0)


def test_rows_stand_in_time_order_and_cannot_be_written_to(dataset: Dataset) -> None:
    assert (np.diff(dataset.t0) >= 0).all()
    together = np.flatnonzero(np.diff(dataset.t0) == 0)
    assert len(together) > 100 and (dataset.symbol[together] < dataset.symbol[together + 1]).all()
    with pytest.raises(ValueError, match="read-only"):
        dataset.features[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        dataset.take(np.arange(3)).y[0] = 1


def test_rows_without_a_value_are_kept_or_dropped(dataset: Dataset) -> None:
    dense = from_candles(market(), wanted(), SPEC, "drop")
    assert dataset.missing > 0 and dense.missing == 0
    assert dense.dropped["a feature without a value"] == dataset.missing == len(dataset) - len(dense)
    assert dense.weight.mean() == pytest.approx(1.0)
    candles = sum(one.shape[1] for one in market().values())
    for each in (dataset, dense):
        assert len(each) + sum(each.dropped.values()) == candles


def test_embargo_is_as_long_as_the_longest_memory(dataset: Dataset) -> None:
    assert dataset.horizon == 30 * MINUTE
    assert dataset.warmup > dataset.horizon and dataset.embargo == dataset.warmup
    assert dataset.span == (int(dataset.t0[0]), int(dataset.t1.max()))


def test_the_hash_follows_whatever_training_depends_on(dataset: Dataset) -> None:
    assert dataset.hash == from_candles(market(), wanted(), SPEC).hash
    other_nan = dataset.features.copy()
    other_nan[np.isnan(other_nan)] = -np.nan
    assert replace(dataset, features=other_nan).hash == dataset.hash
    changed = dataset.features.copy()
    changed[7, 1] = np.nextafter(changed[7, 1], 1.0) if changed[7, 1] == changed[7, 1] else 0.0
    flipped = dataset.y.copy()
    flipped[3] = (flipped[3] + 1) % 3
    others = [
        replace(dataset, features=changed),
        replace(dataset, y=flipped),
        replace(dataset, weight=dataset.weight * 2),
        replace(dataset, names=("a", "b", "c", "d")),
        replace(dataset, label=parse("triple-barrier:0.5,0.8,31m")),
        replace(dataset, symbols=("A", "C")),
        dataset.take(np.arange(1, len(dataset))),
        from_candles(market(2), wanted(), SPEC),
        from_candles(market(), wanted(NAMES[:-1]), SPEC),
    ]
    hashes = {dataset.hash, *(other.hash for other in others)}
    assert len(hashes) == len(others) + 1


def test_the_hash_is_the_same_on_every_machine(dataset: Dataset) -> None:
    two = np.array([1, 2])
    fixed = replace(
        dataset, ts=two, t0=two, t1=two, y=two, features=np.array([[1.0, -0.0], [np.nan, 0.1]]), names=("a", "b"),
        profit=None, symbol=np.array([0, 1]), weight=np.array([0.5, 1.5]), feature_set={"hash": "sha256:0"},
    )  # fmt: skip
    assert fixed.hash == "sha256:05ee6122b39a5665368f65f75f60eac94da66d9ef0f5c84d49f8c4de961266f3"


def test_a_table_of_other_features_or_files_is_refused(tmp_path: Path) -> None:
    candles = market(count=300)
    sources = files(candles, tmp_path)
    path = tmp_path / "table.parquet"
    build(Request(sources, NAMES, "1m"), find, path)
    with pytest.raises(RequestError, match="build the table again"):
        from_table(path, sources, wanted((*NAMES[:3], "rsi_3@3m")), SPEC)
    with pytest.raises(RequestError, match="under other names"):
        from_table(path, sources, wanted(("rsi_5", "bb_width_20_2", *NAMES[2:])), SPEC)
    (tmp_path / "other").mkdir()
    with pytest.raises(RequestError, match="was not built from"):
        from_table(path, files(market(9, 300), tmp_path / "other"), wanted(), SPEC)
    with pytest.raises(RequestError, match="is no feature table"):
        from_table(sources[0][0].path, sources, wanted(), SPEC)
    with pytest.raises(RequestError, match="is no feature table"):
        from_table(tmp_path / "none.parquet", sources, wanted(), SPEC)


def test_a_table_of_fewer_rows_drops_and_counts_the_others(tmp_path: Path) -> None:
    candles = market(count=400)
    sources = files(candles, tmp_path)
    build(Request(sources, NAMES, "1m", start=START + 200 * MINUTE), find, tmp_path / "table.parquet")
    part = from_table(tmp_path / "table.parquet", sources, wanted(), SPEC)
    whole = from_candles(candles, wanted(), SPEC)
    assert part.ts.min() >= START + 200 * MINUTE
    assert part.dropped["not in the feature table"] == len(whole) - len(part) > 100


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs the candles"):
        from_candles({}, wanted(), SPEC)
    with pytest.raises(RequestError, match="no candle has a label 'triple-barrier:.*beyond the data"):
        from_candles(market(count=30), wanted(), SPEC)
    with pytest.raises(RequestError, match="longest warm-up is"):
        from_candles(market(count=90), wanted(("rsi_5@3m",)), SPEC, "drop")
    with pytest.raises(ConfigError, match="look at the symbols A, B; the candles are those of A"):
        from_candles({"A": market()["A"]}, wanted(("correlation_REF_20",)), SPEC)
