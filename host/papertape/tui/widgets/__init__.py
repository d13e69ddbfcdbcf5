"""Widgets: they draw plain values, and fetch nothing."""
