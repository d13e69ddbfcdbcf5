"""Stacking: the stances of a session's strategies, what came of them, and the model that learns from both."""
