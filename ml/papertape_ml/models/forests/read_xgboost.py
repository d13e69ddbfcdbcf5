"""Trees out of XGBoost's own UBJSON.

What is read: the intercept, the nodes of each tree, and which output it adds to. What is refused: categories, leaves
with more than one value, other boosters than trees, another objective than expected. Source: XGBoost's model schema
(doc/model.schema in its repository) and its prediction on the CPU: float32, a row goes left where its value is below
the threshold, leaves are added to the intercept in the order of the trees.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from papertape_ml.errors import BadModelFiles
from papertape_ml.models.forests.forest import Branches, Forest
from papertape_ml.models.forests.ubjson import parsed

_MOST_TREES: Final = 1_000_000
_FLOATS: Final = ("split_conditions",)
_WHOLE: Final = ("left_children", "right_children", "split_indices", "default_left")
_EMPTY: Final = ("categories", "categories_nodes", "categories_segments", "categories_sizes")


def read(data: bytes, name: str, objective: str, inputs: int, outputs: int, columns: int) -> Forest:
    """The forest in ``data``, the bytes of the file ``name``; `BadModelFiles` if there is another or none.

    ``objective``: its name in XGBoost; ``outputs``: sums that its trees add to; ``columns``: as in `Forest`.
    """
    if len(data) < 64 or data[:2] != b"{L":
        raise BadModelFiles(f"{name} is no UBJSON object")
    document = parsed(data, name)
    try:
        learner = document["learner"]
        about, booster = learner["learner_model_param"], learner["gradient_booster"]
        found = (learner["objective"]["name"], int(about["num_feature"]), booster["name"])
        sums = max(1, int(about["num_class"]), int(about["num_target"]))
        if found != (objective, inputs, "gbtree") or sums != outputs:
            holds = f"{found[0]} by {found[2]} with {found[1]} inputs and {sums} sums"
            raise BadModelFiles(f"{name} holds {holds}, not {objective} of {inputs} inputs with {outputs} sums")
        model = booster["model"]
        if int(model["gbtree_model_param"]["num_parallel_tree"]) != 1:
            raise BadModelFiles(f"{name} holds more than one tree a round")
        base = _base(about["base_score"], objective, outputs)
        info = np.asarray(model["tree_info"])
        if info.ndim != 1 or info.dtype.kind not in "iu" or len(info) != len(model["trees"]):
            raise BadModelFiles(f"{name} does not say which output each tree adds to")
        branches = _branches(model["trees"], name)
        return Forest.grown(branches, info.astype(np.int64), inputs, base, columns)
    except BadModelFiles as wrong:
        raise BadModelFiles(str(wrong) if str(wrong).startswith(name) else f"{name}: {wrong}") from wrong
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as wrong:
        raise BadModelFiles(f"{name} cannot be parsed: {type(wrong).__name__} {str(wrong)[:80]}") from wrong


def _base(text: Any, objective: str, outputs: int) -> NDArray[np.float32]:
    """Where the sums begin. Of a logistic objective the file keeps the probability."""
    if not isinstance(text, str) or len(text) > 64 * (outputs + 1):
        raise BadModelFiles("there is no intercept")
    base = np.array([float(word) for word in text.strip("[]").split(",")], np.float32)
    if len(base) == 1:
        base = np.repeat(base, outputs)
    if len(base) != outputs:
        raise BadModelFiles(f"there are {len(base)} intercepts for {outputs} sums")
    if objective != "binary:logistic":
        return base
    if not ((base > 0) & (base < 1)).all():
        raise BadModelFiles("the intercept of a logistic objective is no probability")
    odds = np.float32(1.0) / base - np.float32(1.0)
    return (-np.log(odds.astype(np.float64))).astype(np.float32)


def _branches(trees: list[dict[str, Any]], name: str) -> Branches:
    if not isinstance(trees, list) or not 0 < len(trees) <= _MOST_TREES:
        raise BadModelFiles(f"{name} holds no trees, or too many")
    columns: dict[str, list[NDArray[Any]]] = {key: [] for key in (*_FLOATS, *_WHOLE)}
    starts, start = [], 0
    for tree in trees:
        count = len(tree["left_children"])
        for key in _FLOATS:
            columns[key].append(_numbers(tree[key], count, "f", key))
        for key in _WHOLE:
            columns[key].append(_numbers(tree[key], count, "iu", key))
        for key in _EMPTY:
            if len(tree[key]):
                raise BadModelFiles(f"{name} splits by categories, which is not read here")
        if _numbers(tree["split_type"], count, "iu", "split_type").any():
            raise BadModelFiles(f"{name} splits by categories, which is not read here")
        if int(tree["tree_param"]["size_leaf_vector"]) > 1:
            raise BadModelFiles(f"{name} has leaves with more than one value")
        starts.append(start)
        start += count
    flat = {key: np.concatenate(parts) for key, parts in columns.items()}
    sizes = np.diff([*starts, start])
    offset = np.repeat(np.array(starts, np.int64), sizes)
    size = np.repeat(sizes, sizes)
    return Branches(
        roots=np.array(starts, np.int64),
        left=_placed(flat["left_children"], offset, size),
        right=_placed(flat["right_children"], offset, size),
        feature=flat["split_indices"].astype(np.int64),
        threshold=flat["split_conditions"],
        default_left=flat["default_left"] != 0,
        value=flat["split_conditions"],  # a leaf keeps its value there
    )


def _numbers(values: Any, count: int, kinds: str, key: str) -> NDArray[Any]:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in kinds or len(values) != count or not count:
        raise BadModelFiles(f"{key} of a tree is not one number a node")
    return values


def _placed(children: NDArray[Any], offset: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places among all nodes; -1 in leaves."""
    within = children.astype(np.int64)
    if (within >= size).any():
        raise BadModelFiles("a node of a tree leads to a node that there is not")
    return np.where(within < 0, -1, within + offset)
