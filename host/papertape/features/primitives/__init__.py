"""Building blocks of steps: averages, windows and their warm-up, each with its state in the step's own arrays."""
