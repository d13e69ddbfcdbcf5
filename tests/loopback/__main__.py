"""The loopback exchange as a process of its own: `python -m tests.loopback --port-file F --began MS ...`.

Over HTTP, `/control/freeze` stops its clock, `/control/thaw` starts it again, `/control/set?now=MS` sets it, and
`/control/clock` only tells the time; every answer has it, and how many requests and faults there were.
"""

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.loopback.clock import StoppableClock
from tests.loopback.faults import schedule
from tests.loopback.server import PROTOCOLS, Loopback
from tests.loopback.sources import walk


def main() -> None:
    """Serves until SIGTERM or SIGINT; the port file holds what `Loopback.ccxt_options` gives, and the host."""
    parser = argparse.ArgumentParser(description="An exchange on a port of 127.0.0.1, for the real ccxt client.")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="binance")
    parser.add_argument("--symbols", default="BTC/USDT", help="with commas between")
    parser.add_argument("--timeframe", default="1m", help="of the shortest candles")
    parser.add_argument("--seed", type=int, default=0, help="of the market, and of the faults if there are some")
    parser.add_argument("--speed", type=float, default=600.0, help="how many times as fast as the machine's clock")
    parser.add_argument("--began", type=int, required=True, help="what the clock says at the start, ms UTC")
    parser.add_argument("--count", type=int, default=240, help="candles from then on")
    parser.add_argument("--history", type=int, default=120, help="candles before")
    parser.add_argument("--quiet", type=float, default=0.02, help="share of candles without a trade")
    parser.add_argument("--faults", type=float, default=0.0, help="intensity of a schedule of them")
    parser.add_argument("--frozen", action="store_true", help="the clock stands still until /control/thaw")
    parser.add_argument("--port-file", type=Path, required=True, help="written once the exchange listens")
    asyncio.run(_serve(parser.parse_args()))


async def _serve(asked: argparse.Namespace) -> None:
    symbols = asked.symbols.split(",")
    truth = walk(symbols, asked.began, asked.count, asked.history, asked.timeframe, asked.seed, asked.quiet)
    faults = schedule(asked.seed, asked.began, truth.ended, symbols, asked.faults) if asked.faults else ()
    clock = StoppableClock(asked.began, asked.speed)
    if asked.frozen:
        clock.freeze()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Loopback(truth, clock, asked.protocol, faults) as exchange:
        written = asked.port_file.with_suffix(".part")
        written.write_text(json.dumps({"host": exchange.host, "ccxt": exchange.ccxt_options()}))
        written.replace(asked.port_file)
        await stopped.wait()


if __name__ == "__main__":
    main()
