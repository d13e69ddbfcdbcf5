"""Worker processes: kernels compiled side by side before they are needed, and symbols computed side by side."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from papertape.contract.errors import PapertapeError
from papertape.contract.feature import FeatureFamily, Kernel
from papertape.features import driver, machine_code
from papertape.features.machine_code import COUNT, DERIVE, RUN, Fold, Progress, fold_of

WORTH = 6
"""From how many kernels on it pays to start processes for them: each begins with loading the compiler."""


def cores() -> int:
    """How many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def workers(
    count: int, prepare: Callable[..., object] | None = None, given: tuple[Any, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """Processes that start from nothing, run `prepare(*given)` first, leave Ctrl-C to this one and end with it.

    What waits when the block is left is not begun. Raises `PapertapeError` where one of them was killed.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, initializer=_begin, initargs=(prepare, given))
    try:
        yield pool
    except BrokenProcessPool:
        raise PapertapeError("a worker process was killed; is there memory enough? `--jobs 1` works without") from None
    finally:
        pool.shutdown(cancel_futures=True)


def compile_missing(families: Iterable[FeatureFamily], jobs: int, progress: Progress = lambda done, total: None) -> int:
    """Compiles what families need and the cache does not have, in up to `jobs` processes; gives how many that were.

    A kernel that no other process can import by its module's name is compiled in this one. Raises what
    `machine_code.load` does.
    """
    missing = [fold for fold in (*map(fold_of, families), DERIVE, COUNT, RUN) if not _cached(fold)]
    others = [fold for fold in missing if _importable(fold.step)]
    if jobs > 1 and len(others) >= WORTH:
        with workers(min(jobs, len(others))) as pool:
            waiting = [pool.submit(_compile, *_told(fold)) for fold in others]
            for done, _ in enumerate(as_completed(waiting)):
                progress(done, len(missing))
    here = [fold for fold in missing if not _cached(fold)]
    machine_code.load(here, lambda done, total: progress(len(missing) - total + done, len(missing)))
    return len(missing)


def _cached(fold: Fold) -> bool:
    return (machine_code.cache_folder() / f"{fold.key}.o").exists()


def _importable(step: Kernel | None) -> bool:
    """Whether another process finds the very kernel under its module's name."""
    if step is None:
        return False
    try:
        module = sys.modules.get(step.__module__)
        return (
            module is not None
            and find_spec(step.__module__) is not None
            and getattr(module, step.__name__, None) is step
        )
    except (ImportError, ValueError, AttributeError):
        return False


def _told(fold: Fold) -> tuple[str, str, str, str]:
    assert fold.step is not None
    return fold.name, fold.loop.__name__, fold.step.__module__, fold.step.__name__


def _compile(name: str, loop: str, module: str, step: str) -> None:
    """Compiles a fold into the cache; in a worker. What fails here fails in the parent too, which can say it."""
    try:
        machine_code.load([Fold(name, getattr(driver, loop), getattr(import_module(module), step))])
    except Exception:  # noqa: BLE001  # compiled again where the error reaches its reader
        return


def _begin(prepare: Callable[..., object] | None, given: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if prepare is not None:
        prepare(*given)


def _end_with_parent() -> None:
    """A process whose parent was killed waits for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
