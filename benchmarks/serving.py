"""Serving equals training, to the bit, for every kind of model that there is.

One model of each kind is trained in small by the commands that users give, on candles of the simulated market. Then all
of those that read features are asked in sessions: one that runs as a live one does (each batch stepped, and committed,
by itself) and a replay of the same candles at full pace (which computes ahead in large batches). Each prediction in
their ledgers must have the bits of the very call that training makes: the features of the whole history in one table,
all rows in one call. The rest are asked rows of their own.

Every version is also loaded in two other processes, which ask it all rows at once, row by row, and from the last row to
the first: the SHA-256 of the answers must be the same everywhere.

    python benchmarks/serving.py            # all kinds; some minutes, most of it training
    python benchmarks/serving.py --quick    # trees alone, fewer candles
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from table import table

from papertape.engine.discovery import load_plugins
from papertape.features.feature_set import FeatureSet
from papertape.feeds.sim import SimFeed
from papertape.feeds.sources import Source
from papertape.ledger.records import PredictionRow
from papertape.ledger.series import unpack_series
from papertape.ledger.store import Ledger
from papertape_ml.data.build import NOTHING, computed, read_candles
from papertape_ml.models.contract import Model, ModelContract
from papertape_ml.models.sizer import WIDTHS, SizerModel
from papertape_ml.models.stacking import OUTPUTS, StackingModel, inputs_of
from papertape_ml.models.vector_scaling import VectorScaling
from papertape_ml.registry.opening import open_registry
from papertape_ml.serving import Served
from papertape_ml.training.trained import Trained, published
from papertape_plugins.store import RegistryStore

SYMBOLS = ("BTC/USDT", "ETH/USDT")
TREES = {
    "classifier": ("classifier",),
    "lightgbm": ("classifier", "--backend", "lightgbm"),
    "seed": ("classifier", "--preset", "seed"),
    "gate": ("gate",),
    "direction": ("direction",),
    "gated": ("gated",),
    "tpsl": ("tpsl", "--label", "tp-before-sl:0.1,0.1,1"),
    "range": ("range", "--label", "range:6,18"),
}
"""By the name that a model gets: what `papertape train` is told."""
OTHERS = {
    "lstm": ("predictor", "--arch", "lstm", "--epochs", "1", "--folds", "1", "--label", "direction:6c,18c"),
    "tft": ("predictor", "--arch", "tft", "--epochs", "1", "--folds", "1", "--label", "direction:6c,18c"),
}
FED = ("sizer", "stacking")
"""Kinds whose inputs a component brings. Theirs are weights drawn at random: how well they do is no matter here."""
ASKER = '''
from papertape import Param, Strategy


class Asker(Strategy):
    """Asks its models at every close, and says nothing."""

    names = Param("", help="references, with + between them")
    keeps = ()

    def models(self):
        return self.names.split("+")

    def on_model(self, model):
        self.asked = [*getattr(self, "asked", ()), model]

    def lookback(self):
        return 1

    def on_snapshot(self, snapshot):
        for model in self.asked:
            model.predict(snapshot)
        return ()
'''


class Failed(Exception):
    """What should not have happened."""


def papertape(*words: str, expect: int = 0) -> str:
    """What a command prints on stdout."""
    command = [sys.executable, "-c", "from papertape.cli import cli; cli()", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != expect:
        raise Failed(f"papertape {' '.join(words)}: exit code {done.returncode}\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def write_candles(folder: Path, count: int) -> None:
    """The simulated market's candles as files, two symbols of `count` each."""
    names = ("ts", "open", "high", "low", "close", "volume")
    feed = SimFeed(symbols=list(SYMBOLS), batches=count)
    kept: list[list[Any]] = [[] for _ in SYMBOLS]
    for block in feed.blocks():
        for rows in block.rows:
            for rows_of, row in zip(kept, rows, strict=True):
                if row is not None:
                    rows_of.append(row[:6])
    for symbol, rows_of in zip(SYMBOLS, kept, strict=True):
        columns = dict(zip(names, map(list, zip(*rows_of, strict=True)), strict=True))
        pq.write_table(pa.table(columns), folder / f"sim_{symbol.replace('/', '-')}_1m.parquet")


@dataclass
class Sessions:
    """The ledger and what ran in it."""

    url: str
    folder: Path
    names: Sequence[str]

    def run(self, *options: str) -> str:
        references = "+".join(f"{name}@1" for name in self.names)
        said = papertape("run", "--strategy", f"{self.folder}/asker.py:names={references}", *options, "--json")
        return str(json.loads(said)["session"])

    def live(self, bars: int) -> str:
        """Stepped and committed batch by batch."""
        return self.run("--feed", "sim", *_symbols(), "--bars", str(bars), "--pace", "1000000x")

    def replayed(self) -> str:
        return self.run("--feed", "replay", "--source", str(self.folder / "candles"), *_symbols())

    def rows(self, session: str) -> dict[tuple[str, str, str, int], bytes]:
        """What was said, packed, by model, claim, symbol and close."""
        with Ledger.open(self.url) as ledger:
            return {(row.name, row.claim, row.symbol, row.at): row.said for row in ledger.rows(session, PredictionRow)}


def _symbols() -> Iterator[str]:
    for symbol in SYMBOLS:
        yield from ("--symbol", symbol)


def from_table(model: Served, files: Path) -> dict[tuple[str, str, str, int], bytes]:
    """What training's own way gives: features of the whole history in one table, all rows in one call."""
    sources = [(Source(files / f"sim_{symbol.replace('/', '-')}_1m.parquet", symbol, "1m"),) for symbol in SYMBOLS]
    candles = read_candles(sources)
    wanted = FeatureSet(load_plugins().catalogue().select(model.features), "1m", SYMBOLS)
    if wanted.hash != model.feature_set_hash:
        raise Failed(f"{model.pin}: the feature set is another one here")
    said: dict[tuple[str, str, str, int], bytes] = {}
    for slot, symbol in enumerate(SYMBOLS):
        parts = [values for _, _, values in computed(candles, wanted, NOTHING, [slot])]
        rows = np.concatenate(parts)
        places = np.arange(model.window - 1, len(rows))
        if model.window > 1:
            rows = rows[places[:, None] + np.arange(1 - model.window, 1)]
        answers = model.predict(np.ascontiguousarray(rows))
        closes = candles[symbol][0].astype(np.int64)[places] + 60_000
        for claim in model.claims:
            columns = [model.outputs.index(name) for name in claim.outputs]
            for at, answer in zip(closes.tolist(), answers, strict=True):
                if not np.isnan(answer).any():
                    said[model.pin.name, claim.name, symbol, at] = answer[columns].tobytes()
    return said


def apart(one: dict[tuple[str, str, str, int], bytes], other: dict[tuple[str, str, str, int], bytes]) -> str:
    """How many differ, in words; of those that both have, and how many only one has."""
    differing = [key for key in one.keys() & other.keys() if one[key] != other[key]]
    alone = len(one.keys() ^ other.keys())
    if not differing and not alone:
        return "equal"
    worst = max((np.abs(unpack_series(one[key]) - unpack_series(other[key])).max() for key in differing), default=0.0)
    return f"{len(differing)} differ (by {worst:.1e}), {alone} in one alone"


def drawn(kind: str) -> Model:
    """A position sizer, or a stacking model, with weights drawn at random."""
    chance = np.random.default_rng(5)
    if kind == "stacking":
        weights = tuple(tuple(row) for row in chance.normal(0, 1, (3, 6)).tolist())
        identity = VectorScaling((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        contract = ModelContract(inputs_of(["one", "two", "three"]), OUTPUTS)
        return StackingModel(contract, weights, (0.1, 0.0, -0.1), identity)
    layers = tuple(
        (chance.normal(0, 0.4, (after, before)).astype(np.float32), chance.normal(0, 0.1, after).astype(np.float32))
        for before, after in pairwise(WIDTHS)
    )
    return SizerModel((0.0,) * WIDTHS[0], (1.0,) * WIDTHS[0], layers)


def publish(url: str, model: Model) -> None:
    """The model as the first version of the name of its kind."""
    made = Trained(
        model=model,
        rows=np.random.default_rng(3).normal(size=(64, len(model.contract.inputs))),
        feature_set={"hash": "sha256:" + "0" * 64, "names": [], "timeframe": "1m"},
        label={},
        training={"hash": "sha256:" + "0" * 64, "span": None, "rows": 64},
        config={},
        metrics={},
        baseline={},
        seeds={},
        statistics={},
        test_span=None,
    )
    with open_registry(None, url, create=True) as registry:
        published(registry, made, model.kind, 1)


def asked_rows(model: Served, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Rows near those of its golden rows' kind: seeded, a few of them with a NaN."""
    chance = np.random.default_rng(11)
    shape = (count, len(model.inputs)) if model.window == 1 else (count, model.window, len(model.inputs))
    rows = chance.normal(0.0, 1.0, shape)
    rows[chance.random(shape) < 0.0005] = np.nan
    return rows


def hashes(url: str, name: str, count: int) -> dict[str, str]:
    """SHA-256 of its answers: to all rows at once, one by one, in pieces, and from the last to the first."""
    store = RegistryStore()
    store.open(url)
    model = store.load(store.pin(f"{name}@1"))
    store.close()
    assert isinstance(model, Served)
    rows = asked_rows(model, count)
    few = min(count, 60)
    ways = {
        "all": model.predict(rows),
        "alone": np.concatenate([*(model.predict(row[None]) for row in rows[:few]), model.predict(rows[few:])]),
        "pieces": np.concatenate([model.predict(piece) for piece in np.array_split(rows, 7)]),
        "backwards": model.predict(rows[::-1].copy())[::-1],
    }
    return {way: hashlib.sha256(np.ascontiguousarray(said).tobytes()).hexdigest() for way, said in ways.items()}


def elsewhere(url: str, name: str, count: int, threads: int) -> dict[str, str]:
    """`hashes` of another process, which is allowed so many threads."""
    command = [sys.executable, __file__, "--hashes", url, name, str(count)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise Failed(done.stderr[-2000:])
    found: dict[str, str] = json.loads(done.stdout)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--candles", type=int, default=5_000, help="of each symbol")
    options.add_argument("--quick", action="store_true", help="trees alone, on 2,500 candles")
    options.add_argument("--only", default="", help="kinds, with commas between them")
    options.add_argument("--hashes", nargs=3, metavar=("URL", "NAME", "ROWS"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.hashes:
        url, name, rows = given.hashes
        print(json.dumps(hashes(url, name, int(rows))))
        return
    names = [*TREES, *FED] if given.quick else [*TREES, *OTHERS, *FED]
    if given.only:
        names = given.only.split(",")
    with tempfile.TemporaryDirectory() as home:
        os.environ["PAPERTAPE_HOME"] = home
        sys.exit(measured(Path(home), 2_500 if given.quick else given.candles, names))


def measured(folder: Path, count: int, names: Sequence[str]) -> int:
    url = f"sqlite:///{folder}/ledger.db"
    (folder / "candles").mkdir()
    (folder / "asker.py").write_text(ASKER)
    write_candles(folder / "candles", count)
    for name in names:
        began = time.monotonic()
        if name in FED:
            publish(url, drawn(name))
        else:
            folds = ("--folds", "2") if name in TREES else ()
            words = {**TREES, **OTHERS}[name]
            papertape("train", *words, *folds, "--source", str(folder / "candles"), "--name", name, "-q")
        print(f"{name} made in {time.monotonic() - began:.0f} s", file=sys.stderr)

    store = RegistryStore()
    store.open(url)
    models = {name: store.load(store.pin(f"{name}@1")) for name in names}
    store.close()
    fed = [name for name, model in models.items() if model.features]
    sessions = Sessions(url, folder, fed)
    live, replay = sessions.rows(sessions.live(count)), sessions.rows(sessions.replayed())
    rows, bad = [], False
    for name, model in models.items():
        assert isinstance(model, Served)
        cells = ["-", "-", "-"]
        if name in fed:
            mine, again = ({key: said for key, said in each.items() if key[0] == name} for each in (live, replay))
            cells = [f"{len(mine):,}", apart(mine, again), apart(mine, from_table(model, folder / "candles"))]
            bad |= not mine or cells[1:] != ["equal", "equal"]
        ways = [hashes(url, name, 500), elsewhere(url, name, 500, 1), elsewhere(url, name, 500, 2)]
        same = len({each for found in ways for each in found.values()}) == 1
        bad |= not same
        rows.append([name, model.kind, *cells, "equal" if same else json.dumps(ways)])
    print(
        table(["model", "kind", "predictions", "live = replay", "live = table", "processes, rows alone, threads"], rows)
    )
    print("\nserving equals training" if not bad else "\nSERVING DIFFERS")
    return int(bad)


if __name__ == "__main__":
    main()
