"""Solve the linear program of a file and show the proof of its optimum: tables for a reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from optimizer.interop.mps_program import MpsProgram
from optimizer.results.section import Section
from optimizer.solve.certificate import Certificate
from optimizer.solve.engine import Progress
from optimizer.solve.errors import SolveError
from optimizer.solve.options import SolverOptions
from optimizer.solve.ranges import coefficient_ranges
from optimizer.solve.session import Session, Solution

OnSection = Callable[[Section], None]

# Figure -> how it is measured; see optimizer.solve.certificate.
SCALES = {
    "primal infeasibility": "worst violation / (1 + larger of |bound| and, in a row, sum of |coefficient x value|)",
    "dual infeasibility": "worst dual that leans on a missing bound / (1 + its largest |term|; rows: 1)",
    "complementarity": "sum of |dual x distance to its bound| / (1 + sum of |cost x value|)",
    "relative gap": "|primal - dual objective| / (1 + sum of |cost x value|)",
    "objective error": "|objective by HiGHS - ours| / (1 + sum of |cost x value|)",
}


def certify_program(
    program: MpsProgram,
    options: SolverOptions | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_section: OnSection | None = None,
) -> Solution:
    """Solve a program; hand out the roads that were tried and, at the end, the certificate, one section each.

    The solution is that of the minimised program; ``program.in_the_files_sense`` turns its objective back.

    Raises:
        SolveError: when there is no certified optimum; its message names the reason. The roads were handed out before.
    """
    show = on_section or (lambda _: None)
    try:
        solution = Session(program, options, on_progress=on_progress).solve()
    except SolveError as error:
        show(roads_section(error.statistics))
        message = str(error)
        if error.reason == "unbounded":
            message = f"the objective can {'rise' if program.maximise else 'fall'} without end"
        raise SolveError(error.reason, f"{error.reason.replace('_', ' ')}: {message}", error.statistics) from error
    show(roads_section(solution.statistics))
    show(certificate_section(program, solution))
    return solution


def program_sections(program: MpsProgram) -> tuple[Section, Section]:
    """What the file holds: sizes with the notes of reading, and coefficient ranges."""
    equal = int((program.row_lower == program.row_upper).sum())
    no_lower, no_upper = np.isneginf(program.row_lower), np.isposinf(program.row_upper)
    free = int((np.isneginf(program.col_lower) & np.isposinf(program.col_upper)).sum())
    fixed = int((program.col_lower == program.col_upper).sum())
    sizes = Section(
        f"{'Maximise' if program.maximise else 'Minimise'} {program.objective}"
        + (f" of {program.name}" if program.name else ""),
        ("what", "count", "among them"),
        (
            (
                "rows",
                program.num_row,
                f"{equal} equations, {int((~no_lower & ~no_upper).sum()) - equal} with two sides",
            ),
            ("columns", program.num_col, f"{free} free, {fixed} fixed"),
            ("coefficients", program.num_nonzero, f"beside {int(np.count_nonzero(program.cost))} in the objective"),
        ),
        program.notes,
    )
    ranges = coefficient_ranges(program, program.cost)
    return sizes, Section(
        "Coefficient ranges",
        ("kind", "smallest", "largest", "ratio"),
        tuple(
            (kind, f"{low:.6g}", f"{high:.6g}", f"{high / low:.1e}") if high else (kind, None, None, None)
            for kind, (low, high) in ranges.items()
        ),
        ("Sizes of numbers other than 0; infinite bounds are left out.",),
    )


def roads_section(statistics: Mapping[str, Any]) -> Section:
    """Which solvers ran, why, what HiGHS said and what the certificate found wrong."""
    rows = []
    for attempt in statistics.get("attempts", ()):
        counts = attempt["iterations"].items()
        steps = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts if count)
        rows.append(
            (
                attempt["road"],
                attempt["why"],
                attempt["status"],
                steps or "none",
                attempt["seconds"],
                "; ".join(attempt["faults"]) or ("none" if attempt["status"] == "Optimal" else None),
            )
        )
    columns = ("road", "why", "HiGHS says", "iterations", "seconds", "faults of the certificate")
    return Section("Roads to the optimum", columns, tuple(rows), digits={"seconds": 3})


def certificate_section(program: MpsProgram, solution: Solution) -> Section:
    """Each figure of the certificate with its scale, its tolerance and the place of its worst value."""
    certificate = solution.certificate
    figures = _figures(certificate)
    rows = tuple(
        (
            name,
            f"{value:.1e}",
            f"{certificate.tolerance:.0e}",
            bool(value <= certificate.tolerance),
            _place(program, certificate, name),
            SCALES[name],
        )
        for name, value in figures.items()
    )
    word = "Maximum" if program.maximise else "Minimum"
    primal, dual = (
        program.in_the_files_sense(value) for value in (certificate.primal_objective, certificate.dual_objective)
    )
    return Section(
        f"{word} {primal:.12g}, {'certified' if certificate.passed else 'not certified'}",
        ("figure", "value", "allowed", "passed", "worst at", "measured as"),
        rows,
        (
            f"HiGHS says {program.in_the_files_sense(solution.statistics['claimed']):.12g}.",
            f"Dual objective {dual:.12g}. All figures are computed from the file's arrays, not read from the solver.",
            f"Road: {solution.statistics['road']} ({solution.statistics['why']}).",
        ),
    )


def _figures(certificate: Certificate) -> dict[str, float]:
    return {
        "primal infeasibility": certificate.primal_infeasibility,
        "dual infeasibility": certificate.dual_infeasibility,
        "complementarity": certificate.complementarity,
        "relative gap": certificate.relative_gap,
        "objective error": certificate.objective_error,
    }


def _place(program: MpsProgram, certificate: Certificate, figure: str) -> str | None:
    if figure not in certificate.worst:
        return None
    kind, at = certificate.worst[figure]
    return f"{kind} {(program.row_names if kind == 'row' else program.column_names)[at]}"
