"""Checkpoints that were made to do harm, and what they are tried on. None may be taken in, and none may leave a trace.

Whoever made them could compute every checksum: what is tested is all that comes after that.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle  # hostile files are made of it, never read with it
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from papertape_ml.errors import BadModel, RegistryError
from papertape_ml.models.classifier import BoostedClassifier, classifier_contract
from papertape_ml.models.contract import Model
from papertape_ml.models.fitting import Parts, fit_classifier
from papertape_ml.models.golden import Golden, golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.models.samples import SIGNAL, Sample
from papertape_ml.models.settings import DEFAULT
from papertape_ml.models.sizer import WIDTHS, SizerModel
from papertape_ml.models.strangers import checked_in_child
from papertape_ml.registry.archive import packed, read_archive, unpacked
from papertape_ml.registry.canonical import sha256
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.suite import FILES, example

CANARY = "owned"
"""The file, in the folder that a process stands in, that a payload makes if it is ever run."""

Refused = (BadModel, RegistryError)


class Payload:
    """What a pickle runs when it is loaded."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {CANARY}",)


@dataclass(frozen=True)
class Attempt:
    """`try_it` must raise one of `Refused`; of files of a model, `kind` and `files` say which, and `told` the golden
    rows that they claim."""

    name: str
    try_it: Callable[[Path], object]
    kind: str | None = None
    files: dict[str, bytes] | None = None
    told: dict[str, Any] | None = None


def classifier() -> BoostedClassifier:
    """A small honest model of trees."""
    rng = np.random.default_rng(0)
    names = ("rsi_14", "atr_pct", "vpin")
    rows = rng.normal(size=(400, 3))
    part = Sample(rows, np.digitize(rows[:, 0], [-0.5, 0.5]).astype(np.int64), np.ones(400))
    settings = replace(DEFAULT, rounds=4, patience=None, threads=1)
    return fit_classifier(
        "classifier", classifier_contract(names, SIGNAL), SIGNAL, Parts(part, None, part), settings
    ).model


def sizer() -> SizerModel:
    """A small honest model of weights."""
    rng = np.random.default_rng(1)
    layers = tuple(
        (rng.normal(size=(after, before)).astype(np.float32), rng.normal(size=after).astype(np.float32))
        for before, after in zip(WIDTHS, WIDTHS[1:], strict=False)
    )
    return SizerModel((0.0,) * WIDTHS[0], (1.0,) * WIDTHS[0], layers)


def attempts(deep: int = 100_000) -> list[Attempt]:
    """All of them."""
    return [*_models(deep), *_archives(), *_places()]


def honest() -> list[tuple[Model, dict[str, Any]]]:
    """The models that the hostile ones were made of, with their golden rows: these must be taken in."""
    rows = np.random.default_rng(2).normal(size=(100, 20))
    made: list[Model] = [classifier(), sizer()]
    return [(each, golden(each, rows[:, : len(each.contract.inputs)].copy()).as_document()) for each in made]


def parsed_here(attempt: Attempt) -> None:
    """The files parsed in this process, which their parsers must survive. Raises one of `Refused`."""
    assert attempt.kind is not None and attempt.files is not None, "an attempt on a parser"
    model = load(attempt.kind, attempt.files)
    if attempt.told is not None:
        reproduces(model, Golden.from_document(attempt.told))


def parsed_in_child(attempt: Attempt) -> str:
    """The verdict of a child process."""
    assert attempt.kind is not None and attempt.files is not None, "an attempt on a parser"
    return checked_in_child(attempt.kind, attempt.files, attempt.told).outcome


def _models(deep: int) -> Iterator[Attempt]:
    (trees, trees_told), (weights, weights_told) = honest()
    for kind, told, name, changes in _changes(trees, trees_told, weights, weights_told, deep):
        model = trees if kind == "classifier" else weights
        attempt = Attempt(name, lambda _: None, kind, model.files() | changes, told)
        yield replace(attempt, try_it=lambda _, attempt=attempt: parsed_here(attempt))


def _changes(
    trees: Model, trees_told: dict[str, Any], weights: Model, weights_told: dict[str, Any], deep: int
) -> Iterator[tuple[str, dict[str, Any] | None, str, dict[str, bytes]]]:
    """Kind, golden rows, name, and the files that are put in the place of honest ones."""
    booster, about = trees.files()["booster.ubj"], trees.files()["model.json"]
    tensors = weights.files()["weights.safetensors"]
    pickled = pickle.dumps(Payload())
    for name, data in {
        "pickle for trees": pickled,
        "pickle behind the head of trees": b"{L" + pickled * 3,
        "numpy array of objects for trees": _npy(pickled),
        "trees in a circle": _number(booster, b"left_children[$l#L", 0, 0, "i"),
        "trees that lead out of the file": _number(booster, b"left_children[$l#L", 0, 10**9, "i"),
        "trees that lead backwards": _number(booster, b"right_children[$l#L", 0, -5, "i"),
        "trees that read beyond their inputs": _number(booster, b"split_indices[$l#L", 0, 10**6, "i"),
        "leaves of NaN": _number(booster, b"split_conditions[$d#L", -1, float("nan"), "f"),
        "2 billion numbers announced": _count(booster, b"base_weights[$d#L", 2 * 10**9),
        "-1 numbers announced": _count(booster, b"base_weights[$d#L", -1),
        "lists without end": b"{L" + struct.pack(">q", 1) + b"a" + b"[" * deep,
        "trees cut in the middle": booster[: len(booster) // 2],
    }.items():
        yield "classifier", trees_told, name, {"booster.ubj": data}
    for name, data in {
        "pickle for a document": pickled,
        "document without end": b'{"a":' * deep,
        "a number of a million digits": b'{"format":' + b"9" * 1_000_000 + b"}",
        "calibration of NaN": about.replace(b'"scale":[', b'"scale":[NaN,', 1),
        "contract of another width": about.replace(b'"atr_pct",', b"", 1),
        "another kind": about.replace(b'"kind":"classifier"', b'"kind":"gate"', 1),
    }.items():
        yield "classifier", trees_told, name, {"model.json": data}
    yield "classifier", trees_told, "one file too many", {"evil.pkl": pickled}
    other = json.loads(json.dumps(trees_told))
    other["exact"][7][1] += 1e-6
    yield "classifier", other, "answers otherwise than it says", {}
    head, body = _header(tensors)
    first = next(iter(head))
    for name, data in {
        "pickle for weights": pickled,
        "torch's zip with a pickle for weights": _zip(pickled),
        "weights of NaN": tensors[: -4 * 20] + struct.pack("<f", float("nan")) * 20,
        "weights without end": tensors[:8] + b'{"a":' * deep,
        "a header of 2^60 bytes": struct.pack("<Q", 1 << 60) + tensors[8:],
        "weights of another shape": _tensors(head | {first: {**head[first], "shape": [1, 64, 13]}}, body),
        "weights beyond the file": _tensors(head | {first: {**head[first], "data_offsets": [0, 1 << 40]}}, body),
        "a tensor too many": _tensors(head | {"evil": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}, body),
    }.items():
        yield "sizer", weights_told, name, {"weights.safetensors": data}


def _archives() -> Iterator[Attempt]:
    manifest = example().with_files(FILES)
    good = packed(manifest, FILES)
    text = manifest.encoded()
    changed = {
        "archive: a name that leads out of it": _member(good, "booster.json", name="../../evil"),
        "archive: an absolute name": _member(good, "booster.json", name="/tmp/evil"),
        "archive: a symbolic link": _member(good, "booster.json", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        "archive: a hard link": _member(good, "booster.json", type=tarfile.LNKTYPE, linkname="manifest.json"),
        "archive: a device": _member(good, "booster.json", type=tarfile.CHRTYPE),
        "archive: a sparse file": _member(good, "booster.json", type=tarfile.GNUTYPE_SPARSE),
        "archive: 8 GB announced": _member(good, "booster.json", size=8**11 - 1),
        "archive: a bomb of gzip": gzip.compress(bytes(50_000_000)),
        "archive: a manifest with spaces": _manifest(good, text, text.replace(b",", b", ", 1)),
        "archive: a key twice": _manifest(good, text, b'{"created":1,' + text[1:]),
        "archive: a manifest without end": _manifest(good, text, b"[" * len(text)),
        "archive: a file named like a path": _manifest(good, text, text.replace(b'"empty"', b'"../x"', 1)),
        "archive: something behind its end": good + good,
        "archive: a zip": _zip(b"x"),
    }
    for name, data in changed.items():
        yield Attempt(name, lambda _, data=data: unpacked(data))


def _places() -> Iterator[Attempt]:
    def fifo(scratch: Path) -> object:
        path = scratch / "fifo.tar"
        path.exists() or os.mkfifo(path)
        return read_archive(path)

    def device(scratch: Path) -> object:
        path = scratch / "zero.tar"
        path.is_symlink() or path.symlink_to("/dev/zero")
        return read_archive(path)

    def swapped(scratch: Path) -> object:
        place = scratch / "swapped"
        registry = JsonRegistry.open(place, create=True)
        row = registry.publish(example(), FILES)
        file = place / "versions" / row.checksum.removeprefix("sha256:") / "booster.json"
        if not file.is_symlink():
            file.unlink()
            file.symlink_to("/etc/passwd")
        return JsonRegistry.open(place).load("signal", 1)

    def index(scratch: Path) -> object:
        place = scratch / "index"
        place.mkdir(exist_ok=True)
        (place / "registry.json").write_bytes(pickle.dumps(Payload()))
        return JsonRegistry.open(place)

    yield Attempt("place: a pipe for an archive", fifo)
    yield Attempt("place: a device for an archive", device)
    yield Attempt("place: a link for a file of a version", swapped)
    yield Attempt("place: a pickle for an index", index)


def _number(data: bytes, head: bytes, at: int, value: float, form: str) -> bytes:
    """Other bytes for one number of the first array that has this head; `at` may count from its end."""
    start = data.index(head) + len(head) + 8
    count = int.from_bytes(data[start - 8 : start], "big")
    place = start + 4 * (at % count)
    return data[:place] + struct.pack(f">{form}", value) + data[place + 4 :]


def _count(data: bytes, head: bytes, count: int) -> bytes:
    at = data.index(head) + len(head)
    return data[:at] + struct.pack(">q", count) + data[at + 8 :]


def _npy(pickled: bytes) -> bytes:
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + pickled


def _zip(pickled: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("../../evil", b"x")
    return out.getvalue()


def _header(tensors: bytes) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(tensors[:8], "little")
    return json.loads(tensors[8 : 8 + size]), tensors[8 + size :]


def _tensors(head: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + body


def _member(good: bytes, which: str, **changes: Any) -> bytes:
    """The archive with another header, whose own checksum is right, for one member."""
    at = next(k for k in range(0, len(good), 512) if good[k : k + 100].rstrip(b"\0") == which.encode())
    member = tarfile.TarInfo.frombuf(good[at : at + 512], "ascii", "strict")
    for key, value in changes.items():
        setattr(member, key, value)
    return good[:at] + member.tobuf(tarfile.USTAR_FORMAT) + good[at + 512 :]


def _manifest(good: bytes, old: bytes, new: bytes) -> bytes:
    """The archive with another text for its manifest, its checksum and header as they should be."""
    new = new.ljust(len(old))
    member = tarfile.TarInfo("manifest.json")
    member.size, member.mode = len(new), 0o644
    header = member.tobuf(tarfile.USTAR_FORMAT)
    start = good.index(old) - 512
    rest = start + 512 + len(old) + -len(old) % 512
    text = new + bytes(-len(new) % 512)
    return good[:start].replace(sha256(old).encode(), sha256(new).encode()) + header + text + good[rest:]
