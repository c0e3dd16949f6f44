"""A linear program as an MPS file means it, in the arrays that a session reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MpsProgram:
    """min cost'x + constant,  row_lower <= A x <= row_upper,  col_lower <= x <= col_upper.

    Attributes:
        name: from the line NAME, may be empty. objective: name of the objective's row.
        maximise: the file maximises. ``cost`` and ``constant`` have turned signs then, so that this program is always
            minimised; :meth:`in_the_files_sense` turns an objective value back.
        cost, col_lower, col_upper: (num_col,). row_lower, row_upper: (num_row,). Without a bound -inf and inf.
        start, index, value: A by rows (CSR): (num_row + 1,), (num_nonzero,), (num_nonzero,); no explicit zeros.
        row_names, column_names: as in the file.
        notes: what was read in another way than a reader of the file might think.
    """

    name: str
    objective: str
    maximise: bool
    cost: Floats
    constant: float
    col_lower: Floats
    col_upper: Floats
    row_lower: Floats
    row_upper: Floats
    start: NDArray[np.int64]
    index: NDArray[np.int32]
    value: Floats
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def cost_offset(self) -> Mapping[str, float]:
        """The constant in the form that a session reads."""
        return {"constant": self.constant}

    @property
    def num_row(self) -> int:
        """Number of rows, the objective not counted."""
        return len(self.row_names)

    @property
    def num_col(self) -> int:
        """Number of columns."""
        return len(self.column_names)

    @property
    def num_nonzero(self) -> int:
        """Number of coefficients, those of the objective not counted."""
        return len(self.value)

    def in_the_files_sense(self, objective: float) -> float:
        """An objective value of this program as the file means it."""
        return -objective if self.maximise else objective
