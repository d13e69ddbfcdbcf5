"""What the exchange sends on its websockets, and when: forming and closed candles, trades, signs of life."""

import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count

from tests.loopback.candles import TRADE_AT
from tests.loopback.clock import until
from tests.loopback.faults import SECOND, Fault, Kind, contradicted, skew
from tests.loopback.protocol import Beat, ExchangeProtocol, Json, Topic
from tests.loopback.sockets import Socket
from tests.loopback.truth import Truth, View

from papertape.feeds.exchange.clock import Clock
from papertape.market.timeframe import align, period

REPEATED = 10 * SECOND  # after which a duplicate comes once more, while the next candle forms


class Stream:
    """Tells every socket what it subscribes to, candle by candle, until the truth ends."""

    def __init__(self, truth: Truth, clock: Clock, protocol: ExchangeProtocol, faults: Sequence[Fault],
                 count_applied: Callable[[Kind], None]) -> None:  # fmt: skip
        self.sockets: set[Socket] = set()
        self._truth = truth
        self._clock = clock
        self._protocol = protocol
        self._faults = faults
        self._count_applied = count_applied
        self._later: list[tuple[int, int, Topic, bytes]] = []
        self._order = count()

    async def run(self) -> None:
        """Sends until the truth ends, beginning with the candle that forms now."""
        first = max(align(self._clock.now(), self._truth.timeframe), self._truth.began)
        for opened in range(first, self._truth.ended, self._truth.base):
            for time, act in sorted(self._moments(opened), key=lambda moment: moment[0]):
                await self._release(time)
                await until(self._clock, time)
                act(time)

    def _moments(self, opened: int) -> Iterator[tuple[int, Callable[[int], None]]]:
        base = self._truth.base
        for beat in self._protocol.beats:
            yield opened + int(beat.at * base) + beat.after, partial(self._beat, opened, beat)
        for at in TRADE_AT:
            yield opened + int(at * base), self._trade
        for time in range(opened, opened + base, self._protocol.alive_every):
            yield time, self._live

    def _beat(self, opened: int, beat: Beat, time: int) -> None:
        for topic in self._topics("candle"):
            self._candle(topic, opened, beat, time)
        for topic in self._topics("mark"):
            self._tell(topic, self._protocol.mark(topic, self._view(time)), time)

    def _candle(self, topic: Topic, opened: int, beat: Beat, time: int) -> None:
        """What is said at this beat of the base candle that opens at `opened`, of the topic's candle that holds it."""
        symbol, closes = topic.symbol, opened + self._truth.base
        last_word = beat.final and align(closes, topic.timeframe) == closes
        said_closed = last_word and self._protocol.says_closed
        number = (opened - self._truth.began) // self._truth.base
        if not self._truth.markets[symbol].candles[number].trades and not said_closed:
            return
        first = align(opened, topic.timeframe)
        candle = self._truth.candle(symbol, topic.timeframe, first, time)
        if not last_word:
            self._tell(topic, self._protocol.candle(topic, candle, False, self._view(time)), time)
            return
        if self._strikes("disagreeing", time, symbol):
            candle = contradicted(candle)
        message = self._protocol.candle(topic, candle, said_closed, self._view(time))
        if self._strikes("shuffled", time, symbol):
            length = period(topic.timeframe)
            self._tell(topic, message, time + length + SECOND)
            older = self._truth.candle(
                symbol, topic.timeframe, max(first - length, self._truth.began), first - length // 2
            )
            self._tell(topic, self._protocol.candle(topic, older, False, self._view(time)), time)
        elif late := self._strikes("late", time, symbol):
            self._tell(topic, message, time + late.amount)
        elif not self._strikes("unclosed", time, symbol):
            self._tell(topic, message, time)
            if self._strikes("duplicate", time, symbol):
                self._tell(topic, message, time + 1)
                self._tell(topic, message, time + REPEATED)

    def _trade(self, time: int) -> None:
        for topic in self._topics("trade"):
            for trade in self._truth.trades(topic.symbol, time, time + 1):
                self._tell(topic, self._protocol.trade(topic, trade, self._view(time)), time)

    def _live(self, time: int) -> None:
        """A sign of life on every socket."""
        for socket in self.sockets:
            if self._protocol.heartbeat is None:
                socket.ping()
            else:
                socket.say(self._protocol.heartbeat)

    def _tell(self, topic: Topic, message: Json, due: int) -> None:
        """Sends the message, by one who is at time `due` or, where that is yet to come, then."""
        payload = json.dumps(message, separators=(",", ":")).encode()
        if due > self._clock.now():
            heapq.heappush(self._later, (due, next(self._order), topic, payload))
        elif not self._strikes("silent", due, topic.symbol):
            for socket in self.sockets:
                if topic in socket.topics:
                    socket.publish(payload)

    async def _release(self, time: int) -> None:
        """Sends what was held back until `time` at the latest, each at its own time."""
        while self._later and self._later[0][0] <= time:
            due, _, topic, payload = heapq.heappop(self._later)
            await until(self._clock, due)
            for socket in self.sockets:
                if topic in socket.topics:
                    socket.publish(payload)

    def _topics(self, kind: str) -> set[Topic]:
        return {topic for socket in self.sockets for topic in socket.topics if topic.kind == kind}

    def _view(self, time: int) -> View:
        return View(self._truth, time, time + skew(self._faults, time))

    def _strikes(self, kind: Kind, time: int, symbol: str) -> Fault | None:
        for fault in self._faults:
            if fault.kind == kind and fault.strikes(time, symbol=symbol):
                self._count_applied(kind)
                return fault
        return None
