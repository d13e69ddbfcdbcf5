"""Module style: what it must remember is in `state`. Works stops and trailing stops of its own."""

from papertape import Cancel, OrderRequest

CONFIG = {"every": 11}
LOOKBACK = 3


def generate_signal(data, config, state):
    state["seen"] = state.get("seen", 0) + 1
    if state["seen"] % config["every"]:
        return None
    symbol = sorted(data.prices)[state["seen"] // config["every"] % len(data.prices)]
    price = data.prices[symbol]
    state["last"] = symbol
    units = round(500 / price, 6)
    return [
        Cancel(f"{symbol} in"),
        OrderRequest(symbol, "buy", units, "stop", stop_price=price * 1.0005, tag=f"{symbol} in"),
        OrderRequest(
            symbol, "sell", units, "trailing-stop", trail=price * 0.001, reduce_only=True, tag=f"{symbol} out"
        ),
    ]
