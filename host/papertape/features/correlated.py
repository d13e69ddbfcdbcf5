"""Features of the catalogue that are nearly the same on some real candles, and why both are in it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CORRELATED: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("cdl_on_neck", "cdl_in_neck"): "of minutes without gaps a handful are one of them, and those are mostly both",
        ("fee_probability_100_20_10", "fee_probability_100_60_5"): "hourly moves nearly always exceed either fee",
        ("sharpe_200", "gain_to_pain_200"): "the mean by two measures of size, which part where returns are uneven",
        ("to_month_end", "to_quarter_end"): "both fall evenly until the month is over; longer files tell them apart",
    }
)
"""Pairs whose correlation exceeds 0.999 on some candles, in the catalogue's order, each with its reason."""
