"""Texts that would like to act on a terminal, or on what draws it."""

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b2J\x90q\x9c",
    "left\u202eright\u2066\u200f",
    "one\r\ntwo\nthree\x00\x7f",
    "line\u2028separator\u0085",
    "[/nope][bold]markup[link=file:///etc/passwd]",
    "x" * 10_000,
    "漢字" * 5_000,
    "a" + "\u0301" * 5_000,
    "\ud800 alone",
]
