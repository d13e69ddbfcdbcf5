"""State as JSON: plain values, decimals, bytes and numpy arrays, and nothing that could run code."""

import base64
import json
import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from papertape.contract.errors import PluginError

_TAG = "__kept__"


def encode(value: object, where: str = "state") -> bytes:
    """Compressed JSON of `value`. Raises `PluginError` naming the place of a value that cannot be kept."""
    text = json.dumps(_plain(value, where), separators=(",", ":"), ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def decode(kept: bytes) -> Any:
    """What `encode` was given; tuples come back as tuples, arrays with their dtype and shape."""
    return json.loads(zlib.decompress(kept), object_hook=_revive)


def _plain(value: object, where: str) -> object:
    if value is None or isinstance(value, (bool, str)) or type(value) in (int, float):
        return value
    if isinstance(value, Decimal):
        return {_TAG: "decimal", "value": str(value)}
    if isinstance(value, bytes):
        return {_TAG: "bytes", "value": base64.b64encode(value).decode()}
    if isinstance(value, tuple):
        return {_TAG: "tuple", "value": [_plain(item, f"{where}[{number}]") for number, item in enumerate(value)]}
    if isinstance(value, list):
        return [_plain(item, f"{where}[{number}]") for number, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise PluginError(f"{where} has the key {key!r}: keys of what is kept must be text")
        found = {key: _plain(item, f"{where}.{key}") for key, item in value.items()}
        return {_TAG: "dict", "value": list(found.items())} if _TAG in found else found
    if type(value) is np.ndarray and not value.dtype.hasobject and value.dtype.names is None:
        return {
            _TAG: "array",
            "dtype": value.dtype.str,
            "shape": list(value.shape),
            "value": base64.b64encode(np.ascontiguousarray(value).tobytes()).decode(),
        }
    if isinstance(value, np.generic) and not isinstance(value.item(), np.generic):
        return _plain(value.item(), where)
    raise PluginError(
        f"{where} is a {type(value).__name__}: only JSON values, Decimals and plain numpy arrays can be kept over a "
        "restart"
    )


def _revive(found: dict[str, Any]) -> Any:
    kind = found.get(_TAG)
    if kind is None:
        return found
    if kind == "decimal":
        return Decimal(found["value"])
    if kind == "bytes":
        return base64.b64decode(found["value"])
    if kind == "tuple":
        return tuple(found["value"])
    if kind == "dict":
        return dict(found["value"])
    packed = base64.b64decode(found["value"])
    return np.frombuffer(packed, dtype=np.dtype(found["dtype"])).reshape(found["shape"]).copy()
