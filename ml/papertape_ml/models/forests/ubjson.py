"""UBJSON as XGBoost writes it, into plain values: a strict reader that never makes more than its bytes pay for.

Source: the specification of Universal Binary JSON, draft 12; numbers are big-endian. Known here are objects, arrays of
values, arrays of one type of number, strings, whole numbers, floats, true, false and null. Every length is compared
with the bytes that are left before anything is made.
"""

import struct
from typing import Any, Final

import numpy as np

from papertape_ml.errors import BadModelFiles

DEEPEST: Final = 32
_NUMBERS: Final = {
    code: struct.Struct(f">{form}")
    for code, form in ((b"i", "b"), (b"U", "B"), (b"I", "h"), (b"l", "i"), (b"L", "q"), (b"d", "f"), (b"D", "d"))
}
_ARRAYS: Final = {
    code: np.dtype(f">{form}")
    for code, form in ((b"i", "i1"), (b"U", "u1"), (b"I", "i2"), (b"l", "i4"), (b"L", "i8"), (b"d", "f4"), (b"D", "f8"))
}
_CONSTANTS: Final = {b"T": True, b"F": False, b"Z": None}


def parsed(data: bytes, name: str) -> Any:
    """The value that all of ``data`` is: arrays of one type of number are numpy arrays, native and read-only.

    Raises `BadModelFiles`, which names the file, for anything else.
    """
    reader = _Reader(data)
    try:
        value = reader.value(0)
        if reader.at != len(data):
            raise ValueError(f"{len(data) - reader.at} bytes follow its end")
    except (ValueError, struct.error, UnicodeDecodeError) as wrong:
        raise BadModelFiles(f"{name} is no UBJSON of trees: {wrong}") from wrong
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if size < 0 or size > len(self.data) - self.at:
            raise ValueError(f"{size} bytes are announced at {self.at}, {len(self.data) - self.at} are left")
        self.at += size
        return self.data[self.at - size : self.at]

    def value(self, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")
        code = self.take(1)
        if code in _NUMBERS:
            return self.number(code)
        if code in _CONSTANTS:
            return _CONSTANTS[code]
        if code == b"S":
            return self.take(self.length()).decode("utf-8")
        if code == b"{":
            return self.entries(depth)
        if code == b"[":
            return self.items(depth)
        raise ValueError(f"{code!r} at {self.at - 1} is no type")

    def number(self, code: bytes) -> int | float:
        found: int | float = _NUMBERS[code].unpack(self.take(_NUMBERS[code].size))[0]
        return found

    def length(self) -> int:
        code = self.take(1)
        if code not in _NUMBERS or code in b"dD":
            raise ValueError(f"a length at {self.at - 1} is of the type {code!r}")
        return int(self.number(code))

    def entries(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.data[self.at : self.at + 1] != b"}":
            key = self.take(self.length()).decode("utf-8")
            if key in found:
                raise ValueError(f"the key {key[:80]!r} comes twice")
            found[key] = self.value(depth + 1)
        self.at += 1
        return found

    def items(self, depth: int) -> Any:
        ahead = self.data[self.at : self.at + 1]
        if ahead == b"$":
            code = self.take(2)[1:]
            if code not in _ARRAYS or self.take(1) != b"#":
                raise ValueError(f"an array at {self.at} has the type {code!r}, or no count")
            kind = _ARRAYS[code]
            count = self.length()
            values = np.frombuffer(self.take(count * kind.itemsize), kind).astype(kind.newbyteorder("="))
            values.setflags(write=False)
            return values
        if ahead == b"#":
            self.at += 1
            count = self.length()
            if not 0 <= count <= len(self.data) - self.at:
                raise ValueError(f"{count} values are announced at {self.at}")
            return [self.value(depth + 1) for _ in range(count)]
        found = []
        while self.data[self.at : self.at + 1] != b"]":
            found.append(self.value(depth + 1))
        self.at += 1
        return found
