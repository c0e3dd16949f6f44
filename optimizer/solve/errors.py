"""How a solve can end without a plan."""

from __future__ import annotations

from typing import Any, Literal

Reason = Literal["infeasible", "unbounded", "time_limit", "interrupted", "not_certified", "unknown"]


class SolveError(Exception):
    """No plan came out of a solve, or none that could be certified.

    ``reason`` is one of ``infeasible``, ``unbounded``, ``time_limit``, ``interrupted`` (Ctrl-C), ``not_certified``
    (solvers said optimal, the certificate said no on every road) and ``unknown``. ``statistics`` tells what was tried:
    ``seconds`` and ``attempts`` as in ``Solution.statistics``.
    """

    def __init__(self, reason: Reason, message: str, statistics: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.statistics: dict[str, Any] = statistics or {}
