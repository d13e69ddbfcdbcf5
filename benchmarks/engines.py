"""One run of one engine over one workload: a papertape session, or a peer through its driver in ``peers/``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from measured import RunFailed, measure
from peers import setup
from workloads import Workload

HERE = Path(__file__).resolve().parent
INSTALLED = Path(sys.executable)
COMPILED = setup.python_of(setup.COMPILED)
"""The interpreters of the environments in which papertape is run: this one, and that of the compiled build."""

# Name on the command line: environment, module in peers/, its options.
PEERS: dict[str, tuple[str, str, list[str]]] = {
    "backtesting": ("backtesting", "run_backtesting", []),
    "nautilus": ("nautilus", "run_nautilus", []),
    "nautilus-bypass": ("nautilus", "run_nautilus", ["--bypass"]),
    "backtrader": ("backtrader", "run_backtrader", []),
    "vectorbt": ("vectorbt", "run_vectorbt", []),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What one engine did with one workload, and what it took."""

    engine: str
    version: str
    candles: int  # over all symbols
    strategies: int
    seconds: float  # papertape: first batch to last commit; a peer: its run alone, on data already in its own form
    cpu_seconds: float  # the whole process, from start to exit
    peak_mb: float  # the whole process
    trades: int  # closed round trips of one strategy
    equity: float  # closing equity of one strategy, quote currency, cents
    split: dict[str, float]  # seconds in plugins, engine, ledger; empty for a peer
    ledger_mb: float  # size of the ledger on disk; 0 for a peer, which writes none

    @property
    def microseconds(self) -> float:
        """Microseconds per candle and strategy."""
        return 1e6 * self.seconds / (self.candles * self.strategies)


def run_loop(workload: Workload) -> Run:
    """The bare Python loop, in this interpreter."""
    return _driver([sys.executable, "-m", "peers.run_loop"], workload)


def run_peer(peer: str, workload: Workload) -> Run:
    """One of PEERS, in its own environment; it takes workloads of one symbol only."""
    environment, module, options = PEERS[peer]
    return _driver([str(setup.python_of(environment)), "-m", f"peers.{module}", *options], workload)


def _driver(command: list[str], workload: Workload) -> Run:
    measured = measure([*command, *map(str, workload.files)], cwd=HERE)
    # A library may chat on stdout before its driver reports.
    printed = json.loads(measured.stdout.strip().splitlines()[-1])
    return Run(
        engine=printed["peer"],
        version=printed["version"],
        candles=printed["candles"],
        strategies=1,
        seconds=printed["seconds"],
        cpu_seconds=measured.cpu_seconds,
        peak_mb=measured.peak_mb,
        trades=printed["trades"],
        equity=printed["equity"],
        split={},
        ledger_mb=0.0,
    )


def name_of(python: Path) -> str:
    """papertape as it is installed for an interpreter: compiled or not."""
    asked = "from importlib.util import find_spec as find; print(find('papertape.engine.session').origin)"
    origin = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True).stdout.strip()
    return "papertape" if origin.endswith(".py") else "papertape (compiled)"


def run_papertape(workload: Workload, strategies: int = 1, python: Path = INSTALLED) -> Run:
    """An ordinary session into a new SQLite ledger, with ``strategies`` equal strategies, each with its own book.

    A drawdown rule stands at a limit that is never reached, so that it is checked at every candle and stops nothing.
    RunFailed when the session took in another number of candles, or its books differ from one another.
    """
    with tempfile.TemporaryDirectory(prefix="papertape-throughput-") as folder:
        command = [str(python.with_name("papertape")), "run", "--feed", "replay", "--timeframe", "1m", "--json"]
        for file, symbol in zip(workload.files, workload.names, strict=True):
            command += ["--source", str(file), "--symbol", symbol]
        command += ["--strategy", "ema-cross"] * strategies
        command += ["--sizer", "fixed-quantity:quantity=100", "--risk", "max-drawdown:limit=0.99"]
        command += ["--cash", "10000000", "--fee-bps", "10", "--db", f"sqlite:///{folder}/ledger.db"]
        measured = measure(command, cwd=HERE, env={"PAPERTAPE_HOME": folder})
        ledger_mb = sum(file.stat().st_size for file in Path(folder).glob("ledger.db*")) / 2**20
    summary = json.loads(measured.stdout)
    outcomes = {(book["trades"], round(float(book["equity"]), 2)) for book in summary["books"]}
    if summary["bars"] != workload.total or len(summary["books"]) != strategies or len(outcomes) != 1:
        raise RunFailed(
            f"a session over {workload.total} candles with {strategies} equal strategies reports {summary['bars']} "
            f"candles and {len(summary['books'])} books with (round trips, equity) {sorted(outcomes)}"
        )
    ((trades, equity),) = outcomes
    return Run(
        engine=name_of(python),
        version=metadata.version("papertape"),
        candles=summary["bars"],
        strategies=strategies,
        seconds=summary["seconds"],
        cpu_seconds=measured.cpu_seconds,
        peak_mb=measured.peak_mb,
        trades=trades,
        equity=equity,
        split={part: summary["timing"][part] for part in ("plugins", "engine", "ledger")},
        ledger_mb=ledger_mb,
    )
