"""TA-Lib's averages, bands, prices and statistics, and what equals them."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from tests.features.reference.agreement import Same, Table
from tests.features.reference.unblanked import Ours

from papertape.contract.candle import Floats


def since(ours: Ours, name: str) -> Floats:
    """The number of the candle that is so old, the age being a part of the window's."""
    n = int(name.rpartition("_")[2])
    return np.round(np.arange(ours.candles.shape[1]) - ours[name] * (n - 1))


def alone(extreme: Callable[..., Floats]) -> Callable[[Ours], npt.NDArray[np.bool_]]:
    """Where one of the last 30 closes alone is the extreme: of several TA-Lib takes now the oldest, now the newest."""

    def where(ours: Ours) -> npt.NDArray[np.bool_]:
        windows = sliding_window_view(ours["close"], 30)
        only = (windows == extreme(windows, axis=1)[:, None]).sum(axis=1) == 1
        return np.concatenate([np.zeros(29, np.bool_), only])

    return where


def below(ours: Ours) -> Floats:
    """Percent of the 100 closes before that are below the newest; close_rank counts half of the equal ones, too."""
    close = ours["close"]
    equal = np.full(len(close), np.nan)
    equal[100:] = (sliding_window_view(close, 101)[:, :-1] == close[100:, None]).sum(axis=1)
    return 100 * ours["close_rank_101"] - equal / 2


OVERLAP: Table = {
    "ACCBANDS[0] high low close 20": Same("acceleration_upper_20"),
    "ACCBANDS[1] high low close 20": Same("acceleration_middle_20"),
    "ACCBANDS[2] high low close 20": Same("acceleration_lower_20"),
    "BBANDS[0] close 20 2.0 2.0 0": Same("bb_upper_20_2"),
    "BBANDS[1] close 20 2.0 2.0 0": Same("bb_middle_20_2"),
    "BBANDS[2] close 20 2.0 2.0 0": Same("bb_lower_20_2"),
    "DEMA close 20": Same("dema_20"),
    "DONCHIAN[0] high low 20": Same("donchian_upper_20"),
    "DONCHIAN[1] high low 20": Same("donchian_middle_20"),
    "DONCHIAN[2] high low 20": Same("donchian_lower_20"),
    "EMA close 9": Same("ema_9"),
    "EMA close 50": Same("ema_50"),
    "HMA close 20": Same("hma_20"),
    "HT_TRENDLINE": "Hilbert transform: no such feature",
    "KAMA close 10": Same("kama_10", window=110),
    "KC[0] high low close 20 10 2.0": Same("keltner_upper_20_10_2"),
    "KC[1] high low close 20 10 2.0": Same("keltner_middle_20_10_2"),
    "KC[2] high low close 20 10 2.0": Same("keltner_lower_20_10_2"),
    "MA": "it is the other averages, by number",
    "MAMA": "Hilbert transform: no such feature",
    "MAVP": "an average whose length is itself a series",
    "MIDPOINT close 14": Same("midpoint_14"),
    "MIDPRICE high low 14": Same("midprice_14"),
    "RMA close 14": Same("smma_14"),
    "SAR high low 0.02 0.2": Same("psar_0.02_0.2", window=120),
    "SAREXT": "it is SAR with more parameters",
    "SMA close 20": Same("sma_20"),
    "SUPERTREND[0] high low close 10 3.0": Same("supertrend_10_3", window=110),
    "SUPERTREND[1] high low close 10 3.0": Same("supertrend_direction_10_3", window=110),
    "T3 close 5 0.7": Same("t3_5_0.7"),
    "TEMA close 20": Same("tema_20"),
    "TRIMA close 20": Same("trima_20"),
    "VWMA close volume 20": Same("vwma_20"),
    "WMA close 20": Same("wma_20"),
    "ZLEMA close 20": Same("zlema_20"),
}

PRICE: Table = {
    "AVGDEV close 20": Same("avgdev_20"),
    "AVGPRICE": "a mean of a candle's own prices, not a feature by itself",
    "HA[0] open high low close": Same("ha_open"),
    "HA[1] open high low close": Same("ha_high"),
    "HA[2] open high low close": Same("ha_low"),
    "HA[3] open high low close": Same("ha_close"),
    "MEDPRICE": "a mean of a candle's own prices, not a feature by itself",
    "TYPPRICE": "a mean of a candle's own prices, not a feature by itself",
    "WCLPRICE": "a mean of a candle's own prices, not a feature by itself",
}

STATISTICS: Table = {
    "BETA high low 5": Same("high_low_beta_5", within=2e-7),  # both lose digits where prices hardly move
    "BETA high low 20": Same("high_low_beta_20", within=2e-7),
    "CORREL high low 30": Same("high_low_correlation_30"),
    "LINEARREG close 14": Same("linearreg_14"),
    "LINEARREG_ANGLE close 14": Same("linearreg_angle_14"),
    "LINEARREG_INTERCEPT close 14": Same("linearreg_intercept_14"),
    "LINEARREG_SLOPE close 14": Same("linearreg_slope_14"),
    "PERCENTILE": "no such feature: where the close stands among the last is close_rank",
    "PERCENTRANK close 100": Same(below),
    "STDDEV close 5 1": Same("stddev_5"),
    "STDDEV close 20 1": Same("stddev_20"),
    "TSF close 14": Same("tsf_14"),
    "VAR close 20 1": Same("variance_20"),
}

MATHS: Table = {
    "MAX close 30": Same("max_30"),
    "MIN close 30": Same("min_30"),
    "SUM close 30": Same("sum_30"),
    "MINMAX[0] close 30": Same("min_30"),
    "MINMAX[1] close 30": Same("max_30"),
    "MAXINDEX close 30": Same(lambda f: since(f, "time_since_high_30"), where=alone(np.max)),
    "MININDEX close 30": Same(lambda f: since(f, "time_since_low_30"), where=alone(np.min)),
    "MINMAXINDEX[0] close 30": Same(lambda f: since(f, "time_since_low_30"), where=alone(np.min)),
    "MINMAXINDEX[1] close 30": Same(lambda f: since(f, "time_since_high_30"), where=alone(np.max)),
    **dict.fromkeys(
        "ADD DIV MULT SUB CUMSUM ACOS ASIN ATAN CEIL COS COSH EXP FLOOR LN LOG10 SIN SINH SQRT TAN TANH".split(),
        "arithmetic on series, not an indicator",
    ),
}
