"""TA-Lib's volume, volatility and cycle functions, and what equals them."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from tests.features.reference.agreement import Same, Table, before
from tests.features.reference.unblanked import Ours, candles


def moving(ours: Ours) -> npt.NDArray[np.bool_]:
    """Where the average range was above a millionth of the close for 60 candles: ours has no smaller ones."""
    average = Ours(candles(close=ours["high"] - ours["low"]))["ema_9"]
    lowest = np.zeros(len(average))
    lowest[59:] = sliding_window_view(average, 60).min(axis=1)
    return lowest > 1e-6 * ours["close"]


VOLUME: Table = {
    "AD high low close volume": Same("ad_change_20", change=20),
    "ADOSC high low close volume 3 10": Same("adosc_3_10"),
    "CMF high low close volume 20": Same("cmf_20"),
    "EFI close volume 13": Same("force_index_13"),
    "MARKETFI high low volume": Same("market_facilitation", where=lambda f: f["volume"] > 0),
    "NVI close volume": Same("nvi_change_20", growth=20),
    "OBV close volume": Same("obv_change_20", change=20),
    "PVI close volume": Same("pvi_change_20", growth=20),
    "PVO volume 12 26 1": Same("pvo_12_26_9"),
    "PVT close volume": Same("pvt_change_20", change=20),
    "RVOL volume 20": Same(lambda f: f["volume"] / before(f["volume_mean_20"])),
    "VWAP high low close volume": Same("vwap_20", window=20),
}

VOLATILITY: Table = {
    "ADR high low 20": Same("adr_20"),
    "ATR high low close 14": Same("atr_14"),
    "CVI high low 10 10": Same(lambda f: 100 * f["chaikin_volatility_10_10"], where=moving),
    "MASSI high low 9 25": Same("mass_index_9_25", where=moving),
    "NATR high low close 14": Same("natr_14"),
    "RVI close 14 10": Same("relative_volatility_index_14_10"),
    "TRANGE high low close": Same("true_range"),
}

CYCLES: Table = dict.fromkeys(
    ("HT_DCPERIOD", "HT_DCPHASE", "HT_PHASOR", "HT_SINE", "HT_TRENDMODE"), "Hilbert transform: no such feature"
)
