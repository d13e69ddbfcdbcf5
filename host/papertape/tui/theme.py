"""Colours, dark and light. Blue and orange stand for up and down: every kind of colour blindness tells them apart. What
colour says is also said by a sign, an arrow, a letter or a word.

The hues of curves follow M. Okabe and K. Ito, "Color Universal Design" (2008), darker on a light ground.
"""

from collections.abc import Mapping
from typing import NamedTuple

from rich.style import Style
from textual.theme import Theme


class Paint(NamedTuple):
    """A style of pictures and tables: names of the theme's colours for text and ground, None for the widget's own."""

    text: str | None = None
    ground: str | None = None
    bold: bool = False


PAINTS: Mapping[str, Paint] = {
    "up": Paint("up"),
    "down": Paint("down"),
    "buy": Paint("up", bold=True),
    "sell": Paint("down", bold=True),
    "tag-up": Paint("on-tag", "up"),
    "tag-down": Paint("on-tag", "down"),
    "volume-up": Paint("volume-up"),
    "volume-down": Paint("volume-down"),
    "grid": Paint("grid"),
    "axis": Paint("faint"),
    "base": Paint("faint"),
    "cursor": Paint("accent"),
    "good": Paint("up"),
    "warning": Paint("warning"),
    "error": Paint("error", bold=True),
    "faint": Paint("faint"),
    "strong": Paint(bold=True),
    "head": Paint("faint", bold=True),
    "tab-here": Paint("primary", bold=True),
    "key": Paint("accent", bold=True),
    "chosen": Paint(None, "chosen", bold=True),
    "entry": Paint("foreground"),
    "stop": Paint("down"),
    "target": Paint("up"),
    **{f"curve-{number}": Paint(f"curve-{number}") for number in range(8)},
    **{f"study-{number}": Paint(f"curve-{(4, 2, 6, 3, 5, 7)[number]}") for number in range(6)},
}


_BEHIND = ("faint", "grid", "volume-up", "volume-down")
"""Colours of what is there to be overlooked."""


def styles(colours: Mapping[str, str]) -> dict[str, Style]:
    """Every paint as a style, by a theme's colours (#rrggbb)."""

    def colour(name: str | None) -> str | None:
        return None if name is None else colours[name][:7]

    return {
        name: Style(color=colour(paint.text), bgcolor=colour(paint.ground), bold=paint.bold or None)
        for name, paint in PAINTS.items()
    }


def plain_styles() -> dict[str, Style]:
    """Every paint without a colour: what has a ground of its own is reversed, what lies behind is dim."""
    return {
        name: Style(
            bold=paint.bold or None, reverse=paint.ground is not None or None, dim=paint.text in _BEHIND or None
        )
        for name, paint in PAINTS.items()
    }


DARK = Theme(
    name="papertape-dark",
    primary="#5fb0e8",
    secondary="#8fa3b8",
    accent="#f2b84b",
    warning="#e8a838",
    error="#f2785c",
    success="#56b4e9",
    foreground="#d6dde6",
    background="#0e131a",
    surface="#121922",
    panel="#1c2531",
    dark=True,
    variables={
        "up": "#56b4e9", "down": "#e8993a", "faint": "#76869a", "grid": "#2a3644", "frame": "#2f3d4d",
        "chosen": "#1f3f5c", "on-tag": "#0e131a", "volume-up": "#2c5876", "volume-down": "#6e4f26",
        "curve-0": "#56b4e9", "curve-1": "#e69f00", "curve-2": "#35c49a", "curve-3": "#efe35a",
        "curve-4": "#d98bb5", "curve-5": "#e9784a", "curve-6": "#9a9cff", "curve-7": "#c3c9d1",
    },
)  # fmt: skip

LIGHT = Theme(
    name="papertape-light",
    primary="#0b63a5",
    secondary="#51606f",
    accent="#9a5b00",
    warning="#8f5a00",
    error="#b3391b",
    success="#0b63a5",
    foreground="#1d2630",
    background="#f4f6f8",
    surface="#ffffff",
    panel="#e6ebf0",
    dark=False,
    variables={
        "up": "#0b63a5", "down": "#b35a00", "faint": "#66727f", "grid": "#d5dce3", "frame": "#bcc7d1",
        "chosen": "#cde2f4", "on-tag": "#ffffff", "volume-up": "#9cc3e2", "volume-down": "#e6c393",
        "curve-0": "#0072b2", "curve-1": "#b06a00", "curve-2": "#00795a", "curve-3": "#7d7000",
        "curve-4": "#a0447a", "curve-5": "#c24a00", "curve-6": "#4b4acf", "curve-7": "#555f69",
    },
)  # fmt: skip
