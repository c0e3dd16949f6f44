"""The package as a user meets it: what its name offers, and the clash with another distribution called kernels."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import optimizer

ROOT = Path(__file__).resolve().parents[1]


def test_public_names_are_offered() -> None:
    assert {"load_scenario", "solve", "compare", "load_run"} <= set(dir(optimizer))
    assert callable(optimizer.load_run)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        optimizer.slove  # noqa: B018


def test_solve_is_both_a_function_and_a_package() -> None:
    from optimizer.solve.errors import SolveError

    assert issubclass(SolveError, Exception)
    assert callable(optimizer.solve)
    assert optimizer.solve.__name__ == "optimizer.solve"


def test_version_is_the_installed_one() -> None:
    assert optimizer.__version__.count(".") == 2


@pytest.mark.parametrize(
    "init, says",
    [
        ("from kernels.layer import get_kernel\n", "it cannot even be imported"),
        ("def get_kernel(): ...\n", "it is "),
    ],
)
def test_a_stranger_called_kernels_is_explained_in_one_error(tmp_path: Path, init: str, says: str) -> None:
    """The PyPI distribution 'kernels' shadows ours: broken (its files half overwritten) or whole."""
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "__init__.py").write_text(init, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import optimizer"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: the package 'kernels'")
    assert says in last
    assert "pip uninstall kernels" in last
    assert done.stderr.count("Traceback") == 1, "one error, not a chain of them"


def test_starting_leaves_the_whole_of_scipy_alone() -> None:
    code = "import optimizer.results.plan, sys; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
