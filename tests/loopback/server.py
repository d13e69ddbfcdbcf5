"""A whole exchange on a port of 127.0.0.1, which the real ccxt client takes for Binance or Kraken.

```python
truth = walk(["BTC/USDT", "ETH/USDT"], began=BEGAN, count=90, seed=1)
clock = PatientClock(BEGAN, speed=1000)
with LoopbackThread(truth, clock, "binance", schedule(1, BEGAN, BEGAN + 3_600_000, list(truth.markets))) as exchange:
    feed = {"kind": "exchange", "exchange": "binance", "ccxt": exchange.ccxt_options()}
```
"""

import asyncio
import json
import math
import threading
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Literal, Self, get_args

from aiohttp import WSMsgType, web
from tests.loopback import wire
from tests.loopback.binance import Binance
from tests.loopback.clock import StoppableClock, until
from tests.loopback.faults import SECOND, Fault, Kind, Where, amendments, lags, skew
from tests.loopback.kraken import Kraken
from tests.loopback.protocol import ExchangeProtocol
from tests.loopback.sockets import Socket
from tests.loopback.stream import Stream
from tests.loopback.truth import Truth, View

from papertape.feeds.exchange.clock import Clock

ProtocolName = Literal["binance", "binanceusdm", "kraken"]
PROTOCOLS: tuple[ProtocolName, ...] = get_args(ProtocolName)
SHORTEST_TIMEOUT = 300
"""Ms of the machine that a client waits at least for an answer, however fast the clock goes."""
SURE_TIMEOUT = 60_000
"""Ms of the machine that it waits where every request has its answer: only a machine that stalls takes long."""


def protocol_of(name: ProtocolName, truth: Truth) -> ExchangeProtocol:
    """The protocol of the ccxt exchange of this name."""
    return Kraken(truth) if name == "kraken" else Binance(truth, perpetual=name == "binanceusdm")


class Loopback:
    """The exchange in this event loop: `async with Loopback(truth, clock, "binance") as exchange`.

    Counts requests by path, websockets opened, and how often a fault of each kind was applied.
    """

    def __init__(
        self, truth: Truth, clock: Clock, protocol: ProtocolName = "binance", faults: Sequence[Fault] = ()
    ) -> None:
        self.truth = truth.amended(amendments(truth, faults))
        self.clock = clock
        self.faults = tuple(faults)
        self.requests: Counter[str] = Counter()
        self.applied: Counter[Kind] = Counter({"amended": len(self.truth.amendments)})
        self.sockets_opened = 0
        self.struck = 0
        """Until when (ms UTC) what happens at the beginning and the end of faults has been done."""
        self._protocol = protocol_of(protocol, self.truth)
        self._stream = Stream(self.truth, clock, self._protocol, self.faults, self._count)

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/control/{order}", self._control)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._port = wire.Port()
        self._runner = web.AppRunner(application, shutdown_timeout=0.05, access_log=None)
        await self._runner.setup()
        self._site: web.SockSite | None = None
        await self._listen()
        self._tasks = [asyncio.create_task(self._stream.run()), asyncio.create_task(self._strike())]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:  # fmt: skip
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._reset_all()
        await self._runner.cleanup()
        self._port.close()
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    @property
    def host(self) -> str:
        """Address and port."""
        return f"127.0.0.1:{self._port.number}"

    def ccxt_options(self) -> dict[str, Any]:
        """The `ccxt` table of a feed's configuration: nested `urls`, and what ccxt's constructor takes."""
        silent = any(fault.kind in ("half-open", "slow") for fault in self.faults)
        shortest = SHORTEST_TIMEOUT if silent else SURE_TIMEOUT
        timeout = max(shortest, math.ceil(self.clock.seconds(10 * SECOND) * 1000))
        # Without encryption there is nothing to wait for after closing.
        return {
            "enableRateLimit": False,
            "timeout": timeout,
            "timeout_on_exit": 1,
            **self._protocol.ccxt_options(self.host),
        }

    @property
    def sockets_open(self) -> int:
        """How many websockets there are now."""
        return len(self._stream.sockets)

    @property
    def listened_to(self) -> bool:
        """Whether somebody has subscribed to something."""
        return any(socket.topics for socket in self._stream.sockets)

    def view(self) -> View:
        """What the exchange shows now."""
        now = self.clock.now()
        for fault in self.faults:
            if fault.kind in ("lagging", "skewed", "jumping") and fault.strikes(now):
                self._count(fault.kind)
        return View(self.truth, now, now + skew(self.faults, now), lags(self.faults, now, self.truth.markets))

    def _count(self, kind: Kind) -> None:
        self.applied[kind] += 1

    async def _listen(self) -> None:
        self._site = web.SockSite(self._runner, self._port.listener())
        await self._site.start()

    def _reset_all(self) -> None:
        for socket in self._stream.sockets:
            socket.reset()
        assert self._runner.server is not None
        for connection in list(self._runner.server.connections):
            wire.reset(connection.transport)

    async def _strike(self) -> None:
        """Does what happens at the beginning and at the end of a fault, to all connections at once."""
        for time in sorted({time for fault in self.faults for time in (fault.began, fault.ended)}):
            await until(self.clock, time)
            refused = [fault for fault in self.faults if fault.kind == "refused" and fault.strikes(time)]
            if refused and self._site:
                self._count("refused")
                await self._site.stop()
                self._site = None
                self._reset_all()
            elif not refused and self._site is None:
                await self._listen()
            for fault in self.faults:
                if fault.began == time and fault.where != "rest" and fault.kind in ("reset", "closed"):
                    self._count(fault.kind)
                    for socket in self._stream.sockets:
                        if fault.kind == "reset":
                            socket.reset()
                        else:
                            socket.close(1001, "24 hours are over")
                if fault.ended == time and fault.where != "rest" and fault.kind in ("half-open", "slow"):
                    for socket in self._stream.sockets:
                        socket.reset()
            self.struck = time

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests[request.path] += 1
        try:
            return await self._answered(request)
        except ConnectionResetError:
            return web.Response()  # the client has gone, and nobody reads this

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        streaming = request.headers.get("Upgrade", "").lower() == "websocket"
        where: Where = "stream" if streaming else "rest"
        now = self.clock.now()
        struck = [fault for fault in self.faults if fault.where in ("both", where) and fault.strikes(now)]
        for fault in struck:
            if refusal := await self._refused(fault, request, streaming):
                return refusal
        if streaming:
            return await self._socket(request)
        answer = self._protocol.answer(request.path, request.query, self.view())
        if answer is None:
            return web.json_response({"code": -1, "msg": f"no path {request.path}"}, status=404)
        body = json.dumps(answer.payload, separators=(",", ":")).encode()
        for fault in struck:
            match fault.kind:
                case "cut" | "slow":
                    self._count(fault.kind)
                    return await self._partly(fault, request, body)
                case "bad json":
                    self._count(fault.kind)
                    body = wire.malformed(body)
                case "bad utf-8":
                    self._count(fault.kind)
                    body = wire.misencoded(body)
        return web.Response(body=body, status=answer.status, content_type="application/json")

    async def _refused(self, fault: Fault, request: web.Request, streaming: bool) -> web.StreamResponse | None:
        """The answer in place of one, None where the fault lets the request pass."""
        left = fault.ended - self.clock.now()
        match fault.kind:
            case "reset":
                self._count(fault.kind)
                wire.reset(request.transport)
                return web.Response()
            case "half-open":
                self._count(fault.kind)
                await until(self.clock, fault.ended)
                wire.reset(request.transport)
                return web.Response()
            case "unavailable":
                self._count(fault.kind)
                return web.Response(status=fault.amount, text="<html>the exchange is down</html>")
            case "limited" | "banned":
                self._count(fault.kind)
                # ccxt itself waits out what a refused handshake says, in seconds of the machine.
                seconds = format(self.clock.seconds(left), ".3f") if streaming else str(math.ceil(left / SECOND))
                return web.json_response(
                    self._protocol.too_many(fault.ended),
                    status=429 if fault.kind == "limited" else 418,
                    headers={"Retry-After": seconds},
                )
        return None

    async def _partly(self, fault: Fault, request: web.Request, body: bytes) -> web.StreamResponse:
        """Begins an answer: half of it, or one byte a second until the fault ends, and then a reset."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(body)
        await response.prepare(request)
        if fault.kind == "cut":
            await response.write(wire.halves(body))
            await asyncio.sleep(0.002)  # a reset throws away what is unsent, and the half is to arrive
        else:
            async for byte in wire.slowly(body, self.clock, fault.ended):
                await response.write(byte)
        wire.reset(request.transport)
        return response

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        response = web.WebSocketResponse(autoping=False, compress=False)
        await response.prepare(request)
        assert request.transport is not None
        socket = Socket(request.transport, self.faults, self.clock, self.applied)
        self.sockets_opened += 1
        self._stream.sockets.add(socket)
        try:
            for message in self._protocol.greeting(self.view()):
                socket.say(message)
            async for received in response:
                if received.type is WSMsgType.PING:
                    socket.pong(received.data)
                elif received.type is WSMsgType.TEXT:
                    heard = self._protocol.hear(json.loads(received.data), self.view())
                    socket.topics |= set(heard.added)
                    socket.topics -= set(heard.removed)
                    for reply in heard.replies:
                        socket.say(reply)
        finally:
            self._stream.sockets.discard(socket)
            socket.left()
        return response

    async def _control(self, request: web.Request) -> web.Response:
        """`/control/freeze`, `/control/thaw`, `/control/set?now=MS`, and `/control/clock`, which only tells."""
        order = request.match_info["order"]
        if order != "clock":
            if not isinstance(self.clock, StoppableClock):
                return web.Response(status=409, text="this exchange's clock cannot be stopped or set")
            match order:
                case "freeze":
                    self.clock.freeze()
                case "thaw":
                    self.clock.thaw()
                case "set":
                    self.clock.set(int(request.query["now"]))
                case _:
                    return web.Response(status=404, text=f"there is no {request.path}")
        counted = {"requests": self.requests, "applied": self.applied, "sockets_opened": self.sockets_opened}
        return web.json_response({"now": self.clock.now(), **counted})


class LoopbackThread(Loopback):
    """The exchange in a thread of its own: `with LoopbackThread(truth, clock, "binance") as exchange`."""

    def __enter__(self) -> Self:
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="loopback exchange", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failed:
            raise self._failed
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()
        if self._failed:
            raise self._failed

    def _run(self) -> None:
        try:
            asyncio.run(self._until_stopped())
        except BaseException as error:  # noqa: BLE001  # it is the other thread's to raise
            self._failed = error
        finally:
            self._ready.set()

    async def _until_stopped(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        async with self:
            self._ready.set()
            await self._stopped.wait()
