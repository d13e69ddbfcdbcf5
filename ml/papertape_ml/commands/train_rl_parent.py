"""The version that `papertape train rl --from` goes on from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from papertape_ml.models.rl import PolicyModel
    from papertape_ml.registry.manifest import Manifest


class Parent(NamedTuple):
    """A version that is gone on from. `pin`: NAME@VERSION."""

    pin: str
    manifest: "Manifest"
    model: "PolicyModel"

    @property
    def learned(self) -> int:
        """When the last candle closed that its weights come from, its own or its parents', ms UTC."""
        return self._end("span", "inherited")

    @property
    def known(self) -> tuple[int, int]:
        """The time that it knows of, ms UTC: that it or its parents learned from or were tested on."""
        training = self.manifest.training
        spans = [span for key in ("span", "test_span", "inherited") if (span := training.get(key))]
        return min((span[0] for span in spans), default=0), self._end("span", "test_span", "inherited")

    def _end(self, *keys: str) -> int:
        training = self.manifest.training
        return max((span[1] for key in keys if (span := training.get(key))), default=0)


def parent_of(options: Mapping[str, Any]) -> Parent | None:
    """The version of `--from`, ready to be asked; None without. Raises `BadModel` for one that is no policy."""
    if options["parent"] is None:
        return None
    from papertape.cli.options import home
    from papertape_ml.commands.models_options import opened
    from papertape_ml.errors import BadModel
    from papertape_ml.models.rl import PolicyModel
    from papertape_ml.registry.lookup import find
    from papertape_ml.registry.names import Reference
    from papertape_ml.serving.served import served
    from papertape_ml.serving.verdicts import Verdicts

    with opened(options["registry"], options["db"]) as registry:
        row = find(registry, Reference.parse(options["parent"]))
        version = registry.load(row.name, row.version)
    pin = f"{row.name}@{row.version}"
    if row.kind != "rl":
        raise BadModel(f"{pin} is a {row.kind}; a model of the kind rl would do")
    model = served(version, Verdicts(home() / "verdicts")).model
    assert isinstance(model, PolicyModel), "the kind rl is a policy"
    return Parent(pin, version.manifest, model)
