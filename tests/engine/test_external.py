"""External series in sessions: seen from when they could be known, never before, and never for longer than they may."""

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.engine.hosted import Kept, kept, of_files, run, verified
from tests.engine.live import WARM, Host, Killed, recording
from tests.engine.scripted import MINUTE, Rows, scripted, started, step_on, walk

from papertape import (
    Block,
    ConfigError,
    PluginError,
    RequestError,
    Series,
    SeriesRecord,
    Signal,
    Snapshot,
    Strategy,
    TapeSourceChanged,
    Wish,
)
from papertape.engine.config import Spec, read_config
from papertape.engine.external import joined, with_series
from papertape.engine.feeding import heard
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.engine.tape import FEED
from papertape.feeds.series_file import FileSeries
from papertape.ledger.store import Ledger

FEAR = [SeriesRecord(0, 10 * MINUTE, 20.0), SeriesRecord(5 * MINUTE, 12 * MINUTE, 30.0)]


class Fear(Series):
    """A given index."""

    def records(self) -> Iterable[SeriesRecord]:
        return FEAR


def seen(max_age: str | None = None) -> list[float]:
    """What a strategy reads after each of 30 batches; batch k closes at minute k + 1."""
    values: list[float] = []

    class Reader(Strategy):
        """Reads the index."""

        keeps = ()

        def features(self) -> Iterable[str]:
            return ("fear",)

        def on_snapshot(self, snapshot: Snapshot) -> list[Wish]:
            values.append(snapshot.features("A/USDT")["fear"])
            return []

    spec = Spec("given", {} if max_age is None else {"max_age": max_age}, "fear")
    feed = Rows({"A/USDT": walk(1, 30)})
    built = started(feed, {"reader": Reader}, [("series", "given", Fear)], external=(spec,))
    step_on(built, with_series(feed, {"fear": Fear()}, None))
    return values


def test_a_value_is_seen_from_when_it_could_be_known_on() -> None:
    values = seen()
    assert all(map(math.isnan, values[:9]))
    assert values[9:11] == [20.0, 20.0], "known at minute 10, the close of batch 9"
    assert values[11:] == [30.0] * 19


def test_a_value_that_is_too_old_is_missing() -> None:
    values = seen("20m")
    assert values[11:25] == [30.0] * 14 and all(map(math.isnan, values[25:])), "valid at minute 5, until minute 25"


def test_a_session_that_begins_late_hears_only_the_newest_of_what_is_past() -> None:
    told: dict[str, SeriesRecord] = {}
    first = joined(Block([20 * MINUTE, 21 * MINUTE], [(None,), (None,)]), {"fear": FEAR}, told)
    assert [(place, event["value"]) for place, event in first.events] == [(0, 30.0)]
    assert joined(Block([22 * MINUTE], [(None,)]), {"fear": FEAR}, told).events == ()


READER = """
from papertape import Signal, Strategy

class Reader(Strategy):
    keeps = ()

    def features(self):
        return ["fear"]

    def lookback(self):
        return 1

    def on_snapshot(self, snapshot):
        for symbol in snapshot.fresh:
            value = snapshot.features(symbol)["fear"]
            if value == value:
                yield (Signal.buy if value < 50 else Signal.close)(symbol, metadata={"fear": value})
"""


@pytest.fixture
def session(tmp_path: Path) -> dict[str, Any]:
    """A session file's keys, over an index that changes every ten minutes and is known a minute later."""
    strategy, index = tmp_path / "reader.py", tmp_path / "fear.csv"
    strategy.write_text(READER, "utf-8")
    began = 1_704_067_200_000
    rows = [f"{began + 600_000 * k},{began + 600_000 * k + 60_000},{(k * 37) % 100}" for k in range(40)]
    index.write_text("\n".join(["ts,available,value", *rows]) + "\n", "utf-8")
    return {"strategy": strategy, "external": [{"kind": "file", "name": "fear", "path": str(index)}], "index": index}


def config(session: dict[str, Any], **keys: Any) -> Any:
    return of_files(session["strategy"], bars=300, external=session["external"], **keys)


def test_a_session_over_a_file_resumes_and_verifies(tmp_path: Path, session: dict[str, Any]) -> None:
    one, two = (f"sqlite:///{tmp_path / name}.db" for name in ("one", "two"))
    run(one, config(session))
    run(two, config(session), until=100)
    run(two)
    assert kept(one).same_as(kept(two)) and len(kept(one).signals) > 30
    assert verified(two).equal


def test_a_file_that_has_changed_is_not_taken_for_the_one_on_the_tape(sqlite_url: str, session: dict[str, Any]) -> None:
    run(sqlite_url, config(session), until=100)
    session["index"].write_text("ts,available,value\n0,0,1\n", "utf-8")
    with pytest.raises(TapeSourceChanged, match="fear.csv is not the file that the session was recorded with"):
        run(sqlite_url)


def test_a_live_session_has_on_its_tape_what_it_heard(sqlite_url: str) -> None:
    class Growing(Series):
        """An index that is one record longer each time it is asked."""

        asked = 0

        def records(self) -> Iterable[SeriesRecord]:
            type(self).asked += 1
            return [SeriesRecord(0, k * 7 * MINUTE, float(k)) for k in range(30 + type(self).asked)]

    class Live(Strategy):
        """Says the index in its signals."""

        keeps = ()

        def lookback(self) -> int:
            return 1

        def features(self) -> Iterable[str]:
            return ("news",)

        def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish]:
            for symbol in snapshot.fresh:
                value = snapshot.features(symbol)["news"]
                yield (Signal.buy if value % 2 else Signal.close)(symbol, metadata={"news": value})

    host = Host(sqlite_url, recording(), live=Live)
    host.plugins = type(host.plugins)((*host.plugins.components, _registered("growing", Growing)), ())
    with pytest.raises(Killed):
        host.begin(host.config("live", external=[{"kind": "growing", "name": "news"}]), kill=40)
    host.go_on()
    session = kept(sqlite_url)
    assert sum('"external"' in row.payload for row in session.tape) > 10
    assert len({row.metadata for row in session.signals}) > 10
    Growing.asked = -30
    assert host.verified().equal, "whatever the series says today"


def test_what_cannot_be_a_series_is_refused(tmp_path: Path, session: dict[str, Any]) -> None:
    def refused(match: str, **external: Any) -> None:
        spec = {"kind": "file", "name": "fear", "path": str(session["index"])} | external
        with pytest.raises(RequestError, match=match):
            run(f"sqlite:///{tmp_path / 'x.db'}", of_files(session["strategy"], external=[spec]))

    bare = tmp_path / "bare.csv"
    bare.write_text("ts,value\n0,1\n", "utf-8")
    refused("bare.csv does not say when its values became known", path=str(bare))
    refused("max_age: no length of time 'long'; write a number and s, m, h, d or w", max_age="long")
    refused("lag: no length of time '5'", lag="5")
    refused("external series 'rsi': .*output 'rsi' is one of 'rsi' already", name="rsi")
    refused("external: give each series a name of its own", name=None)
    refused("gone.csv is not there", path=str(tmp_path / "gone.csv"))


class Reading(Strategy):
    """Says the index in its signals, whatever it is."""

    keeps = ()

    def lookback(self) -> int:
        return 1

    def features(self) -> Iterable[str]:
        return ("fear",)

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish]:
        for symbol in snapshot.fresh:
            wish = Signal.buy if snapshot.batch % 2 else Signal.close
            yield wish(symbol, metadata={"fear": repr(snapshot.features(symbol)["fear"])})


GIVEN = recording()


def hosted(url: str, series: type[Series]) -> Host:
    """A host that knows `Reading`, and `series` as a kind called odd."""
    host = Host(url, GIVEN, reading=Reading)
    host.plugins = type(host.plugins)((*host.plugins.components, _registered("odd", series)), ())
    return host


FAILS: dict[str, Any] = {
    "raises": OSError("the network is away"),
    "leaves": SystemExit(1),
    "nan": [SeriesRecord(0, 0, math.nan)],
    "none": [None],
}


@pytest.mark.parametrize("how", [*FAILS, "ragged", "missing", "infinite"])
def test_a_live_session_outlives_a_series_that_fails_and_says_so_once(
    sqlite_url: str, tmp_path: Path, how: str
) -> None:
    good = "".join(f"0,{k * 7 * MINUTE},{k}\n" for k in range(60))
    file = tmp_path / "fear.csv"

    class Odd(FileSeries):
        """Fails from its 40th time to its 50th."""

        asked = 0

        def records(self) -> Iterable[SeriesRecord]:
            type(self).asked += 1
            failing = 40 <= self.asked < 50
            bad = {"ragged": "0,25\n", "infinite": "0,25,inf\n"}.get(how, "") if failing else ""
            file.write_text(f"ts,available,value\n{good}{bad}", "utf-8")
            os.utime(file, ns=(self.asked, self.asked))
            if failing and how == "missing":
                file.unlink()
            if not failing or how not in FAILS:
                return super().records()
            if isinstance(FAILS[how], BaseException):
                raise FAILS[how]
            return list(FAILS[how])

    host, told = hosted(sqlite_url, Odd), list[str]()

    def listen(runner: Runner) -> None:
        runner.told = told.append

    host.begin(host.config("reading", external=[{"kind": "odd", "name": "fear", "path": str(file)}]), look=listen)
    session = kept(sqlite_url)
    assert session.session.status == "finished" and session.session.snapshots == GIVEN.batches - WARM
    assert len(told) == 2
    assert told[0].startswith("external series 'fear' cannot be read, what it said before stands: ")
    assert told[1] == "external series 'fear' can be read again"
    events = [json.loads(row.payload) for row in session.tape if row.kind == FEED]
    values = [event["value"] for event in events if "external" in event]
    assert values == sorted(set(values)) and all(map(math.isfinite, values)), "nothing is told twice"
    file.unlink()
    assert host.verified().equal, "without the file"


def test_a_series_that_cannot_be_read_at_the_start_is_refused(sqlite_url: str) -> None:
    class Odd(Series):
        """Never there."""

        def records(self) -> Iterable[SeriesRecord]:
            raise OSError("no network")

    host = hosted(sqlite_url, Odd)
    with pytest.raises(PluginError, match="external series 'fear': records.. failed: OSError: no network"):
        host.begin(host.config("reading", external=[{"kind": "odd", "name": "fear"}]))


def test_a_recorded_session_is_replayed_with_what_it_heard(sqlite_url: str) -> None:
    class Late(Series):
        """Its second value says that it was known before it could be read."""

        asked = 0

        def records(self) -> Iterable[SeriesRecord]:
            type(self).asked += 1
            late = [SeriesRecord(320 * MINUTE, 320 * MINUTE, 2.0)] if self.asked > 60 else []
            return [SeriesRecord(0, 0, 1.0), *late]

    host = hosted(sqlite_url, Late)
    spec = {"kind": "odd", "name": "fear"}
    host.begin(host.config("reading", external=[spec]))
    live, asked = kept(sqlite_url), Late.asked
    assert {row.metadata for row in live.signals} == {'{"fear": "1.0"}', '{"fear": "2.0"}'}

    def replayed(name: str, *external: dict[str, str]) -> Kept:
        config = read_config({
            "feed": {"kind": "recorded", "session": "a"}, "strategies": ["reading"], "external": list(external),
        })  # fmt: skip
        with Ledger.open(sqlite_url) as ledger:
            config = heard(config, ledger)
            found = start(ledger, name, config, host.plugins, 0)
            with found.writer:
                Runner(config, found.built, found.feed, ledger, found.writer).run()
        assert host.verified(name).equal
        return kept(sqlite_url, name)

    said = [(row.batch, row.symbol, row.metadata) for row in live.signals]
    for name, external in (("same", [spec]), ("none", [])):
        session = replayed(name, *external)
        assert [(row.batch, row.symbol, row.metadata) for row in session.signals] == said
        assert json.loads(session.session.config)["external"] == [{"kind": "odd", "name": "fear", "params": {}}]
    shorter = replayed("aged", spec | {"max_age": "4h"})
    aged = {row.metadata for row in shorter.signals if row.at > 4 * 60 * MINUTE}
    assert aged == {'{"fear": "nan"}', '{"fear": "2.0"}'}, "how long a value stands is for the new session to say"
    assert Late.asked == asked
    with pytest.raises(ConfigError, match="session a heard no series 'greed', so it is not on its tape; it heard fear"):
        replayed("other", {"kind": "odd", "name": "greed"})


def test_two_series_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="give each series a name of its own"):
        started(
            Rows({"A/USDT": walk(1, 3)}),
            {"quiet": scripted({})},
            external=(Spec("file", {}, "a"), Spec("file", {}, "a")),
        )


def _registered(name: str, series: type[Series]) -> Any:
    from papertape.engine.registered import Registered

    return Registered("series", name, series, "tests", "tests", "0")
