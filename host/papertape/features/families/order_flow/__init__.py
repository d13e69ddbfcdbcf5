"""The families of the category volume and order flow."""
