"""nautilus_trader: ``python -m peers.run_nautilus [--bypass] FILE``, in its own environment.

Bars, a Python strategy and nautilus' own compiled EMAs. Its market orders fill at the signal's close, which in this
data is the next open. Log level ERROR and no post-run analysis; ``--bypass`` also takes the log and the risk engine
out, which is its fastest supported set-up.
"""
# The library lives in another environment and has no types.
# mypy: ignore-errors

from __future__ import annotations

import argparse
from decimal import Decimal

import nautilus_trader
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, CurrencyType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

from peers.work import CASH, FAST, FEE, LOT, SLOW, Stopwatch, report

VENUE = Venue("PAPER")
SYMBOL = Symbol("S00/USDT")
PAIR = CurrencyPair(
    instrument_id=InstrumentId(SYMBOL, VENUE),
    raw_symbol=SYMBOL,
    base_currency=Currency("S00", 6, 0, "S00", CurrencyType.CRYPTO),
    quote_currency=USDT,
    price_precision=4,
    size_precision=6,
    price_increment=Price(0.0001, 4),
    size_increment=Quantity(0.000001, 6),
    ts_event=0,
    ts_init=0,
    maker_fee=Decimal(str(FEE)),
    taker_fee=Decimal(str(FEE)),
)
BARS = BarType.from_str(f"{PAIR.id}-1-MINUTE-LAST-EXTERNAL")


class Cross(Strategy):
    def on_start(self):
        self.fast, self.slow = ExponentialMovingAverage(FAST), ExponentialMovingAverage(SLOW)
        self.lot = PAIR.make_qty(LOT)
        self.register_indicator_for_bars(BARS, self.fast)
        self.register_indicator_for_bars(BARS, self.slow)
        self.subscribe_bars(BARS)

    def on_bar(self, bar):
        if not self.slow.initialized:
            return
        fast, slow = self.fast.value, self.slow.value
        if fast > slow:
            if self.portfolio.is_flat(PAIR.id):
                self.submit_order(self.order_factory.market(PAIR.id, OrderSide.BUY, self.lot))
        elif fast < slow and self.portfolio.is_net_long(PAIR.id):
            self.submit_order(self.order_factory.market(PAIR.id, OrderSide.SELL, self.lot))


def main(file, bypass):
    frame = pd.read_parquet(file)
    frame.index = pd.DatetimeIndex(pd.to_datetime(frame.pop("ts"), unit="ms", utc=True)).as_unit("ns")
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(log_level="ERROR", bypass_logging=bypass),
            risk_engine=RiskEngineConfig(bypass=bypass),
            run_analysis=False,
        )
    )
    engine.add_venue(VENUE, OmsType.NETTING, AccountType.CASH, starting_balances=[Money(CASH, USDT)])
    engine.add_instrument(PAIR)
    engine.add_data(BarDataWrangler(BARS, PAIR).process(frame))
    engine.add_strategy(Cross(StrategyConfig()))
    stopwatch = Stopwatch()
    with stopwatch.running():
        engine.run()
    held = sum(position.quantity.as_double() for position in engine.cache.positions_open())
    cash = engine.portfolio.account(VENUE).balance_total(USDT).as_double()
    equity = cash + held * float(frame["close"].iloc[-1])
    trades = sum(order.side == OrderSide.SELL for order in engine.cache.orders_closed())
    name = "nautilus_trader, bypass" if bypass else "nautilus_trader"
    report(name, nautilus_trader.__version__, stopwatch.seconds, len(frame), trades, equity)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--bypass", action="store_true", help="without log and risk engine")
    options = parser.parse_args()
    main(options.file, options.bypass)
