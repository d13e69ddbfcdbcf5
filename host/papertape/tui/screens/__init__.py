"""Screens: they hear messages, and hand values to widgets."""
