"""What the server asks of an exchange's protocol: pure translations between a view of the truth and messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from tests.loopback.candles import Candle, Trade
from tests.loopback.truth import View

Json = Any  # what json.dumps takes


class Answer(NamedTuple):
    """A REST answer."""

    payload: Json
    status: int = 200


class Topic(NamedTuple):
    """One thing that a socket subscribes to; `timeframe` is for candles."""

    kind: Literal["candle", "trade", "mark"]
    symbol: str
    timeframe: str = ""
    name: str = ""  # the protocol's own


class Beat(NamedTuple):
    """A moment in the life of every candle of the base timeframe: `at` is a fraction of it, `after` ms come on top.

    What is sent at the `final` one is meant to be the candle's last word.
    """

    at: float
    after: int = 0
    final: bool = False


@dataclass(frozen=True)
class Heard:
    """What follows from a client's message: replies at once, and a change in what its socket subscribes to."""

    replies: tuple[Json, ...] = ()
    added: tuple[Topic, ...] = ()
    removed: tuple[Topic, ...] = ()


class ExchangeProtocol(Protocol):
    """One exchange's REST and websocket, as its public documentation has them."""

    beats: tuple[Beat, ...]
    says_closed: bool
    """Whether an update says that its candle has closed; where not, the stream is still while nothing trades."""
    heartbeat: Json | None
    """Sent on every socket now and then, whether or not anything trades; None where that is a ping."""
    alive_every: int
    """Ms between two of them."""

    def ccxt_options(self, host: str) -> dict[str, Any]:
        """What makes the real ccxt client of this exchange talk to `host` (address and port)."""

    def answer(self, path: str, query: Mapping[str, str], view: View) -> Answer | None:
        """The answer to a REST request, None where there is no such path."""

    def greeting(self, view: View) -> tuple[Json, ...]:
        """What a new socket gets first."""

    def hear(self, message: Json, view: View) -> Heard:
        """What a client's websocket message does."""

    def candle(self, topic: Topic, candle: Candle, closed: bool, view: View) -> Json:
        """A candle's update on the stream."""

    def trade(self, topic: Topic, trade: Trade, view: View) -> Json:
        """A trade on the stream."""

    def mark(self, topic: Topic, view: View) -> Json:
        """The mark price on the stream."""

    def too_many(self, ended: int) -> Json:
        """What goes with HTTP 429 and 418 until `ended`, ms UTC."""
