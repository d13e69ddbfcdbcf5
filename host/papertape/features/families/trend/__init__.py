"""The families of the category trend."""
