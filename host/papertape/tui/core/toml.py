"""Session files, written: the values that a configuration has, as TOML that `tomllib` reads back."""

import json
import re
from collections.abc import Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml(document: Mapping[str, object]) -> str:
    """The document with one key a line; lists of tables one table a line.

    >>> print(toml({"cash": 5, "strategies": [{"kind": "macd"}]}), end="")
    cash = 5
    strategies = [
        { kind = "macd" },
    ]
    """
    return "".join(f"{_key(key)} = {_top(value)}\n" for key, value in document.items() if value is not None)


def _top(value: object) -> str:
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return "[\n" + "".join(f"    {_value(item)},\n" for item in value) + "]"
    return _value(value)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items() if item is not None)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return _text(str(value))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    r"""JSON's escapes are TOML's, but for those of characters beyond 16 bits, which TOML takes as they are."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
