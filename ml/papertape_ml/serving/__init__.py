"""Versions of a registry as models of a session."""

from papertape_ml.serving.served import Served, served
from papertape_ml.serving.verdicts import Verdicts

__all__ = ["Served", "Verdicts", "served"]
