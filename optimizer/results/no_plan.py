"""No plan, in a planner's words: what would have to give way and by how much, or which decision runs away.

    2028: the minimum take of R:oil would have to be 64.09 GWh smaller, 36.6 % of 175.2 (power.minimum_take, ...)

The arithmetic is that of optimizer/solve/diagnosis.py, conflict.py and runaway.py; here it gets words, keys of the
scenario and tables.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from optimizer.solve.conflict import Member, irreducible
from optimizer.solve.diagnosis import Diagnosis, Impossible, Relieved, diagnose
from optimizer.solve.errors import Reason, SolveError
from optimizer.solve.relief import HOURS
from optimizer.solve.runaway import Runaway, run_away

from .section import Section

if TYPE_CHECKING:
    from optimizer.solve.case import Case

IN_MESSAGE = 4  # lines of relief in an error message; the tables hold all
IN_TABLE = 40


class NoPlanError(SolveError):
    """There is no plan, and ``sections`` say why; the message holds the heaviest lines of them."""

    def __init__(self, reason: Reason, message: str, statistics: dict[str, Any], sections: tuple[Section, ...]) -> None:
        super().__init__(reason, message, statistics)
        self.sections = sections


def explained(error: SolveError, case: Case, iis: bool = False) -> SolveError:
    """An error with its explanation where a case is infeasible or unbounded; the error itself otherwise.

    ``iis`` adds one irreducible conflict. The relief columns of the case count as closed; its cuts take part.
    """
    started = time.perf_counter()
    try:
        if error.reason == "infeasible":
            message, sections = _infeasible(case, iis)
        elif error.reason == "unbounded":
            message, sections = _unbounded(case)
        else:
            return error
    except SolveError as failed:
        message = f"{error}; why could not be found out: {failed}"
        return SolveError(error.reason, message, error.statistics)
    seconds = round(time.perf_counter() - started, 4)
    return NoPlanError(error.reason, message, error.statistics | {"explained_in_s": seconds}, sections)


def _infeasible(case: Case, iis: bool) -> tuple[str, tuple[Section, ...]]:
    arrays = case.with_cuts()
    found = diagnose(case.formulation, case.instance, case.lp, arrays, case.options, case.on_progress)
    if not found.relieved:
        raise SolveError("infeasible", "every limit holds within the solver's tolerance of itself")
    lines = [relief_in_words(one) for one in found.relieved]
    more = len(lines) - IN_MESSAGE
    shown = [*lines[:IN_MESSAGE], *([f"and {more} more"] if more > 0 else [])]
    message = "no plan keeps all limits. The smallest relief that makes one possible:\n" + _listed(shown)
    if found.impossible:
        told = [impossible_in_words(one) for one in found.impossible[:IN_MESSAGE]]
        message += "\nArithmetic alone rules out:\n" + _listed(told)
    sections = [_relief_section(found)]
    if found.impossible:
        sections.append(_impossible_section(found.impossible))
    if iis:
        sections.append(_conflict_section(irreducible(case.formulation, case.instance, found.elastic)))
    return message, tuple(sections)


def _unbounded(case: Case) -> tuple[str, tuple[Section, ...]]:
    cost, _ = case.goal()
    found = run_away(case.formulation, case.instance, case.lp, cost, case.with_cuts(), case.options)
    lines = [runaway_in_words(one) for one in found]
    shown = [*lines[:IN_MESSAGE], *([f"and {len(lines) - IN_MESSAGE} more"] if len(lines) > IN_MESSAGE else [])]
    return "the objective can fall without end:\n" + _listed(shown), (_runaway_section(found),)


def relief_in_words(one: Relieved) -> str:
    """A line of relief."""
    limit = one.limit
    period, place = _where(limit.axes, limit.labels)
    what = f"{period}the {limit.family}{f' of {place}' if place else ''}"
    if not limit.origin and limit.params != ("cut",):
        return f"{what} would have to be off balance by {_amount(one.amount)} {limit.per} ({', '.join(limit.records)})"
    share = f", {_percent(one.amount / limit.size)} of {_amount(limit.size)}" if limit.size > 0 else ""
    return f"{what} would have to be {_amount(one.amount)} {limit.per} {limit.direction}{share}{_written(limit.origin)}"


def impossible_in_words(one: Impossible) -> str:
    """A line of what arithmetic tells."""
    period, place = _where(one.limit.axes, one.limit.labels)
    ends = ("least", "most") if one.limit.direction == "smaller" else ("most", "least")
    return (
        f"{period}the {one.limit.family}{f' of {place}' if place else ''} asks for at {ends[0]} {_amount(one.asked)} "
        f"{one.limit.per}, and its decisions reach at {ends[1]} {_amount(one.reach)}{_written(one.limit.origin)}"
    )


def runaway_in_words(one: Runaway) -> str:
    """A line about a decision that runs away."""
    period, place = _where(one.axes, one.labels)
    way = "grows" if one.amount > 0 else "falls"
    gain = "" if one.pays == 0 else f", at {_amount(one.pays)} of the objective per {one.unit}"
    missing = f"its limit `{one.bound}` holds none{_written(one.origin)}" if one.bound else "it has no limit of its own"
    return f"{period}`{one.decision}`{f' of {place}' if place else ''} {way} without end{gain}; {missing}"


def _relief_section(found: Diagnosis) -> Section:
    rows = []
    for one in found.relieved[:IN_TABLE]:
        limit = one.limit
        period, place = _where(limit.axes, limit.labels)
        share = one.amount / limit.size if limit.size > 0 else None
        rows.append(
            (
                period.removesuffix(": "), limit.family, place, f"{_amount(one.amount)} {limit.per} {limit.direction}",
                limit.size, None if share is None else 100.0 * share, ", ".join(limit.params) or "a balance",
                "; ".join(map(origin_in_words, limit.origin)),
            )
        )  # fmt: skip
    solution = found.elastic.solution
    notes = [
        "smallest: the sum of shares of what was stated is least; demand gives way last. Other relief may do as well",
        f"certified: gap {solution.certificate.relative_gap:.1e}; found in {solution.statistics['seconds']:.1f} s",
    ]
    if len(found.relieved) > IN_TABLE:
        notes.append(f"{len(found.relieved) - IN_TABLE} smaller ones are left out")
    columns = ("period", "limit", "where", "would have to be", "stated", "%", "parameter", "written in")
    return Section("what would have to give way", columns, tuple(rows), tuple(notes), {"%": 1})


def _impossible_section(found: Sequence[Impossible]) -> Section:
    rows = []
    for one in found[:IN_TABLE]:
        period, place = _where(one.limit.axes, one.limit.labels)
        written = "; ".join(map(origin_in_words, one.limit.origin))
        rows.append((period.removesuffix(": "), one.limit.family, place, one.asked, one.reach, one.limit.per, written))
    return Section(
        "what arithmetic alone rules out",
        ("period", "limit", "where", "asked", "within reach", "unit", "written in"),
        tuple(rows),
        ("within reach: with every decision of the row at its own bound",),
    )


def _conflict_section(members: Sequence[Member]) -> Section:
    rows = []
    for one in members:
        period, place = _where(one.axes, one.labels)
        low, high = one.asked
        asked = _amount(low) if np.isclose(low, high) else f"{_amount(low)} to {_amount(high)}"
        rows.append(
            (
                period.removesuffix(": "), one.family, place, f"{one.side} {asked} {one.per}", one.hours, one.record,
                "; ".join(map(origin_in_words, one.origin)),
            )
        )  # fmt: skip
    return Section(
        "a conflict that is irreducible: without any one of these the others can hold together",
        ("period", "limit", "where", "asks for", "rows", "name", "written in"),
        tuple(rows),
        ("there may be other conflicts beside it", "nothing written: a balance that holds by nature"),
    )


def _runaway_section(found: Sequence[Runaway]) -> Section:
    rows = []
    for one in found[:IN_TABLE]:
        period, place = _where(one.axes, one.labels)
        written = "; ".join(map(origin_in_words, one.origin))
        rows.append(
            (period.removesuffix(": "), one.decision, place, one.unit, one.amount, one.pays, one.bound, written)
        )
    return Section(
        "what runs away",
        (
            "period",
            "decision",
            "where",
            "unit",
            "share",
            "objective per unit",
            "its limit, without a number",
            "written in",
        ),
        tuple(rows),
        ("they grow together, in the shares given", "no limit named: the decision has none of its own"),
    )


def origin_in_words(key: str) -> str:
    """A key of the scenario: ``power.minimum_take, column share``."""
    path, _, column = key.partition(":")
    return f"{path}, column {column}" if column else path


def _written(origin: Sequence[str]) -> str:
    return f" ({'; '.join(map(origin_in_words, origin))})" if origin else ""


def _where(axes: Sequence[str], labels: Sequence[Any]) -> tuple[str, str]:
    """The period, with a colon, and the other labels."""
    named = list(zip(axes, labels, strict=True))
    period = " to ".join(str(label) for axis, label in named if axis == "period")
    rest = [f"{axis} {label}" if axis in ("cut", *HOURS) else str(label) for axis, label in named if axis != "period"]
    return f"{period}: " if period else "", " / ".join(rest)


def _amount(value: float) -> str:
    """Four significant figures, thousands apart."""
    if value == 0.0:
        return "0"
    digits = max(3 - int(np.floor(np.log10(abs(value)))), 0)
    text = f"{value:,.{min(digits, 12)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _percent(share: float) -> str:
    return f"{100.0 * share:,.3g} %" if share < 10 else f"{100.0 * share:,.0f} %"


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
