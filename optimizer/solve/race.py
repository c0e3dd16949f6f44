"""A cold solve beside a hot one, on a core of its own.

Whether simplex from an old basis beats a cold start cannot be told beforehand once costs have moved. Both run; whoever
has a plan first stops the other. A cold solve beside a hot one takes as long as alone (docs/performance.md), so the
pair is never slower than the cold one.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import LpArrays
from optimizer.solve.engine import Engine, Interrupted, Progress, Verdict
from optimizer.solve.options import SolverOptions
from optimizer.solve.roads import Road


def free_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ColdLane:
    """One cold road, travelled by an engine of its own in a thread of its own. Use as a context manager."""

    def __init__(
        self, lp: LpArrays, cost: NDArray[np.float64], options: SolverOptions, road: Road, seconds: float | None
    ) -> None:
        self.road = road
        self.engine = Engine(lp, cost, options)
        self.verdict: Verdict | None = None
        self._seconds = seconds
        self._error: BaseException | None = None
        self._started = time.perf_counter()
        self._ended = threading.Event()  # in Python 3.11 a join that Ctrl-C interrupts takes the thread for dead
        self._thread = threading.Thread(target=self._run, name="cold lane", daemon=True)

    def __enter__(self) -> ColdLane:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        while not self._ended.is_set():  # asked again until heard: a run that is just beginning forgets the first
            self.engine.stop()
            self._ended.wait(0.05)
        self._thread.join()

    @property
    def done(self) -> bool:
        """Whether the road has ended, in whatever way."""
        return self._ended.is_set()

    @property
    def won(self) -> bool:
        """Whether the road has ended in a plan."""
        return self.done and self.verdict is not None and self.verdict.status == "Optimal"

    def wait(self, on_progress: Callable[[Progress], None] | None = None) -> Verdict:
        """Wait for the end of the road. Raises Interrupted on Ctrl-C."""
        told = time.perf_counter()
        try:
            while not self.done:
                self._ended.wait(0.1)
                now = time.perf_counter()
                if on_progress is not None and now - told >= 0.5:
                    told = now
                    on_progress(self.engine.progress(self.road.name, now - self._started))
        except KeyboardInterrupt:
            raise Interrupted from None
        if self._error is not None:
            raise self._error
        assert self.verdict is not None
        return self.verdict

    def _run(self) -> None:
        try:
            self.verdict = self.engine.run(self.road, self._seconds)
        except BaseException as error:
            self._error = error
        finally:
            self._ended.set()
