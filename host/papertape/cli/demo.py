"""The demo session: what `papertape run` runs when nothing is said."""

STRATEGIES = (
    "ema-cross",
    "macd",
    "donchian-breakout",
    "rsi-reversion",
    "bollinger-reversion",
    "momentum",
    "buy-and-hold",
)
FUSION = "weighted-vote:threshold=0.4"
