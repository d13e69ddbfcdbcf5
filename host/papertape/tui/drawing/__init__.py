"""Pictures out of characters: pure functions from values to a canvas, whatever is going to show it."""
