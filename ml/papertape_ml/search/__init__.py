"""Search for settings: trials on purged folds, kept whole, so that what choosing among them costs can be said."""
