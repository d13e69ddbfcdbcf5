"""Fusions: how the stances of several strategies become the signals of one book. One file each."""
