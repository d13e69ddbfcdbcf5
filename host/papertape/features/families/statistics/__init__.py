"""The families of the category statistics."""
