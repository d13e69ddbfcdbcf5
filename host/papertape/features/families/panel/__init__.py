"""The families of the category cross-symbol."""
