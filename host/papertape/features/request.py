"""Features as they are asked for: `rsi_14`, `bb_width`, `correlation_btc_20`, `rsi_14@1h`."""

from dataclasses import dataclass

from papertape.contract.feature import FeatureFamily, FeatureOutput

REFERENCE = "REF"
"""In a name it stands for the session's reference symbol."""


def spelled(value: float) -> str:
    """A parameter as a name has it: as short as can be, and every digit of it.

    >>> spelled(20.0), spelled(0.02), spelled(2.0000004)
    ('20', '0.02', '2.0000004')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


@dataclass(frozen=True, slots=True)
class Feature:
    """One value that somebody asked for. `asked`: the name they used; `timeframe`: None for the session's own."""

    asked: str
    family: FeatureFamily
    place: int  # of the output in the family
    values: tuple[float, ...]
    references: tuple[str, ...] = ()
    timeframe: str | None = None

    @property
    def output(self) -> FeatureOutput:
        return self.family.outputs[self.place]

    @property
    def name(self) -> str:
        """The full name, every parameter said."""
        parts = [self.output.name, *self.references, *map(spelled, self.values)]
        return "_".join(parts) + ("" if self.timeframe is None else f"@{self.timeframe}")

    @property
    def variant(self) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """What tells it from others of its family that share a step."""
        return self.references, self.values
