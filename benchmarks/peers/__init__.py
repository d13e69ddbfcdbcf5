"""The same work in other engines: one small driver each, run in an environment of its own (``setup.py`` makes them)."""
