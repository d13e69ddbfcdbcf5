"""What goes wrong, from when to when: a seeded schedule of faults as values.  The server and the stream apply them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from tests.loopback.candles import Candle, final
from tests.loopback.truth import Amendment, Truth

from papertape.market.timeframe import align

Kind = Literal[
    "refused",  # connections are refused and all that stand are reset
    "reset",  # sockets are reset, and every request once it is read
    "half-open",  # connections are accepted, then silence; they are reset at the end
    "slow",  # one byte per second of the clock, then reset at the end
    "unavailable",  # HTTP `amount`, a 5xx
    "limited",  # HTTP 429 with Retry-After
    "banned",  # HTTP 418 with Retry-After
    "cut",  # half a frame, half a body, then reset
    "bad json",
    "bad utf-8",
    "oversized",  # one message of 11 MB on each socket
    "closed",  # the forced close that comes every 24 hours: a close frame
    "mute",  # sockets live and answer pings, and nothing else comes
    "silent",  # as mute, for one symbol
    "unclosed",  # the stream never says that a candle has closed
    "duplicate",  # the stream says it three times
    "late",  # the stream says it `amount` ms late
    "shuffled",  # the stream says it after the next candle's, and repeats an older forming one
    "amended",  # `amount` ms after its close a candle gets other values, for good
    "disagreeing",  # what the stream says of a closed candle is not what REST says
    "lagging",  # a closed candle appears in REST `amount` ms late
    "skewed",  # the exchange's times are `amount` ms off
    "jumping",  # the exchange's times are `amount` ms off, now ahead and now behind
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Where = Literal["both", "rest", "stream"]

SECOND = 1000
CALM = 6 * 60 * SECOND
"""Nothing is wrong during the last ms of a schedule, so that a feed can become whole again."""

# Shortest and longest duration and amount in ms (for "unavailable" the statuses), and whether it strikes one symbol.
_SHAPES: dict[Kind, tuple[tuple[int, int], tuple[int, ...], bool]] = {
    "refused": ((5 * SECOND, 120 * SECOND), (), False),
    "reset": ((1 * SECOND, 60 * SECOND), (), False),
    "half-open": ((20 * SECOND, 150 * SECOND), (), False),
    "slow": ((20 * SECOND, 120 * SECOND), (), False),
    "unavailable": ((5 * SECOND, 120 * SECOND), (500, 502, 503, 504), False),
    "limited": ((5 * SECOND, 60 * SECOND), (), False),
    "banned": ((60 * SECOND, 180 * SECOND), (), False),
    "cut": ((1 * SECOND, 60 * SECOND), (), False),
    "bad json": ((1 * SECOND, 60 * SECOND), (), False),
    "bad utf-8": ((1 * SECOND, 60 * SECOND), (), False),
    "oversized": ((1 * SECOND, 5 * SECOND), (), False),
    "closed": ((1 * SECOND, 1 * SECOND), (), False),
    "mute": ((60 * SECOND, 240 * SECOND), (), False),
    "silent": ((60 * SECOND, 300 * SECOND), (), True),
    "unclosed": ((60 * SECOND, 300 * SECOND), (), True),
    "duplicate": ((60 * SECOND, 600 * SECOND), (), True),
    "late": ((60 * SECOND, 300 * SECOND), (2 * SECOND, 20 * SECOND, 50 * SECOND, 90 * SECOND), True),
    "shuffled": ((60 * SECOND, 300 * SECOND), (), True),
    "amended": ((60 * SECOND, 60 * SECOND), (5 * SECOND, 90 * SECOND, 400 * SECOND), True),
    "disagreeing": ((60 * SECOND, 300 * SECOND), (), True),
    "lagging": ((60 * SECOND, 300 * SECOND), (1 * SECOND, 3 * SECOND, 8 * SECOND), True),
    "skewed": ((60 * SECOND, 900 * SECOND), (-90 * SECOND, -3 * SECOND, 3 * SECOND, 90 * SECOND), False),
    "jumping": ((60 * SECOND, 300 * SECOND), (5 * SECOND, 3600 * SECOND), False),
}
_TRANSPORT: tuple[Kind, ...] = (
    "reset", "half-open", "slow", "unavailable", "limited", "banned", "cut", "bad json", "bad utf-8",
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """Something is wrong from `began` to before `ended`, exchange time in ms UTC.

    `symbol` None strikes all of them.  `where` limits a fault of the transport to REST or to the websocket.
    What `amount` is, the kind says.
    """

    kind: Kind
    began: int
    ended: int
    symbol: str | None = None
    where: Where = "both"
    amount: int = 0

    def strikes(self, now: int, where: Where = "both", symbol: str | None = None) -> bool:
        """Whether it is wrong now, there, and for that symbol."""
        return (
            self.began <= now < self.ended
            and (where == "both" or self.where in ("both", where))
            and (symbol is None or self.symbol in (None, symbol))
        )


def schedule(
    seed: int, began: int, ended: int, symbols: Sequence[str], intensity: float = 1.0, kinds: Sequence[Kind] = KINDS
) -> tuple[Fault, ...]:
    """Faults between `began` and `ended` (ms UTC), about twenty an hour times `intensity`; the same seed is the same.

    Several can strike at once.  All end `CALM` ms before `ended`; raises ValueError where that leaves no time.
    """
    last = ended - CALM
    if last <= began:
        raise ValueError(f"a schedule of {ended - began} ms leaves no time for faults: {CALM} ms of it are calm")
    chance = Random(f"faults {seed}")
    count = max(1, round((last - began) / (180 * SECOND) * intensity))
    faults = [_drawn(chance, chance.choice(kinds), began, last, symbols) for _ in range(count)]
    return tuple(sorted(faults, key=lambda fault: (fault.began, fault.ended, fault.kind)))


def _drawn(chance: Random, kind: Kind, began: int, last: int, symbols: Sequence[str]) -> Fault:
    (shortest, longest), amounts, one_symbol = _SHAPES[kind]
    at = chance.randrange(began, last)
    ended = min(at + chance.randint(shortest, longest), last)
    amount = chance.choice(amounts) if amounts else 0
    symbol = chance.choice([*symbols, None]) if one_symbol else None
    where: Where = chance.choice(("both", "rest", "stream")) if kind in _TRANSPORT else "both"
    return Fault(kind, at, ended, chance.choice(symbols) if kind == "silent" else symbol, where, amount)


def amendments(truth: Truth, faults: Sequence[Fault]) -> tuple[Amendment, ...]:
    """What the faults of kind "amended" make of the truth's candles that close while they strike."""
    return tuple(
        Amendment(symbol, candle.time + truth.base + fault.amount, other_than(candle))
        for fault in faults
        if fault.kind == "amended"
        for symbol in (truth.markets if fault.symbol is None else (fault.symbol,))
        for candle in truth.candles(
            symbol, truth.timeframe, align(fault.began, truth.timeframe) - truth.base,
            align(fault.ended - 1, truth.timeframe) - truth.base, truth.ended,
        )
        if fault.strikes(candle.time + truth.base)
    )  # fmt: skip


def other_than(candle: Candle) -> Candle:
    """A candle like it with another close, high and volume."""
    close = candle.close + 3
    return final(
        candle.time, candle.open, max(candle.high, close) + 1, candle.low, close, candle.volume + 40
    )  # fmt: skip


def skew(faults: Sequence[Fault], now: int) -> int:
    """How many ms the exchange's own time is off at `now`."""
    return sum(
        fault.amount if fault.kind == "skewed" else fault.amount * (-1) ** (now // (5 * SECOND))
        for fault in faults
        if fault.kind in ("skewed", "jumping") and fault.strikes(now)
    )


def lags(faults: Sequence[Fault], now: int, symbols: Iterable[str]) -> dict[str, int]:
    """How many ms late a closed candle appears in REST at `now`, of each symbol where it does."""
    return {
        symbol: fault.amount
        for fault in faults
        for symbol in symbols
        if fault.kind == "lagging" and fault.strikes(now, symbol=symbol)
    }


def contradicted(candle: Candle) -> Candle:
    """What a stream that disagrees with REST says of the candle."""
    return candle._replace(low=candle.low - 2, close=candle.close - 2, volume=candle.volume + 7)
