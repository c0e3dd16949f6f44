"""A rough answer by a first-order method, for LPs too large to factorise. It is never a plan.

HiGHS's first-order methods call nobody back, so nothing but the end of their time stops them: they run in a process of
their own, which is ended on Ctrl-C. What comes back is a :class:`Screening`, which no table, ledger or store of results
accepts; our own kernel says how far it is from optimal.

The method is pdlp (cuPDLP-C). hipdlp came to the same tolerance of its own with a gap of 6 % by ours on a small world.
Presolve is off: after a presolve a run that hits its time limit leaves no point at all.

At the size of the shipped scenarios it loses against the exact roads (docs/performance.md).
"""

from __future__ import annotations

import multiprocessing as mp
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import Certificate, LpArrays, certify
from optimizer.solve.engine import pass_arrays
from optimizer.solve.errors import SolveError
from optimizer.solve.held import HeldLp

Floats = NDArray[np.float64]

TOLERANCE = 1e-4
GRACE_S = 10.0  # beyond the time limit, for starting the process and for its last check of the clock


@dataclass(frozen=True)
class Screening:
    """How far a first-order method came. No plan: x is left out on purpose.

    Attributes:
        objective: c'x + offset of the point reached, MUSD. Since the point breaks limits a little, the optimum may lie
            on either side of it.
        certificate: our own figures for the point, against ``TOLERANCE``; ``passed`` says whether it came that near.
        says: HiGHS's own status. iterations, seconds: of the run, the start of the process included.
    """

    objective: float
    certificate: Certificate
    says: str
    iterations: int
    seconds: float


def screen(lp: LpArrays, cost: Floats, offset: float = 0.0, seconds: float = 60.0) -> Screening:
    """Run pdlp to a relative tolerance of 1e-4, for at most ``seconds``.

    Raises:
        SolveError: when it leaves no point, or on Ctrl-C.
    """
    started = time.perf_counter()
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    worker = context.Process(target=_work, args=(there, HeldLp(lp), np.asarray(cost, float), seconds), daemon=True)
    try:
        worker.start()
        there.close()
        found = here.recv() if here.poll(seconds + GRACE_S) else None
    except EOFError:
        found = None
    except KeyboardInterrupt:
        raise SolveError("interrupted", "interrupted during screening") from None
    finally:
        if worker.pid is not None:
            worker.terminate()
            worker.join()
        here.close()
    if found is None:
        raise SolveError("unknown", f"screening left no point in {seconds:g} s")
    says, iterations, x, y = found
    certificate = certify(lp, cost, x, y, offset=offset, tolerance=TOLERANCE)
    return Screening(certificate.primal_objective, certificate, says, iterations, time.perf_counter() - started)


def _work(channel: Connection, lp: HeldLp, cost: Floats, seconds: float) -> None:
    """The child: an LP in, (status, iterations, x, y) out; nothing where HiGHS holds no point."""
    highs = highspy.Highs()
    for name, setting in (
        ("output_flag", False), ("solver", "pdlp"), ("presolve", "off"), ("pdlp_optimality_tolerance", TOLERANCE),
        ("kkt_tolerance", TOLERANCE), ("time_limit", seconds),
    ):  # fmt: skip
        highs.setOptionValue(name, setting)
    pass_arrays(highs, lp, cost)
    highs.run()
    solution = highs.getSolution()
    if solution.value_valid and solution.dual_valid:
        channel.send(
            (
                highs.modelStatusToString(highs.getModelStatus()),
                int(highs.getInfo().pdlp_iteration_count),
                np.array(solution.col_value),
                np.array(solution.row_dual),
            )
        )
    channel.close()
