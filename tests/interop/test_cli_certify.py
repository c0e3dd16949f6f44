"""The command ``compute-grid certify``: what it prints and how it ends."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from optimizer.cli import app
from optimizer.interop.certify import SCALES, certificate_section, certify_program, roads_section
from optimizer.interop.mps import read_mps
from optimizer.solve.errors import SolveError
from optimizer.solve.options import SolverOptions
from tests.interop.mps_text import mps_text
from tests.solve.known_optima import NETLIB, PUBLISHED, from_the_optimum, program

runner = CliRunner()
INF = float("inf")


def write(tmp_path: Path, lp: object) -> str:
    file = tmp_path / "lp.mps"
    file.write_text(mps_text(lp), encoding="utf-8")  # type: ignore[arg-type]
    return str(file)


@pytest.mark.parametrize("solver", [None, "simplex", "ipx", "hipo"])
def test_a_published_program(solver: str | None) -> None:
    asked = ["--solver", solver] if solver else []
    result = runner.invoke(app, ["certify", str(NETLIB / "kb2.mps"), *asked])
    assert result.exit_code == 0, result.output
    assert "Minimise FAT7..J. of KB2" in result.stdout
    assert re.search(r"^rows +43 +16 equations, 0 with two sides", result.stdout, flags=re.MULTILINE)
    assert re.search(r"^columns +41 ", result.stdout, flags=re.MULTILINE)
    assert re.search(r"^coefficients +286 +beside 5 in the objective", result.stdout, flags=re.MULTILINE)
    assert re.search(r"^matrix +0\.17 +113 +6\.6e\+02", result.stdout, flags=re.MULTILINE)
    assert re.search(r"^Minimum -1749\.9001299\d*, certified$", result.stdout, flags=re.MULTILINE)
    assert re.search(r"^HiGHS says -1749\.9001299\d*\.$", result.stdout, flags=re.MULTILINE)
    road = re.search(r"^Road: (.+?) \((.+)\)\.$", result.stdout, flags=re.MULTILINE)
    assert road
    assert road[1].startswith(solver or "simplex")
    assert road[2] == ("named in the options" if solver else "at most 10000 rows")
    for figure, scale in SCALES.items():
        (line,) = re.findall(rf"^{figure} .*$", result.stdout, flags=re.MULTILINE)
        assert re.match(rf"{figure} +\d\.\de[-+]\d\d +1e-06 +yes ", line)
        assert line.rstrip().endswith(scale)
    assert "solve" in result.stderr


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_the_optimum_is_printed_as_published(name: str) -> None:
    result = runner.invoke(app, ["certify", str(NETLIB / f"{name}.mps"), "--quiet"])
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    (optimum,) = re.findall(r"^Minimum (\S+), certified$", result.stdout, flags=re.MULTILINE)
    (dual,) = re.findall(r"^Dual objective (\S+)\. ", result.stdout, flags=re.MULTILINE)
    published = PUBLISHED[name][-1]
    assert float(optimum) == pytest.approx(published, rel=1e-9)
    assert float(dual) == pytest.approx(published, rel=1e-9)


def test_a_program_that_maximises(tmp_path: Path) -> None:
    """Costs, constant and optimum turn their signs; the constant stays a part of both objectives."""
    lp, optimum = from_the_optimum(5)
    result = runner.invoke(app, ["certify", write(tmp_path, replace(lp, maximise=True)), "--quiet"])
    assert result.exit_code == 0, result.output
    assert "Maximise cost of made" in result.stdout
    (found,) = re.findall(r"^Maximum (\S+), certified$", result.stdout, flags=re.MULTILINE)
    assert float(found) == pytest.approx(-optimum, rel=1e-9)


def test_notes_of_reading_are_printed(tmp_path: Path) -> None:
    text = mps_text(program([1.0], [[1.0]], (-9.0, INF))).replace("ROWS\n N cost", "ROWS\n N cost\n N aside")
    file = tmp_path / "lp.mps"
    file.write_text(text.replace(" LO bnd x0 0.0\n PL bnd x0", " UP bnd x0 -3"), encoding="utf-8")
    result = runner.invoke(app, ["certify", str(file)])
    assert result.exit_code == 0, result.output
    assert "Rows of type N after the first are dropped: aside." in result.stdout
    assert "An upper bound below 0 and no lower bound, so none is read: x0." in result.stdout
    assert "Minimum -9, certified" in result.stdout


NO_OPTIMUM = {
    "infeasible rows": (program([1.0, 1.0], [[1, 1], [1, 1]], ([3, -INF], [INF, 2])), "infeasible: no plan keeps"),
    "infeasible box": (program([1.0], [[1.0]], (0, 9), (5, 3)), "infeasible: no plan keeps"),
    "unbounded": (program([-1.0, 0.0], [[1, -1]], (-INF, 2)), "unbounded: the objective can fall without end"),
    "unbounded, maximised": (
        replace(program([-1.0, 0.0], [[1, -1]], (-INF, 2)), maximise=True),
        "unbounded: the objective can rise without end",
    ),
}


@pytest.mark.parametrize("solver", ["auto", "ipx", "hipo"])
@pytest.mark.parametrize("case", sorted(NO_OPTIMUM))
def test_no_optimum_is_named_and_ends_with_3(tmp_path: Path, case: str, solver: str) -> None:
    lp, says = NO_OPTIMUM[case]
    result = runner.invoke(app, ["certify", write(tmp_path, lp), "--solver", solver])
    assert result.exit_code == 3, result.output
    assert f"Error: {says}" in result.stderr
    assert "Roads to the optimum" in result.stdout
    assert "certified" not in result.stdout.replace("faults of the certificate", "")


def test_no_time_ends_with_3() -> None:
    result = runner.invoke(app, ["certify", str(NETLIB / "recipe.mps"), "--time-limit", "1e-9"])
    assert result.exit_code == 3, result.output
    assert "Error: time limit: no certified plan in 1e-09 s" in result.stderr


@pytest.mark.parametrize("name, text", [("bad.mps", "NAME x\nROWS\n N obj\n Q c1\n"), ("missing.mps", None)])
def test_a_bad_file_ends_with_2(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = runner.invoke(app, ["certify", str(tmp_path / name)])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert (f"{name}:4" if text else name) in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("options", [["--solver", "magic"], ["--threads", "-1"], ["--time-limit", "0"]])
def test_options_that_cannot_be_are_refused(options: list[str]) -> None:
    result = runner.invoke(app, ["certify", str(NETLIB / "afiro.mps"), *options])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert options[1].lstrip("-") in result.stderr


def test_what_is_not_certified_is_not_shown_as_certified() -> None:
    """A tolerance that no plan in floating point meets: every road fails, each with the faults that were found."""
    lp, sections = read_mps(NETLIB / "stocfor1.mps"), []
    with pytest.raises(SolveError, match=r"^not certified: no road gave a plan") as caught:
        certify_program(lp, SolverOptions(certificate_tolerance=1e-30), on_section=sections.append)
    (roads,) = sections
    assert len(roads.rows) == len(caught.value.statistics["attempts"]) >= 3
    assert all("(allowed 1e-30)" in row[-1] for row in roads.rows)

    plan = certify_program(lp)
    strict = replace(plan, certificate=replace(plan.certificate, tolerance=1e-30))
    section = certificate_section(lp, strict)
    assert section.title.endswith(", not certified")
    assert {row[3] for row in section.rows} == {True, False} or {row[3] for row in section.rows} == {False}


def test_roads_of_a_solve_that_never_started() -> None:
    assert roads_section({}).rows == ()
