"""What is typed for a value, and the value that a typed text means."""

from collections.abc import Mapping
from typing import Any

from papertape.contract.component import Param


def hint(param: Param[Any]) -> str:
    """What a parameter takes, in a line: its help, its bounds, its default.

    >>> hint(Param(55, min=2, max=500, help="candles looked back"))
    'candles looked back; 2 to 500'
    """
    if param.choices:
        bounds = ", ".join(map(str, param.choices))
    elif param.min is not None and param.max is not None:
        bounds = f"{param.min} to {param.max}"
    elif param.min is not None:
        bounds = f"{param.min} or more"
    else:
        bounds = "" if param.max is None else f"{param.max} or less"
    return "; ".join(filter(None, (param.help, bounds)))


def typed(value: object) -> str:
    """A value as somebody would type it.

    >>> typed(True), typed(["a", "b"]), typed({"macd": 2.0}), typed(None)
    ('true', 'a, b', 'macd=2.0', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={inner}" for key, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def meant(text: str, param: Param[Any] | None) -> Any:
    """The value that a text stands for; the text itself where it stands for none."""
    wanted = object if param is None else param.type
    words = [word.strip() for word in text.split(",") if word.strip()]
    if wanted in (list, tuple):
        return words
    if wanted is dict:
        pairs = [word.partition("=") for word in words]
        return {key.strip(): _number(value.strip()) for key, equals, value in pairs if equals} or text
    if wanted is bool:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    return _number(text.strip()) if wanted in (int, float, object) else text.strip()


def _number(text: str) -> Any:
    for read in (int, float):
        try:
            value = read(text)
        except ValueError:
            continue
        return value if value == value and abs(value) != float("inf") else text
    return text


def whole(text: str) -> Any:
    number = _number(text.strip())
    return number if isinstance(number, int) else text
