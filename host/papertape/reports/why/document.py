"""A chain as a JSON document: the links by their names, times in ms UTC, money and quantities as decimal text."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any

from papertape.broker.money import plain
from papertape.reports.why.chain import Chain


def document(chain: Chain) -> dict[str, Any]:
    """JSON values; a number that JSON does not have (a missing one) is None."""
    found: dict[str, Any] = _json(chain)
    return found


def _json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_json(each) for each in value]
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Enum) or not (value is None or isinstance(value, (bool, int, str))):
        return str(value)
    return value
