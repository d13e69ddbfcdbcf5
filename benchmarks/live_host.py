"""The papertape command line on a loopback exchange's clock: `python live_host.py CLOCK-FILE SPEED run ...`."""

import sys
from pathlib import Path

from live_market import SharedClock

from papertape.cli import cli
from papertape.feeds.exchange.clock import run_on

if __name__ == "__main__":
    file, speed, *arguments = sys.argv[1:]
    run_on(SharedClock(Path(file), float(speed)))
    cli(arguments, prog_name="papertape")
