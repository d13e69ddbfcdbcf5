"""`papertape train rl`: a policy, or a vote of several, by reinforcement learning in the host's own engine."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from papertape.cli.features import ends_like_interrupt
from papertape.cli.options import db_option, json_option
from papertape_ml.commands.models_options import registry_option
from papertape_ml.commands.train_options import Defaults, data_options

F = TypeVar("F", bound=Callable[..., Any])

DEFAULTS: Final = Defaults("agent", "core", None)
_NAMES: Final = ("ppo", "recurrent-ppo", "ppo-lagrangian", "sac", "tqc", "td3", "ddpg", "qr-dqn")
_PATH: Final = click.Path(path_type=Path)


def _named(context: click.Context, param: click.Parameter, name: str | None) -> str | None:
    """A name that cannot be is refused before anything is trained."""
    from papertape_ml.registry.names import model_name

    return None if name is None else model_name(name)


def _terms(function: F) -> F:
    """What the environment is."""
    for option in reversed((
        click.option("--space", type=click.Choice(["continuous", "discrete"]),
                     help="Of actions: a share, or buy/sell/hold. Default: continuous, of qr-dqn discrete."),
        click.option("--short", is_flag=True, help="Positions below 0, on margin."),
        click.option("--leverage", type=click.FloatRange(1, 125), metavar="X", help="Of a position. Default: 1."),
        click.option("--most-units", type=float, metavar="N", help="Largest position in units. Default: 100."),
        click.option("--cash", type=click.FloatRange(0, min_open=True), metavar="X",
                     help="An episode begins with it, in quote currency. Default: 1000; with --from that version's."),
        click.option("--fee-bps", type=click.FloatRange(0, 1_000), metavar="X",
                     help="Of each fill, in 1/10,000. Default: 10; with --from that version's."),
        click.option("--reward", metavar="R[:K=V,...]",
                     help="log-growth, differential-sharpe, drawdown-penalised, cvar-penalised or regime-adaptive. "
                          "Default: log-growth; with --from that version's."),
        click.option("--episode", type=click.IntRange(2), default=512, metavar="N", help="Its candles. Default: 512."),
        click.option("--environments", type=click.IntRange(1, 1_024), default=8, metavar="N",
                     help="Side by side. Default: 8."),
        click.option("--missing", type=click.Choice(["abstain", "mask"]),
                     help="Where a feature has no value: decide nothing, or see 0 there. Default: abstain."),
        click.option("--regimes", type=_PATH, metavar="FILE.json",
                     help="Weights of features by the market's regime: feature, edges, and a row of weights for each."),
    )):  # fmt: skip
        function = option(function)
    return function


def _learning(function: F) -> F:
    """How it is learned, and what is kept."""
    for option in reversed((
        click.option("--algorithm", "algorithms", type=click.Choice(_NAMES), multiple=True,
                     help="Repeatable: several make a vote, each as heavy as its evidence. Default: ppo."),
        click.option("--preset", type=click.Choice(["default", "seed"]),
                     help="seed: PPO with 256, 256 and 128 units. Default: default."),
        click.option("--set-value", "values", multiple=True, metavar="K=V",
                     help="A setting of the algorithm, such as rate=0.001 or actor=64-64. Repeatable."),
        click.option("--limit", metavar="SHARE,LOSS",
                     help="Of ppo-lagrangian: what the worst share of candles loses on average. Default: 0.05,0.01."),
        click.option("--steps", type=click.IntRange(1), metavar="N",
                     help="Of all environments together; PPO ends with the rollout that reaches them. "
                          "Default: 100000; with --from 20000."),
        click.option("--every", type=click.IntRange(1), metavar="N",
                     help="Steps from one judgement on held-out candles to the next. Default: a tenth of --steps."),
        click.option("--patience", type=click.IntRange(1), default=5, metavar="N",
                     help="So many judgements without gain end it. Default: 5."),
        click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=7, help="The first. Default: 7."),
        click.option("--seeds", type=click.IntRange(1, 100), default=1, metavar="N",
                     help="Trainings, each with the next seed; the best on held-out candles is taken. Default: 1."),
        click.option("--stop", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.15, metavar="SHARE",
                     help="Of the candles: judged on. Default: 0.15."),
        click.option("--test", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.25, metavar="SHARE",
                     help="Of the candles: the last ones, for the report alone. Default: 0.25."),
        click.option("--from", "parent", metavar="M@REF", help="Go on from a version: NAME@VERSION or NAME@ALIAS."),
        click.option("--session", metavar="ID", help="With --from: learn from the candles that a session has heard."),
        click.option("--votes-only", is_flag=True,
                     help="With --from a vote: its policies stay, their weights follow what they earn on the candles."),
        click.option("--checkpoints", type=_PATH, metavar="FOLDER",
                     help="Keep them there; a training that was killed goes on from them."),
        click.option("--tensorboard", type=_PATH, metavar="FOLDER", help="Write logs for TensorBoard there."),
        click.option("--import-sb3", "archive", type=_PATH, metavar="FILE.zip",
                     help="No training: the policy of a zip of stable-baselines3, which needs --sha256."),
        click.option("--sha256", metavar="SUM", help="Of that zip, 64 hexadecimal digits."),
        click.option("--report", type=_PATH, metavar="FILE.json", help="Write all figures there, too."),
        click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", help="To train on. Default: cpu."),
        click.option("--threads", type=click.IntRange(1), default=1, metavar="N", help="To train with. Default: 1."),
        click.option("--name", metavar="M", callback=_named,
                     help=f"Its name. Default: {DEFAULTS.name}; with --from that version's."),
    )):  # fmt: skip
        function = option(function)
    return function


def _data(function: F) -> F:
    for option in reversed(data_options(DEFAULTS)):
        function = option(function)
    return function


@click.command()
@_data
@_terms
@_learning
@registry_option
@db_option
@json_option
def rl(**options: Any) -> None:
    """Trains a policy: it trades one symbol's candles in the engine that later runs it, and learns from what comes.

    It learns on the first candles, is stopped by its growth on the next ones, and tested on the last, beside doing
    nothing, holding, and the best rule strategy. The strategy `rl-agent` serves it. Ctrl-C ends it at any time.

    Example: papertape train rl --source candles/ --symbol BTC/USDT --algorithm ppo --seeds 5
    """
    began = time.monotonic()
    from papertape_ml.commands.train_output import check_place
    from papertape_ml.commands.train_rl_output import finish
    from papertape_ml.commands.train_rl_work import trained_by

    check_place(options["registry"], options["db"])
    with ends_like_interrupt():
        trained, parent = trained_by(options)
    finish(trained, parent, options, began)
