"""The pace of a session: how fast market time passes in one that is not live; held still, and stepped.

It is no part of any decision, so none of the digest: a fold of the tape reads no entry of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from papertape.contract.errors import ConfigError

HELD: Final = 0.0
"""The speed of a session that stands still until it is told to step or to go on."""
COMMANDS: Final = ("pace", "step")
"""Commands that concern the pace alone."""
_NAMED: Final[Mapping[str, float | None]] = {"max": None, "realtime": 1.0, "hold": HELD}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast market time passes: `speed` times real time, `HELD` for not at all, None for as fast as possible.
    `commit_every`: batches per commit, None for the clock to decide; never less durable, only more or less often."""

    speed: float | None = None
    commit_every: int | None = None


FULL: Final = Pace()


def read_pace(text: object) -> float | None:
    """The speed that a pace means. Raises `ConfigError` for a text that is none.

    >>> read_pace("60x"), read_pace("realtime"), read_pace("max"), read_pace("hold")
    (60.0, 1.0, None, 0.0)
    """
    word = str(text).strip()
    if word in _NAMED:
        return _NAMED[word]
    try:
        speed = float(word.removesuffix("x"))
    except ValueError:
        speed = -1.0
    if not 0 < speed < inf:
        raise ConfigError(f"{word!r} is no pace: say max, realtime, hold, or a multiple of real time such as 60x")
    return speed


def pace_word(speed: float | None) -> str:
    """A speed as `read_pace` reads it.

    >>> pace_word(60.0), pace_word(None), pace_word(2.5)
    ('60x', 'max', '2.5x')
    """
    named = next((word for word, known in _NAMED.items() if known == speed), None)
    return named or f"{speed:.12g}x"


class Pacing:
    """The pace of a run as it is now. `steps`: batches that may still be taken while it is held."""

    def __init__(self, speed: float | None) -> None:
        self.speed = speed
        self.steps = 0
        self._anchor: tuple[float, int] | None = None  # a clock's reading, and the market time that goes with it

    def obey(self, command: Mapping[str, Any]) -> None:
        """Carries out a command of `COMMANDS`: another `pace`, or a `step`, after which the session is held. Raises
        `ConfigError` for what is no pace."""
        if command["command"] == "step":
            self.steps += 1
            self.speed = HELD
        else:
            self.speed = read_pace(command.get("pace"))
            self.steps = 0
        self._anchor = None

    def wait(self, due: int, clock: float) -> float:
        """Seconds from `clock` (monotonic) until the batch that closes at `due` (ms UTC) may be taken; 0 or less: now.
        The first batch after a change of pace may be taken at once, and market time runs on from there."""
        if self.speed is None:
            return 0.0
        if self.speed == HELD:
            return 0.0 if self.steps else inf
        if self._anchor is None:
            self._anchor = clock, due
        began, first = self._anchor
        return began + (due - first) / 1000 / self.speed - clock

    def took(self) -> None:
        """A batch has been taken."""
        self.steps = max(0, self.steps - 1)
