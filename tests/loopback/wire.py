"""Bytes on a connection, whole and broken: websocket frames by hand, and connections that are reset."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

from tests.loopback.clock import until

from papertape.feeds.exchange.clock import Clock

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
SECOND = 1000
OVERSIZED = 11 * 1024 * 1024  # bytes; ccxt takes messages of up to 10 MiB


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole unmasked frame, as a server sends it (RFC 6455, 5.2).

    >>> frame(b"hi").hex()
    '81026869'
    """
    first, size = 0x80 | opcode, len(payload)
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def closing(code: int, reason: str) -> bytes:
    """A close frame (RFC 6455, 5.5.1)."""
    return frame(struct.pack("!H", code) + reason.encode(), CLOSE)


def malformed(payload: bytes) -> bytes:
    """No longer JSON."""
    return payload[: 2 * len(payload) // 3] + b'"}{'


def misencoded(payload: bytes) -> bytes:
    """No longer UTF-8, and as long as before: the first decimal point (without one, the middle) is another byte.

    >>> misencoded(b'["1.5", "2.5"]')
    b'["1\\xff5", "2.5"]'
    """
    point = payload.find(b".")
    at = len(payload) // 2 if point < 0 else point
    return payload[:at] + b"\xff" + payload[at + 1 :]


def halves(data: bytes) -> bytes:
    """As much of it as arrives when a connection breaks."""
    return data[: max(1, len(data) // 2)]


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Ends a connection with RST; what is still to be sent is lost."""
    if not isinstance(transport, asyncio.WriteTransport) or transport.is_closing():
        return
    connection = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Port:
    """A port of 127.0.0.1 that stays ours while nobody listens on it: meanwhile connections are refused."""

    def __init__(self) -> None:
        self._keeper = _bound(0)
        self.number: int = self._keeper.getsockname()[1]

    def listener(self) -> socket.socket:
        """A new socket on the port, to listen on."""
        return _bound(self.number)

    def close(self) -> None:
        self._keeper.close()


def _bound(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind(("127.0.0.1", port))
    return opened


async def slowly(data: bytes, clock: Clock, ended: int) -> AsyncIterator[bytes]:
    """The bytes one by one, one a second of the clock, and no more from `ended` (ms UTC) on."""
    began = clock.now()
    for number in range(len(data)):
        await until(clock, min(began + (number + 1) * SECOND, ended))
        if clock.now() >= ended:
            return
        yield data[number : number + 1]
