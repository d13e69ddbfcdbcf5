"""Features of the catalogue that are nearly the same on some real candles, and why both are in it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_OSCILLATORS: Final = (
    "the same distance of averages, against the slow one and against the close, which part in wide swings"
)

CORRELATED: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("buying_pressure_20", "acceleration_skew_20"): "both weigh wicks by range, which is nearly even among minutes",
        ("cdl_on_neck", "cdl_in_neck"): "of minutes without gaps a handful are one of them, and those are mostly both",
        ("fee_probability_100_20_10", "fee_probability_100_60_5"): "hourly moves nearly always exceed either fee",
        ("ppo_5_35_5", "macd_pct_5_35_5"): _OSCILLATORS,
        ("ppo_12_26_9", "macd_pct_12_26_9"): _OSCILLATORS,
        ("ppo_signal_5_35_5", "macd_signal_pct_5_35_5"): _OSCILLATORS,
        ("ppo_signal_12_26_9", "macd_signal_pct_12_26_9"): _OSCILLATORS,
        ("ppo_hist_5_35_5", "macd_hist_pct_5_35_5"): _OSCILLATORS,
        ("ppo_hist_12_26_9", "macd_hist_pct_12_26_9"): _OSCILLATORS,
        ("sharpe_200", "gain_to_pain_200"): "the mean by two measures of size, which part where returns are uneven",
        ("to_month_end", "to_quarter_end"): "both fall evenly until the month is over; longer files tell them apart",
    }
)
"""Pairs whose correlation exceeds 0.999 on some candles, in the catalogue's order, each with its reason."""
