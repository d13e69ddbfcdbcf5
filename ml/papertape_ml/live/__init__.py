"""How a model does in sessions: what it said against what happened, and whether its inputs look as in training."""
