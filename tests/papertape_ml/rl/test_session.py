"""The environment is a session: the same decisions have the same fills and equity there, to the last unit."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.hosted import kept, run, verified
from tests.papertape_ml.rl.lessons import SYMBOL, candle_file, course, discrete, needs_data, plugins, real, setup

from papertape.contract.errors import ConfigError
from papertape.engine.build import build
from papertape.engine.config import SessionConfig, Spec, read_config
from papertape.engine.outside import Outside
from papertape.market.timeframe import period
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.env import TradingEnv
from papertape_ml.rl.setup import Traded
from papertape_ml.rl.terms import Episodes
from papertape_ml.sizing.book import Arrays

pytest.importorskip("numba")
pytest.importorskip("gymnasium")

SCRIPTED = """
from papertape import Signal, Strategy

class Scripted(Strategy):
    keeps = ()
    script = {script!r}

    def on_snapshot(self, snapshot):
        if snapshot.now in self.script:
            yield Signal.target({symbol!r}, fraction=self.script[snapshot.now])

def register(register):
    register("scripted", Scripted)
"""

EPISODE = 400


@needs_data
@pytest.mark.parametrize(
    ("name", "timeframe", "acting"),
    [
        ("binance_XRPETH_5m", "5m", Acting(most_units=1e9)),
        ("binanceusdm_ADAUSDT_1h", "1h", discrete(short=True, leverage=3)),
    ],
    ids=["spot, gaps", "margin"],
)
def test_a_script_has_the_same_fills_and_equity_in_a_session_as_users_run_it(
    tmp_path: Path, name: str, timeframe: str, acting: Acting
) -> None:
    candles = real(name, 0, 700)
    of = setup(course(candles, timeframe), acting, episodes=Episodes(length=EPISODE, ruin=0.0))
    engine, compiled = TradingEnv.on_engine(of, plugins()), TradingEnv.compiled(of)
    start, chance = int(of.starts[20]), np.random.default_rng(5)
    for env in (engine, compiled):
        env.reset(options={"start": start})
    equities = [(engine.stage.equity, compiled.stage.equity)]
    for _ in range(EPISODE):
        action: Any = (
            chance.uniform(-1, 1, 1).astype(np.float32) if acting.space == "continuous" else chance.integers(8)
        )
        equities.append((engine.step(action)[4]["equity"], compiled.step(action)[4]["equity"]))
    script = dict(engine.stage.wished)  # type: ignore[attr-defined]
    assert len(script) > 150 and len(engine.stage.fills()) > 150

    symbol = name.split("_")[1]
    file = tmp_path / "scripted.py"
    file.write_text(SCRIPTED.format(script=script, symbol=symbol))
    first = int(candles[0, start])
    feed = {
        "kind": "replay", "sources": [str(candle_file(name))], "symbols": [symbol], "timeframe": timeframe,
        "start": first, "end": int(candles[0, start + EPISODE]) + period(timeframe),
    }  # fmt: skip
    rules = {key: str(value) for key, value in of.terms.fields(acting).items()}
    config = {"feed": feed, "cash": 1000, "instruments": {symbol: rules}, "strategies": [str(file)]}
    url = f"sqlite:///{tmp_path}/ledger.db"
    run(url, read_config(config), every=100)
    session = kept(url)
    assert verified(url).equal and not session.events
    traded = [
        Traded(row.at, row.quantity if row.side == "buy" else -row.quantity, row.price, row.fee, row.cash, row.role)
        for row in session.fills
    ]
    assert traded == engine.stage.fills() == compiled.stage.fills()
    assert [(equity, equity) for _, equity, _ in session.curves["scripted"]] == equities


def test_decisions_from_outside_leave_the_digest_of_a_strategy_that_wished_for_them() -> None:
    of = setup(acting=Acting(short=True, most_units=1e9, band=0.0), episodes=Episodes(length=100))
    engine = TradingEnv.on_engine(of, plugins())
    start = int(of.starts[0])
    engine.reset(options={"start": start})
    for share in np.random.default_rng(8).uniform(-1, 1, (100, 1)).astype(np.float32):
        engine.step(share)
    script = dict(engine.stage.wished)  # type: ignore[attr-defined]

    namespace: dict[str, Any] = {}
    exec(SCRIPTED.format(script=script, symbol=SYMBOL), namespace)
    digests = []
    for outside in (False, True):
        built = session_of(of, namespace["Scripted"])
        session, symbols = built.session, built.session.market.symbols
        door = Outside(session) if outside else None
        (block,) = Arrays({SYMBOL: of.course.candles}, "1m", 0).blocks()
        for now, rows in zip(block.times[: start + 101], block.rows, strict=False):
            if door is None:
                session.step(now, rows)
                continue
            snapshot = door.step(now, rows)
            assert snapshot.now == now and snapshot.fresh == symbols
            door.decide(list(session_strategy(built).on_snapshot(snapshot)))
        digests.append(session.digest)
        assert len(built.session.journal.collected.fills) > 90
    assert digests[0] == digests[1]


def test_one_book_alone_can_be_decided_for_from_outside() -> None:
    of = setup()
    config = SessionConfig(strategies=(Spec("ema-cross"), Spec("macd")), cash=Decimal(1000))
    built = build(config, plugins(), Arrays({SYMBOL: of.course.candles}, "1m", 0))
    with pytest.raises(ConfigError, match="one strategy alone .*; the session has ema-cross, macd"):
        Outside(built.session)


def session_of(of: Any, strategy: type) -> Any:
    from papertape.engine.discovery import Plugins
    from papertape.engine.registered import Registered

    own = Registered("strategy", "scripted", strategy, "tests", "tests", "0")
    known = Plugins((*plugins().components, own), (), ())
    config = SessionConfig(
        strategies=(Spec("scripted"),),
        cash=Decimal(1000),
        instruments={SYMBOL: of.terms.fields(of.builder.acting)},
    )
    built = build(config, known, Arrays({SYMBOL: of.course.candles}, "1m", 0))
    built.session.start(built.contexts)
    return built


def session_strategy(built: Any) -> Any:
    return next(part.component for part in built.parts if part.kind == "strategy")
