"""How models come about: folds, fits, figures, and what the manifest says of them."""
