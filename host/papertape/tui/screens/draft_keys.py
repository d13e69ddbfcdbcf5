"""The keys of the screen on which a session is put together, as its help shows them."""

KEYS = (
    (
        "Parts of the session",
        (
            ("up  down", "go from part to part; on the right is what each takes"),
            ("enter", "go to what it takes; on a line with +, add another part"),
            ("c", "have another component in its place"),
            ("del", "take it out"),
        ),
    ),
    (
        "What a part takes",
        (
            ("tab", "go to the next line; an empty one keeps the default that it shows"),
            ("escape", "back to the parts"),
        ),
    ),
    (
        "The session",
        (
            ("ctrl+s", "write the session file and start it, once everything is in order"),
            ("escape", "from the parts: back, without a session"),
        ),
    ),
)
