"""What each member contributed to the result of an ensemble."""

from papertape_ml.attribution.report import Attribution, attribute

__all__ = ["Attribution", "attribute"]
