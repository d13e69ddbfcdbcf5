"""The digest: a SHA-256 chain over what a session did, in a canonical form that no machine or database changes.

link(n) = SHA-256(link(n-1) + record(n)). A record is the UTF-8 text of its fields, separated by U+001F: decimals in
plain notation without trailing zeros, floats as the 16 hexadecimal digits of their 8 bytes (big-endian), None as `-`.
The session's digest is the link after its last record and its closing balances, so it can be asked for at any moment.
"""

import struct
from decimal import Decimal
from hashlib import sha256
from typing import Final

from papertape.broker.money import plain

GENESIS: Final = bytes(32)
_FLOAT: Final = struct.Struct(">d")


def float_text(value: float) -> str:
    """The 8 bytes of a float64.

    >>> float_text(1.0)
    '3ff0000000000000'
    """
    return _FLOAT.pack(value).hex()


def text(value: object) -> str:
    """One field in canonical form."""
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, float):
        return float_text(value)
    return str(value)


def record(*fields: object) -> str:
    """Fields as one record."""
    return "\x1f".join(map(text, fields))


def link(previous: bytes, record: str) -> bytes:
    """The next link of the chain."""
    return sha256(previous + record.encode()).digest()


def shown(chain: bytes) -> str:
    """A digest as users see it."""
    return "sha256:" + chain.hex()
