"""What a run keeps so that it can be asked again: the plan and its prices as vectors, and a basis to go on from.

Tables are for readers; vectors are for the program. `reopen` (reopen.py) compiles the scenario anew, puts these vectors
back, and certifies them again before anything is said about them. One file, ``answers.npz``, holds the answers of a run
in the order in which they were made; NumPy alone can read it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FILE = "answers.npz"
_VECTORS = ("x", "y", "basis_columns", "basis_rows")


@dataclass(frozen=True, eq=False)
class Answer:
    """A plan as vectors over the columns and rows of its linear program.

    Attributes:
        question: what was asked, as in `Plan.question`; ``unit`` is that of the objective, MUSD or Ptok.
        x: (num_col,). y: (num_row,), row duals in the minimisation sense.
        params: parameters that differ from the scenario's own, by name: another path of demand, limits set free.
        basis_columns, basis_rows: HiGHS's status of each, or None where the solver left no basis.
        cold_seconds: what a cold solve took, the measure of a hot start.
    """

    question: str
    unit: str
    x: np.ndarray
    y: np.ndarray
    params: Mapping[str, np.ndarray] = field(default_factory=dict)
    basis_columns: np.ndarray | None = None
    basis_rows: np.ndarray | None = None
    cold_seconds: float = 0.0


def write_answers(folder: Path, answers: Sequence[Answer]) -> None:
    """Write ``answers.npz`` into a folder."""
    arrays: dict[str, np.ndarray] = {}
    for i, answer in enumerate(answers):
        arrays[f"{i}/question"] = np.array([answer.question, answer.unit])
        arrays[f"{i}/cold_seconds"] = np.array(answer.cold_seconds)
        for name in _VECTORS:
            values = getattr(answer, name)
            if values is not None:
                arrays[f"{i}/{name}"] = values
        arrays |= {f"{i}/param/{name}": values for name, values in answer.params.items()}
    with (folder / FILE).open("wb") as target:
        np.savez_compressed(target, **arrays)  # type: ignore[arg-type]  # its stubs take keywords for the flags


def read_answers(folder: Path) -> tuple[Answer, ...]:
    """The answers of a run folder, none where it holds none. ValueError or OSError for a file that is damaged."""
    if not (folder / FILE).is_file():
        return ()
    try:
        # opened here: NumPy leaves a damaged file open
        with (folder / FILE).open("rb") as source, np.load(source, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
    except zipfile.BadZipFile as error:
        raise ValueError(f"{FILE} is damaged: {error}") from None
    answers = []
    for i in range(sum(name.endswith("/question") for name in arrays)):
        question, unit = (str(word) for word in arrays[f"{i}/question"])
        prefix = f"{i}/param/"
        answers.append(
            Answer(
                question,
                unit,
                params={name.removeprefix(prefix): v for name, v in arrays.items() if name.startswith(prefix)},
                cold_seconds=float(arrays[f"{i}/cold_seconds"]),
                **{name: arrays[f"{i}/{name}"] for name in _VECTORS if f"{i}/{name}" in arrays},
            )
        )
    return tuple(answers)
