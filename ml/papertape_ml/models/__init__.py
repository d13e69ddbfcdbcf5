"""Models: what they read and answer, how they are fitted, kept as bytes, loaded, and served in fixed blocks."""
