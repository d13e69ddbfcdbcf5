"""Compiling kernels before they are needed, where somebody can see how far that is."""

from collections.abc import Iterable

from papertape.cli.output import Progress
from papertape.features.parallel import compile_missing
from papertape.features.request import Feature


def compile_kernels(features: Iterable[Feature], jobs: int) -> int:
    """Compiles what features need and the cache does not have, in up to `jobs` processes; gives how many that were."""
    families = {feature.family.name: feature.family for feature in features}
    with Progress("compile kernels", unit="kernels") as progress:

        def show(done: int, total: int) -> None:
            progress.total = total
            progress.update(done)

        return compile_missing(families.values(), jobs, show)
