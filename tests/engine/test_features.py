"""Sessions whose strategies read features: the same numbers as history gives, whatever happens to the session."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from tests.engine.hosted import Kept, checkpoints, kept, of_files, run, verified
from tests.engine.live import Host, Killed, recording
from tests.engine.scripted import Market, Rows, started, step_on, walk

from papertape import (
    Columns,
    ConfigError,
    FeatureFamily,
    FeatureOutput,
    Features,
    RequestError,
    Snapshot,
    Strategy,
    Wish,
    kernel,
)
from papertape.contract.candle import Floats, Row
from papertape.engine import codec
from papertape.engine.build import Built
from papertape.engine.registered import Kind
from papertape.features.batches import merged
from papertape.features.catalogue import Catalogue
from papertape.features.families import own_families
from papertape.features.plan import plan
from papertape.features.stream import Stream
from papertape.ledger.store import Ledger

ASKED = ("rsi_14", "bb_width", "price_vs_ema_9")
MINUTE = 60_000


def played(
    market: Market, asks: tuple[str, ...] = ASKED, parts: Iterable[tuple[Kind, str, object]] = ()
) -> tuple[Built, Floats]:
    """A session over a market, and the features (batches, symbols, names) that its strategy saw."""
    seen: list[list[Features]] = []

    class Reader(Strategy):
        """Keeps what its snapshots hold."""

        keeps = ()

        def lookback(self) -> int:
            return 1

        def features(self) -> Iterable[str]:
            return asks

        def on_snapshot(self, snapshot: Snapshot) -> list[Wish]:
            seen.append([snapshot.features(symbol) for symbol in snapshot.symbols])
            return []

    feed = Rows(market)
    built = step_on(started(feed, {"reader": Reader}, parts), feed)
    return built, np.array([[features.values for features in row] for row in seen])


def columns(rows: Iterable[Row | None]) -> Floats:
    return np.array([row[:6] for row in rows if row is not None], np.float64).T.copy()


def history(market: Market, names: tuple[str, ...]) -> Floats:
    """What the compiled loop gives of the same candles."""
    feed = Rows(market)
    candles = [columns(rows) for rows in zip(*feed.batches, strict=True)]
    layout = plan(Catalogue(own_families()).select(names), list(market))
    _, fresh = merged(candles)
    return Stream(layout, MINUTE).run(candles, fresh)[:, :, list(layout.columns)]


def test_a_snapshot_holds_what_history_gives_bit_for_bit() -> None:
    market = {"A/USDT": walk(1, 700), "B/USDT": walk(2, 700, holes=0.1)}
    _, seen = played(market)
    assert seen.tobytes() == history(market, ASKED).tobytes()
    assert np.isfinite(seen[-1, 0]).all()


def test_what_warms_up_or_has_no_candle_is_masked_and_never_zero() -> None:
    market = {"A/USDT": walk(1, 60), "B/USDT": [*walk(2, 59), None]}
    _, seen = played(market, ("bb_width", "rsi_14"))
    assert np.isnan(seen[:19, 0, 0]).all() and seen[19, 0, 0] > 0
    assert np.isnan(seen[:, 0, 1]).all(), "RSI needs longer"
    assert np.isnan(seen[-1, 1]).all(), "nothing is carried forward"


def test_values_can_be_asked_by_name_and_cannot_be_written() -> None:
    features = Features({"a": 0, "b": 1}, np.array([1.5, np.nan]).tobytes())
    assert (features["a"], features.names, len(features)) == (1.5, ("a", "b"), 2)
    assert features.mask.tolist() == [False, True]
    with pytest.raises(ConfigError, match="feature 'c' was not asked for by the strategy .* it asked for a, b"):
        features["c"]
    with pytest.raises(ValueError):
        features.values[0] = 2.0


def test_higher_timeframes_are_those_of_the_newest_closed_candle() -> None:
    market = {"A/USDT": walk(3, 200)}
    _, seen = played(market, ("bb_width_5_2@5m", "bb_width_5_2"))
    base = columns(row for (row,) in Rows(market).batches)
    five = np.array([
        base[0, ::5], base[1, ::5], base[2].reshape(-1, 5).max(1), base[3].reshape(-1, 5).min(1), base[4, 4::5],
        base[5].reshape(-1, 5).sum(1),
    ])  # fmt: skip
    layout = plan(Catalogue(own_families()).select(["bb_width_5_2"]), ["A/USDT"])
    higher = Stream(layout, 5 * MINUTE).run([five])[:, 0, list(layout.columns)]
    assert seen[4::5, 0, 0].tobytes() == higher[:, 0].tobytes(), "at its close"
    assert np.array_equal(seen[5::5, 0, 0], higher[:-1, 0], equal_nan=True), "and until the next one closes"


def test_an_alias_and_another_strategy_cost_no_second_computation() -> None:
    built, _ = played({"A/USDT": walk(1, 30)}, ("bb_width", "bb_width_20", "bb_width_20_2"))
    assert built.session.features is not None
    (outputs,) = [len(family.outputs) for family in own_families() if family.name == "bollinger"]
    assert built.session.features.state["values"]["1m"].shape == (1, outputs), "one step gives all of them"


def test_what_cannot_be_computed_is_refused_by_name() -> None:
    market = {"A/USDT": walk(1, 10)}
    with pytest.raises(RequestError, match="reader: no feature 'rsy_14'; did you mean rsi"):
        played(market, ("rsy_14",))
    with pytest.raises(ConfigError, match="reader: feature 'rsi_0': n must be 2 to 500, was 0"):
        played(market, ("rsi_0",))
    with pytest.raises(ConfigError, match="feature 'rsi_14@4x': no timeframe '4x'"):
        played(market, ("rsi_14@4x",))
    with pytest.raises(ConfigError, match="feature 'rsi_14@30s': 30s candles cannot be made from 1m candles"):
        played(market, ("rsi_14@30s",))
    with pytest.raises(ConfigError, match="reader: feature 'rsi_14' is asked for twice"):
        played(market, ("rsi_14", "rsi_14"))


@kernel
def _half(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = c.close[t] / 2.0


HALF = FeatureFamily(
    name="half-close",
    category="own",
    memory="window",
    inputs=("close",),
    outputs=(FeatureOutput("half_close", "half of the close", "quote currency", level=True),),
    step=_half,
    definition="Half of the close. Source: nobody's.",
)


def test_a_plugin_adds_a_family() -> None:
    market = {"A/USDT": walk(1, 10)}
    _, seen = played(market, ("half_close",), [("feature", "mine", HALF)])
    assert seen[:, 0, 0].tolist() == [bar[3] / 2 for bar in market["A/USDT"] if bar is not None]


def test_a_higher_candle_that_a_symbol_began_in_is_missing() -> None:
    market = {"A/USDT": walk(1, 12), "B/USDT": [None, None, *walk(2, 10)]}
    _, seen = played(market, ("half_close@5m",), [("feature", "mine", HALF)])
    there = ~np.isnan(seen[:, :, 0])
    assert np.flatnonzero(there[:, 0]).tolist() == list(range(4, 12))
    assert np.flatnonzero(there[:, 1]).tolist() == [9, 10, 11], "its first whole five minutes end with batch 9"


def test_a_plugin_s_broken_family_leaves_the_others() -> None:
    def families() -> list[FeatureFamily]:
        raise RuntimeError("not today")

    _, seen = played({"A/USDT": walk(1, 30)}, ("bb_width",), [("feature", "mine", families)])
    assert np.isfinite(seen[-1]).all()
    with pytest.raises(RequestError, match="left out: features 'mine' of tests: RuntimeError: not today"):
        played({"A/USDT": walk(1, 30)}, ("half_close",), [("feature", "mine", families)])


TRADER = '''
from papertape import Signal, Strategy

class Trader(Strategy):
    """Trades what its features say."""
    keeps = ()

    def features(self):
        return ["rsi_14", "bb_position_10_2", "price_vs_ema_9", "bb_position_10_2@5m"]

    def lookback(self):
        return 1

    def on_snapshot(self, snapshot):
        for symbol in snapshot.fresh:
            values = snapshot.features(symbol)
            where, price = values["bb_position_10_2"], values["price_vs_ema_9"]
            if values.mask[1]:
                continue
            said = {name: float(values[name]).hex() for name in values.names}
            yield (Signal.buy if where < 0.3 else Signal.close)(symbol, metadata=said)
'''


@pytest.fixture
def trader(tmp_path: Path) -> Path:
    file = tmp_path / "trader.py"
    file.write_text(TRADER, "utf-8")
    return file


def whole(url: str, trader: Path) -> Kept:
    run(url, of_files(trader, bars=700))
    return kept(url)


def test_a_session_that_is_stopped_and_resumed_has_the_same_features(tmp_path: Path, trader: Path) -> None:
    undisturbed = whole(f"sqlite:///{tmp_path / 'one.db'}", trader)
    url = f"sqlite:///{tmp_path / 'two.db'}"
    run(url, of_files(trader, bars=700), until=55)
    for until in (123, 190, 301):
        run(url, until=until)
    run(url)
    assert kept(url).same_as(undisturbed)
    assert len({row.metadata for row in undisturbed.signals}) > 200, "every value is in the ledger"
    assert verified(url).equal


def test_a_feature_that_is_another_in_the_second_fold_is_named_with_both_values(sqlite_url: str, trader: Path) -> None:
    run(sqlite_url, of_files(trader, bars=120))
    newest = checkpoints(sqlite_url)[-1]
    state = codec.decode(newest.state)
    state["features"]["values"]["1m"][1] += 1.5
    tampered = {"state": codec.encode(state), "batch": newest.batch}
    with Ledger.open(sqlite_url) as ledger, ledger.database.write() as connection:
        connection.execute(text("UPDATE checkpoints SET state = :state WHERE batch = :batch"), tampered)
    found = verified(sqlite_url)
    assert not found.equal and found.difference is not None
    assert re.match(
        r"feature \S+ of ETH/USDT in batch 119 is [\d.e-]+ in the ledger, [\d.e-]+ in the fold", found.difference
    )


def test_a_session_goes_on_with_features_that_have_changed(tmp_path: Path, trader: Path) -> None:
    """Their state is worth nothing then: it is made anew over the tape, as the strategy's own code is loaded anew."""
    undisturbed = whole(f"sqlite:///{tmp_path / 'one.db'}", trader)
    url = f"sqlite:///{tmp_path / 'two.db'}"
    source = trader.read_text("utf-8")
    trader.write_text(source.replace('"bb_position_10_2@5m"]', '"bb_position_10_2@5m", "rsi_7"]'), "utf-8")
    run(url, of_files(trader, bars=700), until=200)
    trader.write_text(source, "utf-8")
    run(url)
    ours, theirs = kept(url), undisturbed
    assert [row[:6] for row in ours.signals] == [row[:6] for row in theirs.signals]
    assert [row.metadata for row in ours.signals][-50:] == [row.metadata for row in theirs.signals][-50:]


def test_a_live_session_has_the_features_of_its_tape(sqlite_url: str) -> None:
    class Live(Strategy):
        """Says its features in its signals."""

        keeps = ()

        def lookback(self) -> int:
            return 1

        def features(self) -> Iterable[str]:
            return ("bb_position_10_2", "bb_width_5_2@5m")

        def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish]:
            from papertape import Signal

            for symbol in snapshot.fresh:
                values = snapshot.features(symbol)
                if not values.mask.any():
                    side = Signal.buy if values["bb_position_10_2"] < 0.4 else Signal.close
                    yield side(symbol, metadata={"values": [float(value).hex() for value in values.values]})

    host = Host(sqlite_url, recording(), live=Live)
    with pytest.raises(Killed):
        host.begin(host.config("live"), kill=20)
    with pytest.raises(Killed):
        host.go_on(kill=70)
    host.go_on()
    assert len(kept(sqlite_url).signals) > 100
    assert host.verified().equal
