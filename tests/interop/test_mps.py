"""What an MPS file says is what the arrays hold, and every fault has its line."""

from __future__ import annotations

import gzip
import pickle
from dataclasses import fields, replace
from pathlib import Path

import highspy
import numpy as np
import pytest

from optimizer.interop.mps import MpsErrors, read_mps
from optimizer.interop.mps_program import MpsProgram
from tests.interop.mps_text import mps_text
from tests.solve.known_optima import NETLIB, PUBLISHED, all_known

INF = np.inf


def read(tmp_path: Path, text: str) -> MpsProgram:
    file = tmp_path / "lp.mps"
    file.write_text(text, encoding="utf-8")
    return read_mps(file)


def faults(tmp_path: Path, text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(MpsErrors) as caught:
        read(tmp_path, text)
    assert all(fault.file == tmp_path / "lp.mps" for fault in caught.value.faults)
    assert str(caught.value).count("lp.mps:") == min(sum(f.line is not None for f in caught.value.faults), 20)
    return [(fault.line, fault.message) for fault in caught.value.faults]


def same(one: MpsProgram, other: MpsProgram) -> None:
    for field in fields(MpsProgram):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


EVERYTHING = """* a comment
NAME          everything  and a remark

OBJSENSE
    MAX
ROWS
 N  profit
 N  spare
 E  e
 L  l
 G  g
 E  e_up
 E  e_down
 E  e_zero
 L  l_range
 G  g_range
 L  no_limit
COLUMNS
    x  profit  3.0   e  1.0
    x  l  -2   g  .5
    x  spare  9.
    y  e_up  1.5D+1  e_down  1e0
* another comment
    y  e_zero  0.0
    z  l_range  1  g_range  1
    z  profit  -1
    w  no_limit  1
    u  no_limit  1
    v  no_limit  1
RHS
    rhs  e  4  l  5
    rhs  g  -6  e_up  7
    e_down  8
    e_zero  9  l_range  10
    rhs  g_range  11  no_limit  1e30
    rhs  profit  2.5  spare  3
RANGES
    rng  e_up  3  e_down  -3
    rng  e_zero  0  l_range  -4
    g_range  4
BOUNDS
 UP bnd x 4
 LO bnd x -1
 MI bnd y
 UP y 3
 FX bnd z 2
 FR w
 PL bnd u
 UP bnd v 1e25
ENDATA
whatever follows is not read
"""


def test_every_section(tmp_path: Path) -> None:
    lp = read(tmp_path, EVERYTHING)
    assert (lp.name, lp.objective, lp.maximise) == ("everything", "profit", True)
    assert lp.row_names == ("e", "l", "g", "e_up", "e_down", "e_zero", "l_range", "g_range", "no_limit")
    assert lp.column_names == ("x", "y", "z", "w", "u", "v")
    np.testing.assert_array_equal(lp.row_lower, [4, -INF, -6, 7, 5, 9, 6, 11, -INF])
    np.testing.assert_array_equal(lp.row_upper, [4, 5, INF, 10, 8, 9, 10, 15, INF])
    np.testing.assert_array_equal(lp.col_lower, [-1, -INF, 2, -INF, 0, 0])
    np.testing.assert_array_equal(lp.col_upper, [4, 3, 2, INF, INF, INF])
    np.testing.assert_array_equal(lp.cost, [-3, 0, 1, 0, 0, 0])
    assert lp.constant == 2.5, "minus the right-hand side, and minus again because the file maximises"
    assert sum(lp.cost_offset.values()) == 2.5
    assert lp.in_the_files_sense(4.0) == -4.0
    np.testing.assert_array_equal(lp.start, [0, 1, 2, 3, 4, 5, 5, 6, 7, 10])
    np.testing.assert_array_equal(lp.index, [0, 0, 0, 1, 1, 2, 2, 3, 4, 5])
    np.testing.assert_array_equal(lp.value, [1, -2, 0.5, 15, 1, 1, 1, 1, 1, 1])
    assert (lp.start.dtype, lp.index.dtype) == (np.int64, np.int32)
    assert (lp.num_row, lp.num_col, lp.num_nonzero) == (9, 6, 10)
    assert lp.notes == ("Rows of type N after the first are dropped: spare.",)


def small(columns: str = " x obj 1 c1 1\n", rhs: str = " B c1 4\n", bounds: str = "", end: str = "ENDATA\n") -> str:
    """A file in which COLUMNS begins on line 5 and, with one column line, RHS holds line 7, BOUNDS line 9."""
    middle = f"BOUNDS\n{bounds}" if bounds else ""
    return f"NAME T\nROWS\n N obj\n L c1\nCOLUMNS\n{columns}RHS\n{rhs}{middle}{end}"


@pytest.mark.parametrize(
    "bounds, lower, upper, noted",
    [
        ("", 0, INF, False),
        (" UP B x 3\n", 0, 3, False),
        (" UP B x 0\n", 0, 0, False),
        (" UP B x -3\n", -INF, -3, True),
        (" LO B x -5\n UP B x -3\n", -5, -3, False),
        (" UP B x -3\n LO B x -5\n", -5, -3, False),
        (" MI B x\n UP B x -3\n", -INF, -3, False),
        (" MI x\n", -INF, INF, False),
        (" FR B x 0\n", -INF, INF, False),
        (" up B x 1e20\n", 0, INF, False),
        (" LO B x -1e30\n", -INF, INF, False),
        (" LO B x -Inf\n UP B x infinity\n", -INF, INF, False),
        (" LO B x 5\n UP B x 3\n", 5, 3, False),
    ],
)
def test_bounds(tmp_path: Path, bounds: str, lower: float, upper: float, noted: bool) -> None:
    lp = read(tmp_path, small(bounds=bounds))
    assert (lp.col_lower[0], lp.col_upper[0]) == (lower, upper)
    assert lp.notes == (("An upper bound below 0 and no lower bound, so none is read: x.",) if noted else ())


@pytest.mark.parametrize("line, maximise", [("OBJSENSE MAX\n", True), ("OBJSENSE\n minimise\n", False), ("", False)])
def test_the_sense_may_stand_in_two_places(tmp_path: Path, line: str, maximise: bool) -> None:
    lp = read(tmp_path, small().replace("ROWS\n", f"{line}ROWS\n", 1))
    assert lp.maximise is maximise
    assert lp.cost.tolist() == [-1.0 if maximise else 1.0]


@pytest.mark.parametrize(
    "text, line, says",
    [
        (small(" x obj 1 c1 abc\n"), 6, "not a number"),
        (small(" x obj 1 c1 nan\n"), 6, "not a number"),
        (small(" x obj 1 c1 1_000\n"), 6, "not a number"),
        (small(" x obj 1 c1 inf\n"), 6, "the coefficient of column 'x' in row 'c1' is not finite"),
        (small(" x obj 1 c1\n"), 6, "a line of COLUMNS is a column, then"),
        (small(" x obj 1 c2 1\n"), 6, "no row has this name"),
        (small(" x obj 1 c1 1\n x c1 2\n"), 7, "column 'x' names the row twice"),
        (small(" x obj 1\n y obj 1\n x c1 1\n"), 8, "the column was left before"),
        (small(" M1 'MARKER' 'INTORG'\n x obj 1 c1 1\n"), 6, "a MARKER line (INTORG): only linear programs"),
        (small(""), 8, "COLUMNS is empty"),
        (small(rhs=" B c9 4\n"), 8, "no row has this name"),
        (small(rhs=" B c1 4\n B c1 5\n"), 9, "the row was given before, on line 8"),
        (small(rhs=" B c1 4\n C c1 5\n"), 9, "a second set in RHS beside 'B'"),
        (small(rhs=" c1\n"), 8, "a line of RHS is a set (or none), then"),
        (small(rhs=" B c1 -1e20\n"), 8, "an infinite right-hand side leaves nothing of row 'c1'"),
        (small(rhs=" B obj inf\n"), 8, "the constant of the objective is not finite"),
        (small(rhs=" B c1 4\nRANGES\n R obj 4\n"), 10, "an objective has no range"),
        (small(rhs=" B c1 4\nRANGES\n R c1 inf\n"), 10, "the range of row 'c1' is not finite"),
        (small(rhs=" B c1 inf\nRANGES\n R c1 4\n"), 10, "an infinite right-hand side leaves nothing of row 'c1'"),
        (small(bounds=" UP B y 3\n"), 10, "no column has this name"),
        (small(bounds=" UP B x\n"), 10, "no column has this name"),
        (small(bounds=" UP x\n"), 10, "after UP come a set (or none), a column and a number"),
        (small(bounds=" UP B x x\n"), 10, "not a number"),
        (small(bounds=" UP B x 3\n UP B x 4\n"), 11, "the upper bound of the column was given before"),
        (small(bounds=" UP B x 3\n FX B x 4\n"), 11, "the upper bound of the column was given before"),
        (small(bounds=" UP B x -inf\n"), 10, "the upper bound of column 'x' leaves nothing"),
        (small(bounds=" FX B x inf\n"), 10, "the lower bound of column 'x' leaves nothing"),
        (small(bounds=" QQ B x 3\n"), 10, "no type of a bound"),
        (small(bounds=" BV B x\n"), 10, "a bound of type BV: only linear programs can be certified"),
        (small(bounds=" SC B x 4\n"), 10, "a bound of type SC: only linear programs can be certified"),
        (small(end=""), 8, "the file ends without ENDATA"),
        (small(end="QUADOBJ\n x x 2\nENDATA\n"), 9, "section QUADOBJ: only linear programs"),
        (small(end="RHS2 c1 5\nENDATA\n"), 9, "no section has this name"),
        (small(end="RHS\n c1 5\nENDATA\n"), 9, "section RHS is there twice"),
        (small().replace("RHS\n", "RHS B c1 3\n"), 7, "a section's name stands alone"),
        ("NAME T\nCOLUMNS\n x c 1\n", 2, "section COLUMNS before section ROWS"),
        ("NAME T\nROWS\n N obj\nRHS\n", 4, "section RHS before section COLUMNS"),
        ("NAME T\n x c 1\n", 2, "a line of data outside any section"),
        (" x c 1\n", 1, "a line of data outside any section"),
        ("hello\nworld\n", 1, "no section has this name"),
        (small().replace(" N obj", " Q obj"), 3, "no type of a row"),
        (small().replace(" L c1", " L c1\n G c1"), 5, "the row is there twice"),
        (small().replace(" L c1", " L c 1"), 4, "a row is a type and a name"),
        (small(" x c1 1\n").replace(" N obj\n", ""), 8, "ROWS holds no row of type N"),
        (small().replace("ROWS", "OBJSENSE LEAST\nROWS"), 2, "no sense of an objective"),
        (small().replace("ROWS", "OBJSENSE\n MAX\n MIN\nROWS"), 4, "the sense is given twice"),
    ],
)
def test_each_fault_has_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    found = faults(tmp_path, text)
    assert found[0][0] == line, found
    assert found[0][1].startswith(says), found


def test_an_empty_file(tmp_path: Path) -> None:
    assert faults(tmp_path, "") == [(None, "the file ends without ENDATA: part of it may be missing")]


def test_all_faults_are_told_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    columns = " wind obj 1 c1 1\n sun obj 1 c11 1\n"
    with pytest.raises(MpsErrors) as caught:
        read(tmp_path, small(columns, bounds=" UP B wimd 3\n UP B sun x\n"))
    assert [(fault.line, fault.found, fault.nearest) for fault in caught.value.faults] == [
        (7, "c11", "c1"),
        (11, "wimd", "wind"),
        (12, "x", None),
    ]
    assert str(caught.value).startswith("3 errors in the MPS file\n\n")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_flood_of_faults_is_cut(tmp_path: Path) -> None:
    text = small(rhs="".join(f" B c{i} 1\n" for i in range(5000)))
    with pytest.raises(MpsErrors) as caught:
        read(tmp_path, text)
    assert len(caught.value.faults) <= 201
    assert str(caught.value).count("no row has this name") == 20


# files ----------------------------------------------------------------------------------------------------------------


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    packed = tmp_path / "lp.dat"
    packed.write_bytes(gzip.compress(EVERYTHING.encode()))
    same(read_mps(packed), read(tmp_path, EVERYTHING))
    packed.write_bytes(packed.read_bytes()[:100])
    with pytest.raises(MpsErrors, match="cannot be read"):
        read_mps(packed)


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    for file in (tmp_path / "none.mps", tmp_path):
        with pytest.raises(MpsErrors, match="cannot be read") as caught:
            read_mps(file)
        assert caught.value.faults[0].file == file


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_sizes(name: str) -> None:
    lp = read_mps(NETLIB / f"{name}.mps")
    rows, columns, nonzeros, _ = PUBLISHED[name]
    assert (lp.num_row + 1, lp.num_col) == (rows, columns)
    assert lp.num_nonzero + np.count_nonzero(lp.cost) == nonzeros
    assert lp.name.lower() == name
    assert (NETLIB / f"{name}.mps").stat().st_size < 60_000


def test_the_readme_beside_the_files_names_what_is_tested() -> None:
    text = (NETLIB / "README.md").read_text(encoding="utf-8")
    for name, (rows, columns, nonzeros, optimum) in PUBLISHED.items():
        assert f"| `{name}.mps` | {rows} | {columns} | {nonzeros} | {optimum:.10E} |" in text
    assert {file.stem for file in NETLIB.glob("*.mps")} == set(PUBLISHED)


@pytest.mark.parametrize("maximise", [False, True])
def test_what_is_written_is_read_again(tmp_path: Path, maximise: bool) -> None:
    for name, (lp, _) in all_known().items():
        lp = replace(lp, maximise=maximise, notes=())
        found = read(tmp_path, mps_text(lp))
        # a range is a difference: its end comes back to the last bit or the one beside it
        np.testing.assert_allclose(found.row_upper, lp.row_upper, rtol=1e-15, err_msg=name)
        same(replace(found, row_upper=lp.row_upper), lp)


# HiGHS's own reader ---------------------------------------------------------------------------------------------------


def by_highs(file: Path) -> tuple[highspy.HighsStatus, highspy.HighsLp]:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    status = highs.readModel(str(file))
    highs.ensureRowwise()
    return status, highs.getLp()


def agrees(ours: MpsProgram, theirs: highspy.HighsLp) -> None:
    assert ours.maximise == (theirs.sense_ == highspy.ObjSense.kMaximize)
    assert ours.in_the_files_sense(ours.constant) == theirs.offset_
    np.testing.assert_array_equal(ours.in_the_files_sense(1.0) * ours.cost, theirs.col_cost_)
    for name in ("col_lower", "col_upper", "row_lower", "row_upper"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, f"{name}_"), err_msg=name)
    assert ours.row_names == tuple(theirs.row_names_)
    assert ours.column_names == tuple(theirs.col_names_)
    matrix = theirs.a_matrix_
    np.testing.assert_array_equal(ours.start, matrix.start_)
    np.testing.assert_array_equal(ours.index, matrix.index_)
    np.testing.assert_array_equal(ours.value, matrix.value_)


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_highs_reads_the_same_from_published_files(name: str) -> None:
    status, theirs = by_highs(NETLIB / f"{name}.mps")
    assert status == highspy.HighsStatus.kOk
    agrees(read_mps(NETLIB / f"{name}.mps"), theirs)


def test_highs_reads_the_same_from_made_files(tmp_path: Path) -> None:
    everything = EVERYTHING
    for ours, plain in {  # HiGHS wants names of sets everywhere and an E for the exponent
        "1.5D+1": "1.5E+1",
        "    e_down  8": "    rhs  e_down  8",
        "    e_zero  9": "    rhs  e_zero  9",
        "    g_range  4": "    rng  g_range  4",
        " UP y": " UP bnd y",
        " FR w": " FR bnd w",
    }.items():
        assert everything.count(ours) == 1
        everything = everything.replace(ours, plain)
    made = [replace(lp, maximise=turn) for lp, _ in all_known().values() for turn in (False, True)]
    for text in (everything, *map(mps_text, made)):
        agrees(read(tmp_path, text), by_highs(tmp_path / "lp.mps")[1])


@pytest.mark.parametrize("number", ["abc", "nan", ""])
def test_why_the_reader_is_our_own(tmp_path: Path, number: str) -> None:
    """When this fails HiGHS has learnt to refuse such a file: read with HiGHS then."""
    file = tmp_path / "lp.mps"
    file.write_text(small(f" x obj 1 c1 {number}\n"), encoding="utf-8")
    status, theirs = by_highs(file)
    assert status == highspy.HighsStatus.kOk
    assert list(theirs.a_matrix_.value_) == [], "read as 0"
    with pytest.raises(MpsErrors):
        read_mps(file)


def test_damaged_files_give_an_error_or_a_program_and_nothing_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sound = [line.split(" ") for line in EVERYTHING.splitlines()]
    refused = 0
    for _ in range(300):
        lines = [list(words) for words in sound]
        for _ in range(rng.integers(1, 4)):
            line = lines[rng.integers(len(lines))]
            at = int(rng.integers(len(line)))
            other = lines[rng.integers(len(lines))]
            match rng.integers(4):
                case 0:
                    del line[at:]
                case 1:
                    line[at] = other[rng.integers(len(other))] if other else "?"
                case 2:
                    line.insert(at, "1e400")
                case _:
                    lines.remove(line)
            lines = [words or [""] for words in lines]
        try:
            lp = read(tmp_path, "\n".join(" ".join(words) for words in lines))
        except MpsErrors:
            refused += 1
        else:
            assert lp.start[-1] == len(lp.value) == len(lp.index)
            assert np.isfinite(lp.value).all()
            assert np.isfinite(lp.cost).all()
            assert not np.isnan([*lp.row_lower, *lp.row_upper, *lp.col_lower, *lp.col_upper]).any()
    assert 100 < refused < 300
