"""Versions of models: how the tape names them, and whether one can take the place of another."""

from collections.abc import Mapping
from typing import Any

from papertape.contract.model import LoadedModel, ModelPin


def unlike(new: LoadedModel, old: LoadedModel) -> str | None:
    """Why a version cannot take another's place in a running session; None where it can."""
    for what in ("kind", "features", "feature_set_hash", "window", "inputs", "outputs"):
        theirs, ours = getattr(new, what), getattr(old, what)
        if theirs != ours:
            return f"{what.replace('_', ' ')} of {new.pin} is {_shown(theirs)}, the session has {_shown(ours)}"
    return None


def _shown(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def read_pin(document: Mapping[str, Any]) -> ModelPin:
    """A pin as the tape has it."""
    return ModelPin(str(document["name"]), int(document["version"]), str(document["checksum"]))


def change_document(
    reference: str, loaded: LoadedModel, before: LoadedModel | None, fingerprint: Mapping[str, Any]
) -> dict[str, Any]:
    """What the tape says of a version that answers from the next batch on; `before`: the one that answers beside it."""
    document = {"reference": reference, **pin_document(loaded), "fingerprint": dict(fingerprint)}
    return document if before is None else document | {"previous": pin_document(before)}


def pin_document(loaded: LoadedModel) -> dict[str, Any]:
    """A version as the tape names it, and what its predictions say."""
    claims = {
        claim.name: {"horizon": claim.horizon, "outputs": list(claim.outputs), "outcomes": list(claim.outcomes)}
        for claim in loaded.claims
    }
    return {**loaded.pin._asdict(), "kind": loaded.kind, "claims": claims}
