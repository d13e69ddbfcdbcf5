"""Labels, datasets, training and the model registry."""
