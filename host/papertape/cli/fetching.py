"""`papertape data fetch`: what is asked of which exchange, Ctrl-C on the way, and what it came to."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papertape.cli.output import Progress, print_table, print_text
from papertape.contract.errors import ConfigError
from papertape.market.timeframe import iso, period

if TYPE_CHECKING:
    from papertape.feeds.exchange.history import Fetched, Outcome
    from papertape.store.incoming import Absent

EXAMPLES = 3
"""Gaps that are shown of each symbol, beside the longest."""


def fetched(store: Path, file: str | None, start: int, end: int | None, ask_again: bool, **options: Any) -> "Outcome":
    """Fetches until it is done, fails, or SIGINT or SIGTERM comes. `options`: exchange, symbols and timeframe, over
    those of the session file. Raises `click.Abort` if a signal comes before the first question for candles."""
    from papertape.feeds.exchange.client import Client
    from papertape.feeds.exchange.clock import running
    from papertape.feeds.exchange.history import fetch

    market = _market(file, options)
    exchange, symbols, timeframe = market["exchange"], market["symbols"], market["timeframe"]
    if exchange is None or not symbols:
        raise ConfigError("name the exchange and the symbols, such as --exchange binance --symbol BTC/USDT")
    period(timeframe)

    async def work(progress: Progress) -> "Outcome":
        def show(done: int, total: int) -> None:
            progress.total = total
            progress.update(done)

        client = Client(exchange, market["ccxt"], running())
        try:
            symbols_once = tuple(dict.fromkeys(symbols))
            return await fetch(client, store, symbols_once, timeframe, start, end, progress.say, show, ask_again)
        finally:
            await client.close()

    async def until_told(progress: Progress) -> "Outcome":
        task, loop = asyncio.ensure_future(work(progress)), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        return await task

    try:
        with Progress("fetch", unit="candles") as progress:
            return asyncio.run(until_told(progress))
    except asyncio.CancelledError:
        raise click.Abort from None


def _market(file: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """Exchange, symbols, timeframe and ccxt's options, as the session file and the options over it say."""
    from papertape.cli.session_file import read_file
    from papertape.engine.config import read_config
    from papertape.feeds.exchange.feed import ExchangeFeed

    said: dict[str, Any] = {}
    if file is not None:
        feed = read_config(read_file(file)).feed
        if feed.kind != "exchange":
            raise ConfigError(f"session file {file} follows no exchange, its feed is {feed.kind}; leave it out")
        said = dict(feed.params)
    said |= {key: value for key, value in options.items() if value}
    params = ExchangeFeed.params()
    return {
        key: params[key].check(said.get(key, params[key].default), "exchange")
        for key in ("exchange", "symbols", "timeframe", "ccxt")
    }


def print_fetched(outcome: "Outcome") -> None:
    """Prints what there is now of each symbol, and what is absent."""
    print_table(
        ["exchange", "symbol", "timeframe", "candles added", "candles there now", "from", "to", "absent", "gaps"],
        [
            [*each.name, f"{each.added:,}", f"{each.rows:,}", _iso(each.first_ts), _iso(each.last_ts),
             f"{_candles(each.gaps):,}", f"{len(each.gaps):,}"]
            for each in outcome.fetched
        ],
        "<<<>><<>>",
    )  # fmt: skip
    told = [line for each in outcome.fetched for line in _defects(each)]
    if told:
        print_text("", *told)


def report(store: Path, outcome: "Outcome") -> dict[str, Any]:
    """The same for scripts."""
    status = "stopped" if outcome.stopped else "finished" if outcome.failed is None else "failed"
    return {
        "store": str(store), "status": status, "start_ts": outcome.start, "end_ts": outcome.end,
        "files": [
            {
                "file": str(each.path), **each.name._asdict(), "rows": each.rows, "added": each.added,
                "first_ts": each.first_ts, "last_ts": each.last_ts, "absent": _candles(each.gaps),
                "gaps": len(each.gaps), "first_gaps": [gap._asdict() for gap in each.gaps[:EXAMPLES]],
                "longest_gap": _longest(each.gaps)._asdict() if each.gaps else None,
                "skipped": sum(note.count for note in each.notes),
            }
            for each in outcome.fetched
        ],
    }  # fmt: skip


def _defects(each: "Fetched") -> Iterator[str]:
    """What is not as it should be with a symbol's candles, a line each."""
    if each.gaps:
        first = ", ".join(map(_words, each.gaps[:EXAMPLES])) + (", ..." if len(each.gaps) > EXAMPLES else "")
        longest = f"; the longest: {_words(_longest(each.gaps))}" if len(each.gaps) > 1 else ""
        yield f"{each.name.symbol}: absent are {first}{longest}"
    for note in each.notes:
        yield f"{each.name.symbol}: {note.count:,} that cannot be candles are left out, the first: {note.example}"


def _words(gap: "Absent") -> str:
    return f"{gap.candles:,} from {iso(gap.first_ts)}"


def _longest(gaps: Sequence["Absent"]) -> "Absent":
    return max(gaps, key=lambda gap: gap.candles)


def _candles(gaps: Sequence["Absent"]) -> int:
    return sum(gap.candles for gap in gaps)


def _iso(ts: int | None) -> str | None:
    return None if ts is None else iso(ts)
