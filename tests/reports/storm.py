"""A session in which all that can be asked about happens: brackets, refusals, pauses, a fusion, quiet candles."""

from typing import Any

from tests.engine.hosted import STORMY, plugins
from tests.reports.recomputing import Kept

from papertape.engine.config import SessionConfig, read_config
from papertape.ledger.store import Ledger, SessionRow
from papertape.reports.why import Chain, explain

MINUTE = 60_000
SYMBOLS = ("BTC/USDT", "SOL/USDT")
BARS, WARM = 26, 4
STORM = STORMY.parent
COMMANDS = {
    8: {"command": "pause"},
    11: {"command": "resume"},
    14: {"command": "flatten"},
    17: {"command": "disable", "plugin": "ema-cross"},
    20: {"command": "enable", "plugin": "ema-cross"},
    23: {"command": "flatten", "book": "brackets"},
}


def stormy(*more: str) -> SessionConfig:
    """Brackets, partial fills, requests, margin, a fusion, and rules that shrink and refuse."""
    strategies = [str(STORM / f"{name}.py") for name in ("brackets", "counting", *more)]
    return read_config(
        {
            "feed": {"kind": "sim", "symbols": list(SYMBOLS), "volatility": 3, "warmup": WARM},
            "strategies": [*strategies, "ema-cross:fast=2,slow=5"],
            "fusion": ["weighted-vote:threshold=0.4,short=true", "bayesian:memory=5"],
            "risk": ["cool-down:losses=1,minutes=3", "max-position:limit=0.2", "max-drawdown:limit=0.01,action=block"],
            "slippage": {"kind": "fixed-bps", "bps": 2},
            "participation": 0.002,
            "instruments": {"SOL/USDT": {"margin": True, "leverage": 3, "tick": 0.001, "lot": 0.001}},
            "bars": BARS,
        }
    )


Storm = tuple[Ledger, SessionRow, Kept]
"""A ledger, its session, and its records."""


def close_of(row: SessionRow, batch: int, warmed: int = WARM) -> int:
    assert row.first_ts is not None
    return row.first_ts + (batch - warmed + 1) * MINUTE


def asked(storm: Storm, batch: int, symbol: str = SYMBOLS[0], **more: Any) -> Chain:
    ledger, row, _ = storm
    return explain(ledger, row, plugins(), symbol, close_of(row, batch), **more)
