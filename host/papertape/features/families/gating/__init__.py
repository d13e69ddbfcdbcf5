"""The families of the category gating."""
