"""How `papertape train rl` ends: the version that is registered, and its report."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from papertape.cli.clock import now
from papertape.cli.output import print_json, print_table, print_text
from papertape.contract.errors import ConfigError
from papertape_ml.commands.models_options import opened, spoken
from papertape_ml.commands.train_output import document, print_trained, shown
from papertape_ml.commands.train_rl import DEFAULTS
from papertape_ml.training.trained import Trained, published


def finish(trained: Trained, parent: str | None, options: Mapping[str, Any], began: float) -> None:
    """Registers it as the next version of its name and its candidate, and prints what it came to."""
    wish = spoken(None, "trained")
    with opened(options["registry"], options["db"], create=True) as registry:
        name = options["name"] or (DEFAULTS.name if parent is None else parent.partition("@")[0])
        row = published(registry, trained, name, now(), parent, wish.by)
    seconds = time.monotonic() - began
    found = document(row, trained, seconds) | {"parent": parent}
    if options["report"] is not None:
        _write(options["report"], found)
    if options["as_json"]:
        print_json(found)
        return
    print_trained(row, trained, seconds)
    _print_seeds(trained.metrics)
    _print_curve(trained.metrics)
    _print_spread(trained.metrics)
    _print_over(trained.metrics)


def _print_seeds(metrics: Mapping[str, Any]) -> None:
    keys = ("growth", "sharpe", "drawdown", "cvar", "turnover", "fees", "trades")
    rows: list[list[object]] = []
    for name, about in metrics["algorithms"].items():
        for each in about["seeds"]:
            rows.append([name, each["seed"], f"{each['steps']:,}", *(shown(each[key]) for key in keys)])
    if rows:
        print_text("", "On the test, by seed:")
        whole = [row + [""] * (3 + len(keys) - len(row)) for row in rows]
        print_table(["algorithm", "seed", "steps", *keys], whole, "<" + ">" * (2 + len(keys)))
    if votes := metrics.get("votes"):
        print_text("Votes: " + ", ".join(f"{name} {vote:.3f}" for name, vote in votes.items()))
    for name, about in metrics["algorithms"].items():
        mean, low, high = (about["growth"][key] for key in ("mean", "low", "high"))
        if low is not None:
            print_text(
                f"{name}: log growth {mean:.4g} on average over the seeds (95 % bounds {low:.4g} and {high:.4g})"
            )


def _print_curve(metrics: Mapping[str, Any]) -> None:
    rows = [
        [name, f"{each['steps']:,}", each["seeds"], shown(each["mean"]), shown(each["low"]), shown(each["high"])]
        for name, about in metrics["algorithms"].items()
        for each in about["curve"]
    ]
    if rows:
        print_text("", "Mean log growth of a candle on what stops the training, over the seeds (95 % bounds):")
        print_table(["algorithm", "steps", "seeds", "growth", "low", "high"], rows, "<>>>>>")


def _print_spread(metrics: Mapping[str, Any]) -> None:
    print_text("", "Log growth of a candle of the test, by quantile:")
    found = metrics["returns"]
    print_table(list(found), [[shown(value) for value in found.values()]], ">" * len(found))
    if told := metrics.get("foretold"):
        print_text("", "Discounted returns, foretold and come (a share below that is the level itself is right):")
        rows = [[f"{each['level']:.0%}", *(shown(each[key]) for key in ("foretold", "came", "below"))] for each in told]
        print_table(["level", "foretold", "came", "below"], rows, ">>>>")


def _print_over(metrics: Mapping[str, Any]) -> None:
    names = {"flat": "doing nothing", "buy_and_hold": "holding"}
    lines = []
    for key, each in metrics["over"].items():
        if each["growth"] is not None:
            what = names.get(key, f"{each.get('name')}, the best rule on these very candles")
            lines.append(
                f"Log growth a candle beyond {what}: {each['growth']:+.3g} (95 % bounds {each['low']:+.3g} and "
                f"{each['high']:+.3g}, p = {each['p_value']:.3f})."
            )
    if lines:
        print_text("", *lines)
    if (parent := metrics.get("parent")) is not None:
        print_text(f"The version that it goes on from: log growth {parent['growth']:+.4g} on the same candles.")


def _write(path: Path, found: Mapping[str, Any]) -> None:
    try:
        path.write_text(json.dumps(found, indent=1, sort_keys=True, allow_nan=False) + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(f"--report: {path} cannot be written: {error.strerror}; the version is registered") from None
