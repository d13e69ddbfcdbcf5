"""Features: kernels, the catalogue, and their computation."""
