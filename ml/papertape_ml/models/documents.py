"""JSON inside a model's files: one text for one meaning, floats exact, nothing that is not finite."""

import json
import math
from typing import Any

from papertape_ml.errors import BadModelFiles

_LARGEST = 64 * 1024 * 1024


def to_bytes(document: dict[str, Any]) -> bytes:
    """Canonical JSON. A float is written with the fewest digits that give the same float back.

    >>> to_bytes({"b": 0.1, "a": 1})
    b'{"a":1,"b":0.1}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def from_bytes(data: bytes, name: str) -> dict[str, Any]:
    """The object in the file ``name``; `BadModelFiles` if there is none."""
    if len(data) > _LARGEST:
        raise BadModelFiles(f"{name} has {len(data)} bytes, at most {_LARGEST} are read")
    try:
        document = json.loads(data.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError) as wrong:
        raise BadModelFiles(f"{name} is no JSON: {wrong}") from wrong
    if not isinstance(document, dict):
        raise BadModelFiles(f"{name} holds no JSON object")
    return document


def numbers(values: Any, count: int, what: str) -> list[float]:
    """``values`` as a list of ``count`` finite floats."""
    right = isinstance(values, list) and len(values) == count
    if not right or not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        raise BadModelFiles(f"{what}: {count} numbers are expected")
    try:
        floats = [float(value) for value in values]
    except OverflowError as wrong:
        raise BadModelFiles(f"{what}: a number is too large") from wrong
    if not all(math.isfinite(value) for value in floats):
        raise BadModelFiles(f"{what}: a number is too large")
    return floats


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that comes twice each reader takes another value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number that a model file may hold")
