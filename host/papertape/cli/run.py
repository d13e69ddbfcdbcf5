"""`papertape run`: a paper session, from the first candle to the closing table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import print_json

if TYPE_CHECKING:
    from papertape.engine.config import SessionConfig, Spec

RESUME_TAKES = {
    "resume", "as_json", "db", "pace", "log_format", "log_file", "log_file_size", "log_files", "checkpoint_every",
    "tui",
}  # fmt: skip
GIVEN = "papertape.given"
"""Key in click's `Context.meta`: the command's arguments as they came."""
NOT_FOR_A_HOST = ("--tui", "-q", "--quiet")
"""Options that the process which --tui starts is not given: it tells by a message that its session has begun."""


class Run(click.Command):
    """Keeps its arguments as they came, for the process that --tui starts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[GIVEN] = list(args)
        return super().parse_args(ctx, args)


class Amount(click.ParamType[Any]):
    """A decimal number, kept exact."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from decimal import Decimal, InvalidOperation

        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite():
            self.fail(f"{value!r} is not a number", param, ctx)
        return amount


class Time(click.ParamType[Any]):
    """ISO 8601 or ms UTC, as ms UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from papertape.contract.errors import InvalidValue
        from papertape.market.timeframe import parse_time

        try:
            return parse_time(value)
        except InvalidValue as error:
            self.fail(str(error), param, ctx)


class Speed(click.ParamType[Any]):
    """`max`, `realtime`, `hold` or a multiple of real time such as `60x`."""

    name = "pace"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from papertape.contract.errors import ConfigError
        from papertape.engine.pacing import read_pace

        try:
            read_pace(value)
        except ConfigError as error:
            self.fail(str(error), param, ctx)
        return value


class Size(click.ParamType[Any]):
    """A number of bytes, as `10MB`, `500kB` or `1000000`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, int):
            return value
        units = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "B": 1, "": 1}
        text = str(value).strip().upper()
        unit = next(unit for unit in units if text.endswith(unit))
        number = text.removesuffix(unit).strip()
        size = int(number) * units[unit] if number.isascii() and number.isdigit() else 0
        if size < 1:
            self.fail(f"{value!r} is no size: say bytes, or a whole number of kB, MB or GB, such as 10MB", param, ctx)
        return size


@click.command(cls=Run)
@click.argument("file", metavar="[SESSION.toml]", required=False, type=click.Path())
@click.option("--feed", metavar="NAME", help="Where candles come from: sim (default), replay, exchange.")
@click.option("--source", multiple=True, metavar="PATH", help="Candle file or folder to replay. Repeatable.")
@click.option("--exchange", metavar="ID", help="Exchange to follow live, as ccxt calls it: binance, kraken, ...")
@click.option("--symbol", multiple=True, metavar="S", help="Symbol to trade, such as BTC/USDT. Repeatable.")
@click.option("--timeframe", metavar="TF", help="Length of a candle: 1m, 5m, 1h, 1d, ...")
@click.option("--strategy", multiple=True, metavar="NAME[:k=v,...]", help="Strategy, or a .py file. Repeatable.")
@click.option("--fusion", multiple=True, metavar="NAME[:k=v,...]", help="Fusion over all strategies. Repeatable.")
@click.option("--sizer", metavar="NAME[:k=v,...]", help="How much an entry trades. Default: fixed-fraction.")
@click.option("--risk", multiple=True, metavar="NAME[:k=v,...]", help="Risk rule for every book. Repeatable.")
@click.option("--registry", metavar="PATH", help="Where models come from. Default: the registry in the ledger.")
@click.option(
    "--allow-demote",
    is_flag=True,
    default=None,
    help="Live: step an alias back when the version before has done better.",
)
@click.option("--cash", type=Amount(), help="Per book, quote currency. Default: 10000.")
@click.option("--fee-bps", type=Amount(), help="Maker and taker fee, basis points of notional. Default: 10.")
@click.option("--slippage-bps", type=Amount(), help="How much worse market and stop orders fill. Default: 0.")
@click.option("--bars", type=int, metavar="N", help="Batches after which the session finishes.")
@click.option("--start", type=Time(), help="First open time to trade, ISO 8601 or ms UTC; earlier candles warm up.")
@click.option("--end", type=Time(), help="Open time to stop before, ISO 8601 or ms UTC.")
@click.option("--warmup", type=int, metavar="N", help="Batches that only warm up.")
@click.option("--on-bad-row", type=click.Choice(["stop", "skip"]), help="What a row that cannot be a candle does.")
@click.option("--pace", type=Speed(), default="max", help="max (default), realtime, 60x or such; hold waits for steps.")
@click.option("--seed", type=int, help="Of all chance in the session. Default: 7.")
@click.option("--session", metavar="ID", help="Replay the tape of a recorded session, with --feed replay.")
@click.option(
    "--checkpoint-every", type=click.IntRange(1), metavar="N", help="Batches per commit. Default: by the clock."
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="How messages are written.")
@click.option("--log-file", type=click.Path(path_type=Path), metavar="PATH", help="Write them to a file, too.")
@click.option(
    "--log-file-size", type=Size(), default="10MB", metavar="SIZE", help="Begin a new log file at. Default: 10MB."
)
@click.option(
    "--log-files",
    type=click.IntRange(2),
    default=5,
    metavar="N",
    help="Log files to keep: PATH, PATH.1, ... Default: 5.",
)
@click.option(
    "--resume", metavar="ID", help="Go on with a stopped or killed session; takes no session option beside it."
)
@click.option("--tui", is_flag=True, help="Show it in the terminal UI; it runs as a process of its own.")
@db_option
@json_option
@click.pass_context
def run(context: click.Context, /, **options: Any) -> None:
    """Runs a paper session: candles in, strategies asked, orders filled with paper money, all of it kept.

    With nothing said it runs the demo: a simulated market of 3 symbols, a handful of strategies and a fusion. Options
    override the session file. A backtest is `papertape run --feed replay --source FILE`.

    \b
    Examples:
      papertape run --bars 2000
      papertape run --feed replay --source candles/ --strategy ema-cross:fast=8 --strategy breakout.py
      papertape run session.toml --cash 50000 --json
      papertape run session.toml --pace 600x --tui
    """
    if options["tui"] and options["as_json"]:
        raise click.UsageError("--tui shows the session, --json prints what it came to: leave one of them out")
    log = (options["log_file"], options["log_format"], options["log_file_size"], options["log_files"])
    if options["resume"] is not None:
        given = [
            param.opts[0] if param.opts[0].startswith("-") else "SESSION.toml"
            for param in context.command.params
            if param.name not in RESUME_TAKES
            and param.expose_value
            and context.get_parameter_source(str(param.name)) is click.core.ParameterSource.COMMANDLINE
        ]
        if given:
            raise click.UsageError(f"--resume goes on with the session as it was: leave out {', '.join(given)}")
    config = None if options["resume"] is not None else read_options(options)
    if options["tui"]:
        from papertape.cli.tui import run_in_screen

        run_in_screen([each for each in context.meta[GIVEN] if each not in NOT_FOR_A_HOST], options["db"])
        return
    from papertape.cli.log_file import log_file
    from papertape.cli.session import resume_session, run_session

    with log_file(*log):
        if config is None:
            document = resume_session(options["resume"], options)
        else:
            document = run_session(config, options)
    if options["as_json"]:
        print_json(document)


def read_options(options: dict[str, Any]) -> "SessionConfig":
    """The configuration that the session file and the options over it say. Raises `ConfigError`."""
    from papertape.cli.demo import FUSION, STRATEGIES
    from papertape.cli.session_file import read_file
    from papertape.contract.errors import ConfigError
    from papertape.engine.config import SessionConfig, Spec, read_config

    document = read_file(options["file"]) if options["file"] else {}
    config = read_config(document, SessionConfig())
    changes: dict[str, Any] = {
        key: options[key] for key in ("cash", "fee_bps", "bars", "seed", "allow_demote") if options[key] is not None
    }
    for key, option in (("strategies", "strategy"), ("fusion", "fusion"), ("risk", "risk")):
        if options[option]:
            changes[key] = [_absolute(spec) for spec in options[option]]
    if options["sizer"] is not None:
        changes["sizer"] = options["sizer"]
    if options["registry"] is not None:
        place = {**config.models.params, "path": str(Path(options["registry"]).absolute())}
        changes["models"] = {"kind": config.models.kind, **place}
    if options["slippage_bps"] is not None:
        changes["slippage"] = {"kind": "fixed-bps", "bps": str(options["slippage_bps"])}
    feed = _feed(options, config.feed if "feed" in document else Spec("sim"))
    if options["session"] is not None:
        feed, seen = _recorded(options, feed)
        changes.setdefault("bars", seen)
    changes["feed"] = _with_options(options, feed).document()
    config = read_config(changes, config)
    if not config.strategies:
        demo = {"strategies": list(STRATEGIES)}
        if not config.fusion:
            demo["fusion"] = [FUSION]
        config = read_config(demo, config)
    if config.feed.kind == "exchange" and options["pace"] != "max":
        raise ConfigError("--pace is for recorded and simulated candles: a live market has its own")
    if config.feed.kind == "sim" and config.bars is None and config.feed.params.get("batches") is None:
        config = read_config({"bars": 10_000}, config)
    return config


def _absolute(spec: str) -> str:
    """A strategy file by its whole path, so that the session can be resumed from anywhere."""
    file, is_file, params = spec.partition(".py")
    return f"{Path(f'{file}.py').absolute()}{params}" if is_file and params[:1] in ("", ":") else spec


def _feed(options: dict[str, Any], configured: "Spec") -> "Spec":
    """The feed that is meant: the one --feed names, replay where there is only a --source, else the session file's."""
    from papertape.engine.config import Spec, parse_spec

    if options["feed"] is None:
        meant = "replay" if options["source"] else "exchange" if options["exchange"] else configured.kind
        return Spec(meant) if configured.kind == "sim" != meant else configured
    named = parse_spec(options["feed"])
    return named if named.kind != configured.kind else Spec(named.kind, {**configured.params, **named.params})


def _recorded(options: dict[str, Any], feed: "Spec") -> "tuple[Spec, int]":
    """The feed of the recorded session that --session names, and how many batches of it there were."""
    from papertape.cli.session import recorded_feed
    from papertape.contract.errors import ConfigError

    if feed.kind != "replay":
        raise ConfigError("--session replays a recorded session: say --feed replay with it")
    return recorded_feed(options["session"], options["db"])


def _with_options(options: dict[str, Any], feed: "Spec") -> "Spec":
    """The feed with what the other options say over its parameters."""
    from papertape.engine.config import Spec

    named = {
        "sources": [str(Path(source).absolute()) for source in options["source"]] or None,
        "symbols": list(options["symbol"]) or None,
        **{key: options[key] for key in ("exchange", "timeframe", "start", "end", "warmup", "on_bad_row")},
    }
    return Spec(feed.kind, {**feed.params, **{key: value for key, value in named.items() if value is not None}})
