"""The range predictor: how high and how low the price goes within some horizons."""
