"""What happens in sessions that are disturbed, counted while several of them run at a time."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from table import table


@dataclass
class Tally:
    """What happened, over all sessions of one kind of disturbance."""

    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: str, count: int = 1) -> int:
        with self.lock:
            self.counts[what] += count
            return self.counts[what]


def shown(title: str, tally: Tally, seconds: float) -> str:
    rows = [
        [what, f"{count:,}"]
        for what, count in sorted(tally.counts.items(), key=lambda item: item[0].startswith("said"))
    ]
    return table([title, "count"], [*rows, ["seconds", f"{seconds:.0f}"]]) + "\n"


def side_by_side(jobs: int, seed: str, enough: Callable[[], bool], session: Callable[[random.Random], None]) -> None:
    """Runs sessions one after the other in `jobs` threads, each with chances of its own, until there is enough; raises
    what the first that failed has raised."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        try:
            while not failures and not enough():
                session(chance)
        except BaseException as error:  # noqa: BLE001  # raised again below, outside the thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
