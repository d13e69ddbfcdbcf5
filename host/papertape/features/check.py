"""Proofs that features keep their promises, on given candles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Floats
from papertape.contract.feature import Columns
from papertape.features.batches import earlier, later, merged
from papertape.features.machine_code import Progress
from papertape.features.plan import Plan, plan
from papertape.features.request import Feature
from papertape.features.stream import Stream
from papertape.market.timeframe import iso

TOLERANCE = 1e-9
"""What a late start may change in a decaying feature, as a part of its scale."""
PROOFS = ("steps", "restore", "future", "late start", "symbols", "range", "input")
"""What is proven of each feature: the names of `Proof.failures`."""
_LOOKED_AT = 4_096
"""Batches after which it is looked, again and again, whether a step has written to the candles."""
_STEPS = 10_000
"""Batches that are stepped one by one, around places of the history."""


@dataclass(slots=True)
class Proof:
    """What the candles say of one feature. `failures`: by name of the proof, what went wrong; none if all is well.

    `defined`: share of the values that are there once warm-up is over. `late`: the largest difference that a late
    start made, as a part of the scale.
    """

    feature: Feature
    warmup: int
    defined: float = 0.0
    late: float = 0.0
    late_starts: int = 0
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def tried(self) -> bool:
        """Whether the candles were enough to say anything: there is a value, and a late start to compare it with."""
        return self.defined > 0 and self.late_starts > 0


@dataclass(frozen=True, slots=True)
class Subject:
    """Features and the history they are proven on: candles (6, n) by symbol, all of one timeframe of `period` ms."""

    features: tuple[Feature, ...]
    plan: Plan
    period: int
    candles: tuple[Floats, ...]
    times: Floats
    reference: str | None
    fresh: npt.NDArray[np.bool_]

    def stream(self) -> Stream:
        return Stream(self.plan, self.period)

    def history(self, candles: Sequence[Floats]) -> tuple[Floats, Floats]:
        """Times and values (n, symbols, features) of a history from its first candle on."""
        times, fresh = merged(candles)
        return times, self.stream().run(candles, fresh)[:, :, list(self.plan.columns)]


def prove(
    features: Sequence[Feature],
    symbols: Sequence[str],
    candles: Sequence[Floats],
    period: int,
    reference: str | None = None,
    starts: int = 5,
    progress: Progress = lambda done, total: None,
) -> list[Proof]:
    """Proves every feature on the candles of `symbols`; `starts`: how many late starts are tried."""
    layout = plan(features, symbols, reference)
    times, fresh = merged(candles)
    subject = Subject(tuple(features), layout, period, tuple(candles), times, reference, fresh)
    _, whole = subject.history(candles)
    proofs = _begun(subject, whole)
    jobs: list[Callable[[Subject, Floats, list[Proof]], None]] = [_steps, _restore, _future, _symbols, _range, _input]
    places = [int(place) for place in np.linspace(0, len(times), starts + 2)[1:-1]] if len(times) > starts else []
    jobs += [lambda *given, place=place: _late(*given, place=place) for place in places]  # type: ignore[misc]
    for done, job in enumerate(jobs):
        progress(done, len(jobs))
        job(subject, whole, proofs)
    progress(len(jobs), len(jobs))
    return proofs


def _begun(subject: Subject, whole: Floats) -> list[Proof]:
    proofs = []
    for place, feature in enumerate(subject.features):
        many = (len(subject.plan.symbols),) if feature.family.panel else ()
        warmup = feature.family.warmup(*many, *feature.values)
        values = whole[warmup:, :, place][subject.fresh[warmup:]]
        defined = float(np.mean(~np.isnan(values))) if len(values) else 0.0
        proofs.append(Proof(feature, warmup, defined))
    return proofs


def _steps(subject: Subject, whole: Floats, proofs: list[Proof]) -> None:
    """One candle after the other gives what the loop gives: from the start, and from the middle on."""
    columns = list(subject.plan.columns)
    for begin in {0, max(0, len(subject.times) - _STEPS) // 2}:
        head = earlier(subject.candles, subject.times[begin])
        stream = subject.stream()
        if begin:
            stream.run(head, subject.fresh[:begin])
        rest = _rows(later(subject.candles, subject.times[begin]), subject.fresh[begin : begin + _STEPS])
        values = np.array([stream.step(rows)[:, columns] for rows in rest])
        _equal(subject, values, whole[begin : begin + len(values)], proofs, "steps", begin)


def _restore(subject: Subject, whole: Floats, proofs: list[Proof]) -> None:
    """State that is kept in the middle and put into another stream gives the same rest."""
    middle = len(subject.times) // 2
    if not middle:
        return
    first = subject.stream()
    first.run(earlier(subject.candles, subject.times[middle]), subject.fresh[:middle])
    kept = {
        name: np.frombuffer(value.tobytes(), value.dtype).reshape(value.shape) for name, value in first.state.items()
    }
    second = subject.stream()
    second.state = kept
    rest = second.run(later(subject.candles, subject.times[middle]), subject.fresh[middle:])
    _equal(subject, rest[:, :, list(subject.plan.columns)], whole[middle:], proofs, "restore", middle)


def _future(subject: Subject, whole: Floats, proofs: list[Proof]) -> None:
    """Candles that are cut off, or other ones in their place, change nothing before them."""
    cut = len(subject.times) * 2 // 3
    if not cut:
        return
    begin = subject.times[cut]
    _, short = subject.history(earlier(subject.candles, begin))
    _equal(subject, short, whole[:cut], proofs, "future", 0, "with the later candles cut off")
    changed = [one.copy() for one in subject.candles]
    for one in changed:
        one[1:, one[0] >= begin] *= 7.0
    _, other = subject.history(changed)
    _equal(subject, other[:cut], whole[:cut], proofs, "future", 0, "with the later candles seven times as high")


def _late(subject: Subject, whole: Floats, proofs: list[Proof], place: int) -> None:
    """A stream that starts later gives what each feature's memory promises, once its warm-up is over."""
    begin = subject.times[place]
    times, late = subject.history(later(subject.candles, begin))
    offset = len(subject.times) - len(times)
    closes = _closes(subject)[offset:]
    had = np.cumsum(subject.fresh[offset:], axis=0)
    for proof, at in zip(proofs, range(len(proofs)), strict=True):
        warm = subject.fresh[offset:] & (had >= proof.warmup)
        if proof.feature.family.panel:
            warm &= (had.min(axis=1) >= proof.warmup)[:, None]
        if not warm.any():
            continue
        proof.late_starts += 1
        ours, theirs = late[:, :, at][warm], whole[offset:, :, at][warm]
        missing = np.isnan(ours) != np.isnan(theirs)
        scale = proof.feature.output.scale
        against = closes[warm] if scale == "close" else np.full(len(ours), scale)
        if proof.feature.family.memory == "decaying":
            off = np.nan_to_num(np.abs(ours - theirs) / against, nan=0.0)
            proof.late = max(proof.late, float(off.max()))
            bad = missing | (off > TOLERANCE)
        else:
            bad = missing | (ours.view(np.int64) != theirs.view(np.int64)) & ~(np.isnan(ours) & np.isnan(theirs))
        if bad.any():
            first = int(np.argmax(bad))
            proof.failures.setdefault(
                "late start",
                f"{int(bad.sum())} of {len(ours)} values differ from a start at {iso(int(begin))}: "
                f"the first is {float(ours[first])}, not {float(theirs[first])}",
            )


def _symbols(subject: Subject, whole: Floats, proofs: list[Proof]) -> None:
    """Beside others a symbol has the bits that it has alone; of families that step each symbol for itself."""
    alone = [place for place, feature in enumerate(subject.features) if not feature.family.panel]
    if not alone:
        return
    features = [subject.features[place] for place in alone]
    names = [f"{n}/{n}" for n in range(7)]
    first, times = subject.candles[0], subject.candles[0].shape[1]
    shifted = [np.roll(first, n * 11, axis=1) for n in range(7)]
    for one in shifted:
        one[0] = first[0]
    shifted[3] = first
    layout = plan(features, names)
    both = Stream(layout, subject.period).run(shifted)[:, 3, list(layout.columns)]
    own = whole[subject.fresh[:, 0], 0][:, alone]
    for at, place in enumerate(alone):
        if both[:times, at].tobytes() != own[:, at].tobytes():
            proofs[place].failures["symbols"] = "other bits beside six other symbols than alone"


def _range(subject: Subject, whole: Floats, proofs: list[Proof]) -> None:
    """No value is infinite or outside the declared range."""
    for place, proof in enumerate(proofs):
        values = whole[:, :, place]
        values = values[~np.isnan(values)]
        output = proof.feature.output
        slack = TOLERANCE * (1.0 if output.scale == "close" else output.scale)
        if len(values) and not (values.min() >= output.low - slack and values.max() <= output.high + slack):
            proof.failures["range"] = (
                f"values from {values.min():g} to {values.max():g}, outside {output.low:g} to {output.high:g}"
            )


def _input(subject: Subject, whole: Floats, proofs: list[Proof]) -> None:
    """No step writes to the candles, nor to the columns that follow from them: others see them too.

    All features run together at first; each family alone only where somebody has written.
    """
    together = _written(subject, proofs)
    if together is None:
        return
    families: dict[str, list[Proof]] = {}
    for proof in proofs:
        families.setdefault(proof.feature.family.name, []).append(proof)
    alone = {name: _written(subject, own) for name, own in families.items()} if len(families) > 1 else {}
    guilty = {name: found for name, found in alone.items() if found} or dict.fromkeys(families, together)
    for name, found in guilty.items():
        for proof in families[name]:
            proof.failures["input"] = found


def _written(subject: Subject, proofs: list[Proof]) -> str | None:
    """What the features write to, if they do: said of the first place that a stream without them has otherwise."""
    symbols = subject.plan.symbols
    layout = plan([proof.feature for proof in proofs], symbols, subject.reference)
    many, batches = min(_LOOKED_AT, len(subject.times)), len(subject.times)
    # The state holds what steps look back on: made longer, it holds all that they can have written to in a stretch.
    reach = layout.reach + many
    theirs = Stream(replace(layout, reach=reach), subject.period, many)
    bare = Stream(replace(plan((), symbols), reach=reach), subject.period, many)
    had = np.concatenate([np.zeros((1, len(symbols)), np.int64), subject.fresh.cumsum(axis=0)])
    for begin in range(0, batches, many):
        end = min(begin + many, batches)
        some = [one[:, had[begin, slot] : had[end, slot]] for slot, one in enumerate(subject.candles)]
        for stream in (theirs, bare):
            stream.run(some, subject.fresh[begin:end])
        after, before = (stream.state["columns"].view(np.int64) for stream in (theirs, bare))
        if not np.array_equal(after, before):
            slot, column, _ = (int(index) for index in np.argwhere(after != before)[0])
            return f"the candles of {symbols[slot]} were written to: {Columns._fields[column]}"
    return None


def _equal(
    subject: Subject, ours: Floats, theirs: Floats, proofs: list[Proof], name: str, begin: int, how: str = ""
) -> None:
    for place, proof in enumerate(proofs):
        one, other = np.ascontiguousarray(ours[:, :, place]), np.ascontiguousarray(theirs[:, :, place])
        differ = (one.view(np.int64) != other.view(np.int64)) & ~(np.isnan(one) & np.isnan(other))
        if differ.any():
            at, slot = (int(index) for index in np.argwhere(differ)[0])
            proof.failures.setdefault(
                name,
                f"{int(differ.sum())} values differ {how}".rstrip()
                + f": the first at {iso(int(subject.times[begin + at]))} of {subject.plan.symbols[slot]} is "
                f"{float(one[at, slot])}, not {float(other[at, slot])}",
            )


def _rows(candles: Sequence[Floats], fresh: npt.NDArray[np.bool_]) -> list[list[Any]]:
    """Batches as a live session has them."""
    left = [iter(one.T.tolist()) for one in candles]
    return [[tuple(next(left[slot])) if has else None for slot, has in enumerate(row)] for row in fresh]


def _closes(subject: Subject) -> Floats:
    closes = np.full(subject.fresh.shape, np.nan)
    for slot, one in enumerate(subject.candles):
        closes[subject.fresh[:, slot], slot] = one[4]
    return closes
