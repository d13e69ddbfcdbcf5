"""Features that are a share of a price or a volume, put back into the unit that TA-Lib has."""

import numpy as np
from tests.features.reference.agreement import Said, Same, Table, before

from papertape.contract.candle import Floats


def mean(values: Floats, n: int) -> Floats:
    """The mean of the last n values."""
    return np.convolve(values, np.full(n, 1.0 / n))[: len(values)]


def level(name: str) -> Said:
    """The average that the close is so far above."""
    return lambda f: f["close"] / (1.0 + f[name])


def rise(name: str) -> Said:
    """What an average has gained over five candles."""
    return lambda f: 5.0 * f[name]


def of_close(name: str) -> Said:
    """What is so large a part of the close."""
    return lambda f: f[name] * f["close"]


PLAIN = {
    "DEMA": "dema", "EMA": "ema", "HMA": "hma", "SMA": "sma", "TEMA": "tema", "TRIMA": "trima", "WMA": "wma",
    "ZLEMA": "zlema",
}  # fmt: skip

DISTANCES: Table = {
    **{
        f"{function} close {n}": Same(level(f"price_vs_{name}_{n}"))
        for function, name in PLAIN.items()
        for n in (9, 50)
    },
    "EMA close 200": Same(level("price_vs_ema_200")),
    "SMA close 200": Same(level("price_vs_sma_200")),
    "KAMA close 30": Same(level("price_vs_kama_30"), window=130),
    "SUPERTREND[0] high low close 20 6.0": Same(
        lambda f: f["close"] * (1.0 - f["supertrend_distance_20_6"]), window=120
    ),
    "SUPERTREND[1] high low close 20 6.0": Same("supertrend_direction_20_6", window=120),
    "SAR high low 0.005 0.05": Same(lambda f: f["close"] * (1.0 - f["psar_distance_0.005_0.05"]), window=120),
    "T3 close 14 0.7": Same(level("price_vs_t3_14_0.7")),
    "TSF close 30": Same(level("price_vs_tsf_30")),
    "VWMA close volume 30": Same(level("price_vs_vwma_30")),
    "VWAP high low close volume": Same(level("vwap_distance_200"), window=200),
}

SLOPES: Table = {
    **{
        f"{function} close {n}": Same(rise(f"{name}_slope_{n}"), growth=5)
        for function, name in PLAIN.items()
        for n in (9, 50)
    },
    "T3 close 14 0.7": Same(rise("t3_slope_14_0.7"), growth=5),
    "VWMA close volume 30": Same(rise("vwma_slope_30"), growth=5, within=1e-8),
}

SHARES: Table = {
    "AC high low 5 34 5": Same(lambda f: f["ac_pct"] * mean(f["high"] + f["low"], 34) / 2),
    "AO high low 5 34": Same(lambda f: f["ao_pct"] * mean(f["high"] + f["low"], 34) / 2),
    "ATR high low close 28": Same(of_close("atr_pct_28")),
    "BBANDS[0] close 50 2.0 2.0 0": Same(lambda f: f["sma_50"] * (1.0 + f["bb_width_50_2"] / 2.0)),
    "BBANDS[2] close 50 2.0 2.0 0": Same(
        lambda f: f["close"] - f["bb_position_50_2"] * f["bb_width_50_2"] * f["sma_50"]
    ),
    "CCI high low close 14": Same("cci_14", within=1e-8),
    "DPO close 50": Same(lambda f: f["dpo_pct_50"] * f["sma_50"]),
    "DONCHIAN[2] high low 55": Same(
        lambda f: f["close"] - f["donchian_position_55"] * f["donchian_width_55"] * f["donchian_middle_55"]
    ),
    "ERI[0] high low close 34": Same(of_close("bull_power_pct_34")),
    "ERI[1] high low close 34": Same(of_close("bear_power_pct_34")),
    "LINEARREG_SLOPE close 100": Same(of_close("linreg_slope_100")),
    "MACD[0] close 24 52 18": Same(of_close("macd_pct_24_52_18")),
    "MACD[1] close 24 52 18": Same(of_close("macd_signal_pct_24_52_18")),
    "MACD[2] close 24 52 18": Same(of_close("macd_hist_pct_24_52_18")),
    "ROCP close 5": Same("returns_5"),
    "STDDEV close 50 1": Same(lambda f: f["bb_width_50_2"] * f["sma_50"] / 4.0),
    "TRANGE high low close": Same(lambda f: f["true_range_pct"] * before(f["close"])),
    "ZLEMA close 21": Same(level("price_vs_zlema_21")),
}
