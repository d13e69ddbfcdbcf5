"""JSON with one spelling for each value, and documents that cannot be changed."""

import hashlib
import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from papertape_ml.errors import BadModel

DEEPEST = 32
"""Levels of lists and objects in a document."""


def sha256(data: bytes) -> str:
    """In 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def checksum_of(data: bytes) -> str:
    """As manifests and sessions write it: `sha256:` and the digits."""
    return f"sha256:{sha256(data)}"


def canonical(value: object) -> bytes:
    """The one spelling: ASCII, keys sorted, no spaces. A value is equal to another if these bytes are.

    >>> canonical({"b": 1.0, "a": (None, "ü")})
    b'{"a":[null,"\\\\u00fc"],"b":1.0}'
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)
    return text.encode("ascii")


def frozen(value: object, where: str, depth: int = 0) -> Any:
    """A copy that cannot be changed: lists become tuples, objects read-only mappings.

    Raises BadModel, which names the place, for what JSON does not have: NaN, infinities, keys that are no text, other
    objects.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) >= 1 << 63:
            raise BadModel(f"{where} is a whole number beyond 64 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadModel(f"{where} is {value}, which JSON does not have: null stands for a figure that is not there")
        return value
    if depth >= DEEPEST:
        raise BadModel(f"{where[:80]} is nested deeper than {DEEPEST} levels")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise BadModel(f"{where} has the key {key!r}: keys are text")
        return MappingProxyType({key: frozen(value[key], f"{where}.{key}", depth + 1) for key in sorted(value)})
    if isinstance(value, list | tuple):
        return tuple(frozen(each, f"{where}[{place}]", depth + 1) for place, each in enumerate(value))
    raise BadModel(f"{where} is a {type(value).__name__}, which is no JSON value")


def parsed(data: bytes, what: str) -> Any:
    """The value of a JSON text, frozen. Raises BadModel; a key that comes twice is an error."""
    try:
        value = json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        said = "too deeply nested" if isinstance(error, RecursionError) else str(error)[:120]
        raise BadModel(f"{what} is no JSON document: {said}") from None
    return frozen(value, what)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
