"""The websockets that are open: what each subscribes to, and how a message reaches it, or does not."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence

from tests.loopback import wire
from tests.loopback.faults import Fault, Kind
from tests.loopback.protocol import Json, Topic

from papertape.feeds.exchange.clock import Clock

MOST_UNREAD = 4 * 1024 * 1024
"""Bytes that wait for a client that does not read; then its socket is reset."""


class Socket:
    """One client's websocket."""

    def __init__(self, transport: asyncio.Transport, faults: Sequence[Fault], clock: Clock, applied: Counter[Kind]):
        self.topics: set[Topic] = set()
        self._transport = transport
        self._faults = [fault for fault in faults if fault.where != "rest"]
        self._clock = clock
        self._applied = applied
        self._struck: set[Fault] = set()
        self._dribbling: asyncio.Task[None] | None = None

    def say(self, message: Json) -> None:
        """A reply, or a sign of life: it comes through while the socket is mute."""
        self._send(json.dumps(message, separators=(",", ":")).encode(), ("half-open", "slow"))

    def pong(self, payload: bytes) -> None:
        if self._now("half-open", "slow") is None:
            self._write(wire.frame(payload, wire.PONG))

    def ping(self) -> None:
        if self._now("half-open", "slow") is None:
            self._write(wire.frame(b"", wire.PING))

    def publish(self, payload: bytes) -> None:
        """A message of a subscription."""
        self._send(payload, ("half-open", "slow", "mute"))

    def close(self, code: int, reason: str) -> None:
        """Says that it will close; the client answers and closes."""
        self._write(wire.closing(code, reason))

    def reset(self) -> None:
        wire.reset(self._transport)

    def left(self) -> None:
        """The client is gone."""
        if self._dribbling:
            self._dribbling.cancel()

    def _now(self, *kinds: Kind) -> Fault | None:
        now = self._clock.now()
        return next((fault for fault in self._faults if fault.kind in kinds and fault.strikes(now)), None)

    def _send(self, payload: bytes, withheld: tuple[Kind, ...]) -> None:
        if fault := self._now(*withheld):
            self._applied[fault.kind] += 1
            if fault.kind == "slow" and not self._dribbling:
                self._dribbling = asyncio.create_task(self._dribble(wire.frame(payload), fault))
            return
        fault = self._now("cut", "bad json", "bad utf-8", "oversized")
        # One broken message a socket: the client that comes again at once is served.
        if fault is None or fault in self._struck:
            self._write(wire.frame(payload))
            return
        self._struck.add(fault)
        self._applied[fault.kind] += 1
        match fault.kind:
            case "cut":
                self._write(wire.halves(wire.frame(payload)))
                # A reset throws away what is unsent, and the half is to arrive.
                asyncio.get_running_loop().call_later(0.002, self.reset)
            case "bad json":
                self._write(wire.frame(wire.malformed(payload)))
            case "bad utf-8":
                self._write(wire.frame(wire.misencoded(payload)))
            case "oversized":
                self._write(wire.frame(payload + b" " * wire.OVERSIZED))

    async def _dribble(self, data: bytes, fault: Fault) -> None:
        async for byte in wire.slowly(data, self._clock, fault.ended):
            self._write(byte)

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > max(MOST_UNREAD, 2 * len(data)):
            self.reset()
