"""Models on real candles: trained and tested walk-forward, after fees, against holding and against rules.

For each file of a timeframe a model of each kind is trained by `papertape train`; its test figures are of folds that
learned from earlier candles alone. Over the same time the rule strategies run in a session, and buy-and-hold is what
the training itself compares with. What is found is printed, however poor.

    python benchmarks/real_models.py --folder "$PAPERTAPE_TEST_DATA/candles" --timeframe 1h --symbols 3

The net return of a model is the sum of its trades' profits, each with the whole account, left when the label is
decided. That of a rule is its book's, by the strategy's own exits and sizes; the two can be compared in sign, not in
size.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from table import table

from papertape.store.candle_names import CandleName

PAPERTAPE = str(Path(sys.executable).with_name("papertape"))
RULES = ("ema-cross", "macd", "rsi-reversion", "bollinger-reversion", "donchian-breakout", "momentum")
HEADER = ("file", "kind", "rows", "skill", "low", "p", "accuracy", "prior", "trades", "net", "hold", "best rule",
          "median rule", "s")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one model on one file. `rules`: net returns of the rule strategies over the tested time."""

    file: str
    kind: str
    trained: dict[str, Any]
    rules: tuple[float, ...]
    seconds: float

    def row(self) -> list[str]:
        test, base = self.trained["metrics"]["test"], self.trained["baseline"]
        return [
            self.file, self.kind, f"{self.trained['rows']:,}", _share(test["skill"]), _share(test["skill_low"]),
            _plain(test["p_value"]), _share(test["accuracy"]), _share(base["accuracy"]), _plain(test.get("trades")),
            _share(test.get("net_return")), _share(base["buy_and_hold"]["net_return"]),
            _share(max(self.rules, default=None)), _share(median(self.rules) if self.rules else None),
            f"{self.seconds:.0f}",
        ]  # fmt: skip


def main() -> None:
    options = _options()
    files = [
        path for path in sorted(options.folder.glob("*.parquet"))
        if (name := CandleName.parse(path)) is not None and name.timeframe == options.timeframe
    ][: options.symbols]  # fmt: skip
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            rules: tuple[float, ...] = ()
            for kind in options.kinds:
                began = time.monotonic()
                trained = _papertape(
                    "train", kind, "--source", path, "--folds", options.folds, "--label", options.label,
                    "--threads", options.threads, "--on-bad-row", "skip", "--registry", f"{folder}/models",
                )  # fmt: skip
                seconds = time.monotonic() - began
                if trained is None:
                    continue
                rules = rules or _rules(path, trained["test_span"], f"sqlite:///{folder}/{path.stem}.db")
                found.append(Found(path.stem, kind, trained, rules, seconds))
                print(f"{path.stem} {kind}: {seconds:.0f} s", file=sys.stderr, flush=True)
    print(table(HEADER, [each.row() for each in found]))
    print(_summary(found))


def _rules(path: Path, span: list[int], db: str) -> tuple[float, ...]:
    strategies = [part for rule in RULES for part in ("--strategy", rule)]
    ran = _papertape(
        "run", "--feed", "replay", "--source", path, "--start", span[0], "--end", span[1], *strategies,
        "--on-bad-row", "skip", "--db", db,
    )  # fmt: skip
    return () if ran is None else tuple(float(book["return"]) for book in ran["books"])


def _papertape(*arguments: object) -> dict[str, Any] | None:
    """What a command prints with `--json`; None, and why on stderr, where it was refused."""
    done = subprocess.run([PAPERTAPE, *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{' '.join(map(str, arguments[:4]))}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _summary(found: list[Found]) -> str:
    """How many have skill that is more than luck, how many earn, and how many earn more than the others."""
    if not found:
        return "nothing was trained"
    tests = [each.trained["metrics"]["test"] for each in found]
    earned = [(each, each.trained["metrics"]["test"].get("net_return")) for each in found]
    known = [(each, value) for each, value in earned if value is not None]
    held = [value > each.trained["baseline"]["buy_and_hold"]["net_return"] for each, value in known]
    ruled = [value > max(each.rules) for each, value in known if each.rules]
    return "\n".join([
        f"models: {len(found)}",
        f"skill whose lower 95 % bound is above 0: {sum((test['skill_low'] or 0) > 0 for test in tests)}",
        f"net return above 0 after fees: {sum(value > 0 for _, value in known)} of {len(known)}",
        f"above buy-and-hold: {sum(held)} of {len(held)}",
        f"above the best rule: {sum(ruled)} of {len(ruled)}",
    ])  # fmt: skip


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:+.1%}"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="candle files")
    parser.add_argument("--timeframe", default="1h", help="of the files that are taken")
    parser.add_argument("--symbols", type=int, help="take so many files alone")
    parser.add_argument("--kinds", nargs="+", default=["classifier", "gated"])
    parser.add_argument("--label", default="direction:6c")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
