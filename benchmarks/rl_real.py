"""Policies on real candles: learned on the first two thirds of each one-hour series, tested on the rest, after fees.

For each file and algorithm `papertape train rl` trains five seeds; the last tenth of the first two thirds stops a
training. Printed is what the seeds came to on the test, with the 95 % bounds of their mean (by Student), beside
holding, and beside the rule strategy that did best on these very candles, which nobody could have known before. What is
found is printed, however poor.

    python benchmarks/rl_real.py --folder "$PAPERTAPE_TEST_DATA/candles" --symbols 3
    python benchmarks/rl_real.py --folder "$PAPERTAPE_TEST_DATA/candles" --quick     # one file, one seed, few steps

A session of PPO with 200,000 steps takes minutes for a seed, one of SAC some ten: `--steps` and `--symbols` bound it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from table import table

from papertape.store.candle_names import CandleName

PAPERTAPE = str(Path(sys.executable).with_name("papertape"))
TEST = 1 / 3
STOP = 0.1 * 2 / 3
QUICK_HOURS = 3_000
HEADER = ("file", "algorithm", "seeds", "growth", "low", "high", "turnover", "fees", "hold", "best rule", "over flat",
          "p", "s")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What the seeds of one algorithm came to on one file. `trained`: what the command printed."""

    file: str
    algorithm: str
    trained: dict[str, Any]
    seconds: float

    @property
    def growth(self) -> dict[str, float | None]:
        """Mean log growth of the seeds on the test, and its bounds."""
        found: dict[str, float | None] = self.trained["metrics"]["algorithms"][self.algorithm]["growth"]
        return found

    def row(self) -> list[str]:
        seeds = self.trained["metrics"]["algorithms"][self.algorithm]["seeds"]
        base, flat = self.trained["baseline"], self.trained["metrics"]["over"]["flat"]
        best = base.get("best_rule", {}).get("growth")
        return [
            self.file, self.algorithm, str(len(seeds)), *(_signed(self.growth[key]) for key in ("mean", "low", "high")),
            f"{sum(each['turnover'] for each in seeds) / len(seeds):.4f}",
            f"{sum(each['fees'] for each in seeds) / len(seeds):.3f}",
            _signed(base["buy_and_hold"]["growth"]), _signed(best), _signed(flat["growth"], 6),
            "" if flat["p_value"] is None else f"{flat['p_value']:.3f}", f"{self.seconds:.0f}",
        ]  # fmt: skip


def main() -> None:
    """Trains, and prints the table."""
    options = _options()
    files = [
        path for path in sorted(options.folder.glob("*.parquet"))
        if (name := CandleName.parse(path)) is not None and name.timeframe == "1h"
    ][: 1 if options.quick else options.symbols]  # fmt: skip
    began, found = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            for algorithm in options.algorithms:
                start = time.monotonic()
                trained = _trained(path, algorithm, options, folder)
                if trained is not None:
                    found.append(Found(path.stem, algorithm, trained, time.monotonic() - start))
                    print(" ".join(found[-1].row()), file=sys.stderr, flush=True)  # the table comes at the end
    print("Log growth on the last third, after fees of 0.1 %; low and high: 95 % bounds of the mean of the seeds.")
    print("over flat: of a candle, of the version that was taken; p: that it is none or less, by a block bootstrap.\n")
    print(table(HEADER, [each.row() for each in found]))
    means = [each.growth for each in found]
    held = [(each.growth["mean"] or 0.0) > each.trained["baseline"]["buy_and_hold"]["growth"] for each in found]
    print(f"\ntrainings: {len(found)}; growth above 0: {sum((each['mean'] or 0) > 0 for each in means)}; with a lower "
          f"bound above 0: {sum((each['low'] or 0) > 0 for each in means)}; above holding: {sum(held)}")  # fmt: skip
    print(f"{time.monotonic() - began:,.0f} s in all")


def _trained(path: Path, algorithm: str, options: argparse.Namespace, folder: str) -> dict[str, Any] | None:
    """What the command prints with `--json`; None, and why on stderr, where it refused."""
    asked: list[object] = [
        "train", "rl", "--source", path, "--algorithm", algorithm, "--seeds", options.seeds, "--steps", options.steps,
        "--test", TEST, "--stop", STOP, "--threads", options.threads, "--on-bad-row", "skip", "--patience", 100,
        "--registry", f"{folder}/models",
    ]  # fmt: skip
    if options.quick:
        asked += ["--end", _end_of(path), "--episode", 128]
    done = subprocess.run([PAPERTAPE, *map(str, asked), "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{path.stem} {algorithm}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _end_of(path: Path) -> int:
    """Where the quick form stops: some months after the first candle, ms UTC."""
    import pyarrow.parquet as pq

    return int(pq.read_table(path, columns=["ts"])["ts"][0].as_py()) + QUICK_HOURS * 3_600_000


def _signed(value: float | None, places: int = 3) -> str:
    return "" if value is None else f"{value:+.{places}f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="candle files")
    parser.add_argument("--symbols", type=int, help="take so many files alone")
    parser.add_argument("--algorithms", nargs="+", default=["ppo", "sac"])
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="one file, one seed, few steps: shows that it runs")
    found = parser.parse_args()
    if found.quick:
        found.steps, found.seeds = 2_048, 1
    return found


if __name__ == "__main__":
    main()
