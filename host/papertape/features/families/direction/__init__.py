"""The families of the category direction."""
