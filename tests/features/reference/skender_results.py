"""Skender's stored results, and what equals them: "file.field"."""

import numpy as np
import numpy.typing as npt
from tests.features.reference.agreement import Same, Table, before
from tests.features.reference.unblanked import Ours


def goes_on(ours: Ours) -> npt.NDArray[np.bool_]:
    """Where the parabolic line has not turned."""
    side = ours["psar_direction_0.02_0.2"]
    return np.equal(side, before(side))


PART = "an intermediate of the result"
NONE = "no such feature"
PIVOTS = "turning points, known only some candles later: no such feature"

RESULTS: Table = {
    "adl.adl": Same("ad_change_20", change=20),
    "adl.moneyFlowMultiplier": PART,
    "adl.moneyFlowVolume": PART,
    "alma.alma": Same("alma_9_0.85_6"),
    "atr.atr": Same("atr_14"),
    "atr.atrp": Same("natr_14"),
    "atr.tr": Same("true_range"),
    "awesome.normalized": Same(lambda f: 100 * f["ao"] / (f["high"] + f["low"]) * 2),
    "awesome.oscillator": Same("ao_5_34_5"),
    "barpart.value": "the close itself",
    "bb.lowerBand": Same("bb_lower_20_2"),
    "bb.percentB": Same("bb_position_20_2"),
    "bb.sma": Same("bb_middle_20_2"),
    "bb.upperBand": Same("bb_upper_20_2"),
    "bb.width": Same("bb_width_20_2"),
    "bb.zScore": Same("zscore_20"),
    "bop.bop": Same("bop_mean_14"),
    "cci.cci": Same("cci_20"),
    "chaikin-osc.adl": "as adl.adl",
    "chaikin-osc.fastEma": PART,
    "chaikin-osc.moneyFlowMultiplier": PART,
    "chaikin-osc.moneyFlowVolume": PART,
    "chaikin-osc.oscillator": Same("adosc_3_10", settled=150),
    "chaikin-osc.slowEma": PART,
    "chexit.chandelierExit": Same("chandelier_long_22_3"),
    "cmo.cmo": Same("cmou_14"),
    "corr.correlation": "of two symbols' prices, where ours is of their returns",
    "corr.covariance": PART,
    "corr.rSquared": PART,
    "corr.varianceA": PART,
    "corr.varianceB": PART,
    "crsi.connorsRsi": Same("crsi_3_2_100"),
    "crsi.percentRank": PART,
    "crsi.rsi": Same("rsi_3"),
    "crsi.rsiStreak": PART,
    "crsi.streak": PART,
    "dema.dema": Same("dema_14", settled=200),
    "doji.match": "another limit: a tenth of a percent of the open",
    "doji.price": "the close itself",
    # Skender leaves the newest candle out of its channel.
    "donchian.centerline": Same(lambda f: before(f["donchian_middle_20"])),
    "donchian.lowerBand": Same(lambda f: before(f["donchian_lower_20"])),
    "donchian.upperBand": Same(lambda f: before(f["donchian_upper_20"])),
    "donchian.width": Same(
        lambda f: before((f["donchian_upper_20"] - f["donchian_lower_20"]) / f["donchian_middle_20"])
    ),
    "dynamic.dynamic": NONE,
    "elder-ray.bearPower": Same("bear_power_13"),
    "elder-ray.bullPower": Same("bull_power_13"),
    "elder-ray.ema": Same("ema_13"),
    "ema.ema": Same("ema_20"),
    "fcb.lowerBand": PIVOTS,
    "fcb.upperBand": PIVOTS,
    "fisher.fisher": Same("fisher_10", settled=80),
    "fisher.trigger": Same(lambda f: before(f["fisher_10"]), settled=80),
    "fractal.fractalBear": PIVOTS,
    "fractal.fractalBull": PIVOTS,
    "gator.lower": NONE,
    "gator.lowerIsExpanding": NONE,
    "gator.upper": NONE,
    "gator.upperIsExpanding": NONE,
    "heikinashi.close": Same("ha_close"),
    "heikinashi.high": Same("ha_high", settled=60),
    "heikinashi.low": Same("ha_low", settled=60),
    "hma.hma": Same("hma_14"),
    "ichimoku.chikouSpan": "the close of 26 days ahead",
    "ichimoku.kijunSen": Same("kijun_9_26_52"),
    # On a chart these lines are drawn 26 days ahead (25, counting the day itself); ours are told when they are known.
    "ichimoku.senkouSpanA": Same(lambda f: before(f["senkou_a_9_26_52"], 26)),
    "ichimoku.senkouSpanB": Same(lambda f: before(f["senkou_b_9_26_52"], 26)),
    "ichimoku.tenkanSen": Same("tenkan_9_26_52"),
    "kvo.oscillator": Same("kvo_34_55_13", lead=1000, settled=400, within=1e-5),
    "kvo.signal": Same("kvo_signal_34_55_13", lead=1000, settled=400, within=1e-4),
    "macd.fastEma": Same("ema_12"),
    # TA-Lib and we seed the fast average with the closes that end where the slow one's do.
    "macd.histogram": Same("macd_hist_12_26_9", settled=250),
    "macd.macd": Same("macd_12_26_9", settled=250),
    "macd.signal": Same("macd_signal_12_26_9", settled=250),
    "macd.slowEma": Same("ema_26"),
    "mama.fama": "Hilbert transform: no such feature",
    "mama.mama": "Hilbert transform: no such feature",
    "marubozu.match": "another limit: a body of 95 percent of the range",
    "marubozu.price": "the close itself",
    "obv.obv": Same("obv_change_20", change=20),
    **{f"pivot-points.{line}": NONE for line in ("pp", "r1", "r2", "r3", "r4", "s1", "s2", "s3", "s4")},
    **{
        f"pivots.{field}": PIVOTS for field in ("highLine", "highPoint", "highTrend", "lowLine", "lowPoint", "lowTrend")
    },
    "pmo.pmo": Same("pmo_35_20_10"),
    "pmo.signal": Same("pmo_signal_35_20_10"),
    "prs.prs": "a ratio of two symbols' prices",
    "prs.prsPercent": NONE,
    # Skender does not hold the line beyond the day's own extremes on the day that it turns; TA-Lib and we do.
    "psar.isReversal": PART,
    "psar.sar": Same("psar_0.02_0.2", settled=120, where=goes_on),
    **{
        f"renko{kind}.{field}": "candles of another kind, not a value of each candle"
        for kind in ("", "-atr")
        for field in ("close", "high", "isUp", "low")
    },
    "roc-wb.lowerBand": NONE,
    "roc-wb.roc": Same("roc_20"),
    "roc-wb.rocEma": NONE,
    "roc-wb.upperBand": NONE,
    "roc.momentum": Same("momentum_14"),
    "roc.roc": Same("roc_14"),
    "rsi.rsi": Same("rsi_14"),
    "slope.intercept": "measured from the first day of the series",
    "slope.line": "the last window's line alone",
    "slope.rSquared": Same("linreg_r2_14"),
    "slope.slope": Same("linearreg_slope_14"),
    "slope.stdDev": Same("stddev_14"),
    "sma-analysis.mad": Same("avgdev_20"),
    "sma-analysis.mape": NONE,
    "sma-analysis.mse": Same("variance_20"),
    "sma-analysis.sma": Same("sma_20"),
    "sma.sma": Same("sma_20"),
    "smma.smma": Same("smma_20"),
    "stc.stc": Same("stc_23_50_10"),
    **{
        f"stdev-channels.{field}": "lines through past stretches, known only at their end"
        for field in ("breakPoint", "centerline", "lowerChannel", "upperChannel")
    },
    "stdev.mean": Same("sma_14"),
    "stdev.stdDev": Same("stddev_14"),
    "stdev.zScore": Same("zscore_14"),
    "stoch.d": Same("stoch_d_14_3_3"),
    "stoch.j": Same(lambda f: 3 * f["stoch_k_14_3_3"] - 2 * f["stoch_d_14_3_3"]),
    "stoch.k": Same("stoch_k_14_3_3"),
    "stoch.oscillator": Same("stoch_k_14_3_3"),
    "stoch.percentJ": "as stoch.j",
    "stoch.signal": Same("stoch_d_14_3_3"),
    "tema.tema": Same("tema_20", settled=300),
    "tr.tr": Same("true_range"),
    **{f"vol-stop.{field}": NONE for field in ("isStop", "lowerBand", "sar", "upperBand")},
    "vwma.vwma": Same("vwma_14"),
    "willr.williamsR": Same("willr_14"),
    "wma.wma": Same("wma_14"),
    **{
        f"zigzag{kind}.{field}": PIVOTS
        for kind in ("", "-close")
        for field in ("pointType", "retraceHigh", "retraceLow", "zigZag")
    },
}
