"""Trees out of LightGBM's own text.

What is refused: categories, linear leaves, averaged outputs, zero as a mark for what is missing. Source: LightGBM's
text format (Tree::ToString in its repository) and its prediction: float64, a row goes left where its value is not
above the threshold, leaves are added to 0 in the order of the trees, and numbers up to 1e-35 count as 0.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from papertape_ml.errors import BadModelFiles
from papertape_ml.models.contract import Array
from papertape_ml.models.forests.forest import Branches, Forest

_LARGEST: Final = 256 << 20
_MOST_TREES: Final = 1_000_000
_ZERO: Final = float(np.float32(1e-35))
"""kZeroThreshold, which the library keeps as a float32 constant."""
_CATEGORY, _DEFAULT_LEFT, _MISSING_ZERO, _MISSING_NAN = 1, 2, 4, 8


def read(data: bytes, name: str, objective: str, inputs: int, outputs: int, columns: int) -> Forest:
    """The forest in ``data``, the bytes of the file ``name``; `BadModelFiles` if there is another or none.

    ``objective``: its first word in LightGBM; ``outputs``: sums that its trees add to; ``columns``: as in `Forest`.
    """
    if len(data) > _LARGEST:
        raise BadModelFiles(f"{name} has {len(data)} bytes, at most {_LARGEST} are read")
    try:
        text = data.decode("ascii")
        if not text.startswith("tree\n"):
            raise BadModelFiles(f"{name} is no text of LightGBM")
        head, *trees = text.partition("\nend of trees")[0].split("\nTree=")
        about = _entries(head)
        found = (about["objective"].split()[0], int(about["max_feature_idx"]) + 1, int(about["num_tree_per_iteration"]))
        if found != (objective, inputs, outputs):
            holds = f"{found[0]} with {found[1]} inputs and {found[2]} sums"
            raise BadModelFiles(f"{name} holds {holds}, not {objective} of {inputs} inputs with {outputs} sums")
        if "average_output" in head.splitlines() or not 0 < len(trees) <= _MOST_TREES or len(trees) % outputs:
            raise BadModelFiles(f"{name} holds no whole rounds of boosted trees")
        if "\nend of trees" not in text:
            raise BadModelFiles(f"{name} ends before its trees do")
        branches = _joined([_tree(number, tree) for number, tree in enumerate(trees)])
        outs = np.arange(len(trees)) % outputs
        return Forest.grown(branches, outs, inputs, np.zeros(outputs), columns, _ZERO)
    except BadModelFiles as wrong:
        raise BadModelFiles(str(wrong) if str(wrong).startswith(name) else f"{name}: {wrong}") from wrong
    except (KeyError, ValueError, IndexError, OverflowError) as wrong:
        raise BadModelFiles(f"{name} cannot be parsed: {type(wrong).__name__} {str(wrong)[:80]}") from wrong


def _entries(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            if key in found:
                raise BadModelFiles(f"{key[:40]!r} comes twice")
            found[key] = value
    return found


def _tree(number: int, text: str) -> Branches:
    """Inner nodes first, then leaves; children are places among these."""
    first, _, rest = text.partition("\n")
    about = _entries(rest)
    leaves = int(about["num_leaves"])
    if int(first) != number or leaves < 1 or int(about["num_cat"]) or int(about.get("is_linear", "0")):
        raise BadModelFiles(f"tree {number} is missing, splits by categories, or has linear leaves")
    value = _floats(about["leaf_value"], leaves)
    inner = leaves - 1
    if not inner:
        none = np.full(1, -1)
        return Branches(np.zeros(1, np.int64), none, none, np.zeros(1, np.int64), np.zeros(1), none > 0, value)
    left, right = _whole(about["left_child"], inner), _whole(about["right_child"], inner)
    threshold, decision = _floats(about["threshold"], inner), _whole(about["decision_type"], inner)
    if (decision & (_CATEGORY | _MISSING_ZERO)).any() or ((decision < 0) | (decision > 15)).any():
        raise BadModelFiles(f"tree {number} splits by categories, or takes 0 for missing")
    # Where nothing was missing in training, what is missing counts as 0.
    default = np.where(decision & _MISSING_NAN, (decision & _DEFAULT_LEFT) != 0, threshold >= 0.0)
    pad = np.zeros(leaves)
    return Branches(
        roots=np.zeros(1, np.int64),
        left=np.append(_placed(left, inner, leaves), np.full(leaves, -1)),
        right=np.append(_placed(right, inner, leaves), np.full(leaves, -1)),
        feature=np.append(_whole(about["split_feature"], inner), pad.astype(np.int64)),
        # Not above it is below the next number.
        threshold=np.append(np.nextafter(threshold, np.inf), pad),
        default_left=np.append(default, pad > 0),
        value=np.append(np.zeros(inner), value),
    )


def _placed(children: NDArray[np.int64], inner: int, leaves: int) -> NDArray[np.int64]:
    """A leaf is written as the complement of its number."""
    placed = np.where(children < 0, inner + ~children, children)
    if ((children >= inner) | (~children >= leaves)).any():
        raise BadModelFiles("a node of a tree leads to a node that there is not")
    return placed


def _joined(trees: list[Branches]) -> Branches:
    sizes = np.array([len(tree.left) for tree in trees])
    starts = np.cumsum(sizes) - sizes
    offset = np.repeat(starts, sizes)
    left = np.concatenate([tree.left for tree in trees])
    right = np.concatenate([tree.right for tree in trees])
    return Branches(
        roots=starts,
        left=np.where(left < 0, -1, left + offset),
        right=np.where(right < 0, -1, right + offset),
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        default_left=np.concatenate([tree.default_left for tree in trees]),
        value=np.concatenate([tree.value for tree in trees]),
    )


def _floats(text: str, count: int) -> Array:
    return np.array([float(word) for word in _words(text, count)])


def _whole(text: str, count: int) -> NDArray[np.int64]:
    return np.array([int(word) for word in _words(text, count)], np.int64)


def _words(text: str, count: int) -> list[str]:
    words = text.split(" ")
    if len(words) != count:
        raise BadModelFiles(f"a tree has {len(words)} numbers where {count} are expected")
    return words
