"""The environment is a session: the same decisions have the same fills and equity there, to the last unit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.hosted import kept, run, verified
from tests.papertape_ml.rl.lessons import candle_file, course, discrete, needs_data, plugins, real, setup

from papertape.engine.config import read_config
from papertape.market.timeframe import period
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.env import TradingEnv
from papertape_ml.rl.setup import Traded
from papertape_ml.rl.terms import Episodes

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
