"""The keys of the session screen, as its help shows them."""

KEYS = (
    (
        "Panels",
        (
            ("1 … 8  tab", "show a panel; go to the next one"),
            ("[  ]", "the symbol before, the symbol after"),
            ("o", "sort the books by the next column"),
            ("enter", "on a book: narrow all panels to it, or widen them again"),
            ("w", "why? of the row under the cursor, or the candle that the chart points to"),
        ),
    ),
    (
        "Chart",
        (
            ("+  -", "zoom in, zoom out"),
            ("left  right", "from candle to candle; shift goes twenty at a time, end to the newest"),
            ("i", "indicators: choose which ones it shows"),
            ("~  dashes", "an indicator that depends on where the candles begin; strategies wait until it is exact"),
        ),
    ),
    (
        "Steering a session that runs",
        (
            ("p", "pause trading, or go on with it: paused, it records signals and enters nothing"),
            ("f", "flatten a book, or all: close every position at the next candle"),
            ("d", "disable a plugin, or enable it again"),
            ("r", "restart a plugin: it begins anew"),
            ("k", "kill switch: pause, and flatten every book"),
            ("x", "stop the session; it can be resumed"),
        ),
    ),
    (
        "The pace of a session that is not live",
        (
            ("space", "hold it, or let it run on at the pace it had; held, no time passes in it"),
            (".", "one step: take one batch, and hold"),
            ("<  >", "slower, faster"),
        ),
    ),
    (
        "Going around",
        (
            ("s", "switch to another session"),
            ("m", "models: what they are worth, and which one answers"),
            ("escape", "back to the sessions"),
            ("t", "dark or light"),
            ("ctrl+p", "every command by name"),
            ("q", "leave; asks about sessions that you started here"),
        ),
    ),
)
