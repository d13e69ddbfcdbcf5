"""The families of the category temporal."""
