"""What a version says about itself.

The manifest is what a version *is*: its checksum is the SHA-256 of the manifest's canonical JSON, which in turn names
the SHA-256 of every file. The number of a version is not part of it. A registry gives the number, and the same content
brought to another registry may get another one there, but keeps its checksum.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from papertape_ml.errors import BadModel
from papertape_ml.registry.canonical import canonical, checksum_of, frozen, parsed, sha256
from papertape_ml.registry.names import Reference, file_name, model_name

FORMAT = 1
GOLDEN_ROWS = 32
MAX_MANIFEST = 8 << 20
"""Bytes of a manifest."""
MAX_FILES = 64
MAX_BYTES = 256 << 20
"""Bytes of all files of a version together."""
DTYPES = ("float64", "float32")

_SUM = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_COLUMN = re.compile(r"[!-~]{1,128}")
Row = tuple[float | None, ...]
Rows = Iterable[Iterable[float]]


class FileSum(NamedTuple):
    """A file's SHA-256 in 64 hexadecimal digits and its length in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Contract:
    """What goes in and comes out: names of columns in their order, and the type of a number."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    dtype: str = "float64"

    def __post_init__(self) -> None:
        for what, names in (("inputs", self.inputs), ("outputs", self.outputs)):
            if not isinstance(names, tuple) or not names or len(set(names)) != len(names):
                raise BadModel(f"contract.{what} must be names, at least one, none of them twice")
            for name in names:
                if not isinstance(name, str) or not _COLUMN.fullmatch(name):
                    raise BadModel(f"contract.{what}: {str(name)[:80]!r} is no name of a column")
        if self.dtype not in DTYPES:
            raise BadModel(f"contract.dtype is {str(self.dtype)[:80]!r}; {' or '.join(DTYPES)} would do")


@dataclass(frozen=True, slots=True)
class Golden:
    """Rows that went in and what came out of them where the model was made; None stands for NaN.

    `exact`: inner values (margins of trees) that must come out to the bit, where the kind of model has such.
    """

    inputs: tuple[Row, ...]
    outputs: tuple[Row, ...]
    exact: tuple[Row, ...] | None = None

    def __post_init__(self) -> None:
        for what, rows in self.rows().items():
            if not isinstance(rows, tuple) or len(rows) != GOLDEN_ROWS:
                raise BadModel(f"golden.{what} must be {GOLDEN_ROWS} rows")
            object.__setattr__(self, what, tuple(_row(f"golden.{what}[{n}]", row) for n, row in enumerate(rows)))

    @classmethod
    def of(cls, inputs: Rows, outputs: Rows, exact: Rows | None = None) -> Self:
        """From numbers, arrays of shape (rows, columns) too; NaN becomes None. Raises BadModel for infinities."""
        given = (inputs, outputs) if exact is None else (inputs, outputs, exact)
        return cls(*(tuple(tuple(map(_or_none, row)) for row in rows) for rows in given))

    def rows(self) -> dict[str, tuple[Row, ...]]:
        """The rows by what they are."""
        exact = {} if self.exact is None else {"exact": self.exact}
        return {"inputs": self.inputs, "outputs": self.outputs, **exact}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A version's description. It refuses to exist (BadModel) when it is wrong, and cannot be changed.

    `created`: ms UTC. `kind`: says who can load it. `feature_set`: the document behind `feature_set_hash`. `training`:
    a document with at least `hash` (`sha256:...` of the training data) and `span` (first and last time in ms UTC, None
    for data without times). `parent`: NAME@VERSION that it was made from. `code`: versions of papertape and of the
    libraries. `statistics`: figures about the training data and the model that serving needs (bins for drift,
    importances). `files`: empty until `with_files`.
    """

    name: str
    kind: str
    created: int
    contract: Contract
    golden: Golden
    feature_set: Mapping[str, Any]
    feature_set_hash: str
    label: Mapping[str, Any]
    training: Mapping[str, Any]
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)
    seeds: Mapping[str, Any] = field(default_factory=dict)
    statistics: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    files: Mapping[str, FileSum] = field(default_factory=dict)

    def __post_init__(self) -> None:
        model_name(self.name)
        model_name(self.kind)
        if not _whole(self.created):
            raise BadModel(f"created must be a time in ms UTC, was {str(self.created)[:80]}")
        for key in ("feature_set", "label", "training", "config", "metrics", "code", "seeds", "statistics"):
            if not isinstance(getattr(self, key), Mapping):
                raise BadModel(f"{key} must be an object")
            object.__setattr__(self, key, frozen(getattr(self, key), key))
        _hash("feature_set_hash", self.feature_set_hash)
        _hash("training.hash", self.training.get("hash"))
        _span(self.training.get("span"))
        if self.parent is not None and (
            not isinstance(self.parent, str) or Reference.parse(self.parent).version is None
        ):
            raise BadModel(f"parent must be NAME@VERSION or null, was {str(self.parent)[:80]!r}")
        for what, rows, names in (
            ("inputs", self.golden.inputs, self.contract.inputs),
            ("outputs", self.golden.outputs, self.contract.outputs),
        ):
            if any(len(row) != len(names) for row in rows):
                raise BadModel(f"golden.{what}: each row must have {len(names)} numbers, as the contract has names")
        object.__setattr__(self, "files", _sums(self.files))
        if len(self.encoded()) > MAX_MANIFEST:
            raise BadModel(f"the manifest has more than {MAX_MANIFEST:,} bytes")

    @property
    def checksum(self) -> str:
        """`sha256:...`, what names this content everywhere."""
        return checksum_of(self.encoded())

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(each.size for each in self.files.values())

    def with_files(self, files: Mapping[str, bytes]) -> "Manifest":
        """This manifest with the sums of its files. Raises BadModel where it names other files already."""
        if not files:
            raise BadModel(f"{self.name}: a version has at least one file")
        sums = {name: FileSum(sha256(data), len(data)) for name, data in files.items()}
        if self.files and dict(self.files) != sums:
            odd = sorted(name for name in {*self.files, *sums} if self.files.get(name) != sums.get(name))
            raise BadModel(f"{self.name}: the manifest and the files do not agree about {', '.join(odd)[:200]}")
        return replace(self, files=sums)

    def document(self) -> dict[str, Any]:
        """The manifest as JSON has it."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        found["contract"] = {
            "inputs": self.contract.inputs,
            "outputs": self.contract.outputs,
            "dtype": self.contract.dtype,
        }
        found["golden"] = self.golden.rows()
        found["files"] = {name: each._asdict() for name, each in self.files.items()}
        return {"format": FORMAT, **found}

    def encoded(self) -> bytes:
        """Its canonical JSON: what the checksum is of, and what is stored."""
        return canonical(self.document())

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The manifest in its stored form. Raises BadModel for anything else than `encoded` writes."""
        found = cls.read(data)
        if found.encoded() != data:
            raise BadModel("the manifest is not in its canonical form")
        return found

    @classmethod
    def read(cls, data: bytes, **given: object) -> Self:
        """The manifest in a JSON text however it is written; `given` stand in for keys that it lacks."""
        if len(data) > MAX_MANIFEST:
            raise BadModel(f"the manifest has more than {MAX_MANIFEST:,} bytes")
        document = parsed(data, "manifest")
        if not isinstance(document, Mapping):
            raise BadModel("the manifest must be an object")
        values = {"format": FORMAT, **given, **document}
        if values.pop("format") != FORMAT:
            raise BadModel(f"the manifest's format is not {FORMAT}: another papertape wrote it")
        keys = {each.name for each in fields(cls)}
        required = keys - {"config", "metrics", "code", "seeds", "statistics", "parent", "files"}
        if unknown := sorted(values.keys() - keys):
            raise BadModel(f"the manifest has keys that mean nothing here: {', '.join(unknown)[:200]}")
        if missing := sorted(required - values.keys()):
            raise BadModel(f"the manifest lacks {', '.join(missing)}")
        values["contract"] = Contract(**_part(values, "contract", ("inputs", "outputs"), ("dtype",)))
        values["golden"] = Golden(**_part(values, "golden", ("inputs", "outputs"), ("exact",)))
        files = values.get("files", {})
        if not isinstance(files, Mapping):
            raise BadModel("files must be an object")
        values["files"] = {name: FileSum(**_part(files, name, ("sha256", "size"))) for name in files}
        return cls(**values)


def _part(values: Mapping[str, Any], key: str, needed: tuple[str, ...], more: tuple[str, ...] = ()) -> dict[str, Any]:
    found = values[key]
    if not isinstance(found, Mapping) or not set(needed) <= found.keys() <= {*needed, *more}:
        raise BadModel(f"{key[:80]} must be an object with {', '.join(needed + more)}")
    return dict(found)


def _sums(files: Mapping[str, FileSum]) -> Mapping[str, FileSum]:
    if not isinstance(files, Mapping) or len(files) > MAX_FILES:
        raise BadModel(f"files must be an object of at most {MAX_FILES} files")
    if len({name.lower() for name in map(file_name, files)}) != len(files):
        raise BadModel("two files have names that differ in upper and lower case alone")
    for name, each in files.items():
        if not isinstance(each.sha256, str) or not _SUM.fullmatch(each.sha256):
            raise BadModel(f"files.{name}.sha256 must be 64 hexadecimal digits, was {str(each.sha256)[:80]!r}")
        if not _whole(each.size):
            raise BadModel(f"files.{name}.size must be a number of bytes")
    if (total := sum(each.size for each in files.values())) > MAX_BYTES:
        raise BadModel(f"the files have {total:,} bytes; a version has at most {MAX_BYTES:,}")
    return MappingProxyType({name: FileSum(*files[name]) for name in sorted(files)})


def _span(span: object) -> None:
    if span is None:
        return
    if not isinstance(span, tuple) or len(span) != 2 or not all(map(_whole, span)) or span[0] > span[1]:
        raise BadModel("training.span must be the first and the last time in ms UTC, or null")


def _hash(what: str, value: object) -> None:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise BadModel(f"{what} must be sha256: and 64 hexadecimal digits, was {str(value)[:80]!r}")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _row(where: str, row: object) -> Row:
    if not isinstance(row, tuple):
        raise BadModel(f"{where} must be numbers")
    for value in row:
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
        ):
            raise BadModel(f"{where} must be finite numbers, or null for NaN")
    return tuple(None if value is None else float(value) for value in row)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
