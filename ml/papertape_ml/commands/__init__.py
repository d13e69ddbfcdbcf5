"""The commands of papertape's models."""
