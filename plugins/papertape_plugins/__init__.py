"""Plugins that serve trained models to a session."""
