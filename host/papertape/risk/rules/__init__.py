"""Risk rules: what blocks, shrinks or refuses entries, and what flattens a book. One file each."""
