"""The engine: the pure step of a session, and the shell that feeds, guards and records it."""
