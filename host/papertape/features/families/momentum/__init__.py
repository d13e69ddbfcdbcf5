"""The families of the category momentum."""
