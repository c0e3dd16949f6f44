"""Pyomo algebra and arrays in, one linear program out: the array road and Pyomo's own road, interchangeable."""

from optimizer.solve.compile.assemble import compile_lp, recompile
from optimizer.solve.compile.evaluate import CompileError
from optimizer.solve.compile.pyomo_road import compile_lp_by_pyomo
from optimizer.solve.compile.templates import RuleError, Templates, templates_of

__all__ = [
    "CompileError",
    "RuleError",
    "Templates",
    "compile_lp",
    "compile_lp_by_pyomo",
    "recompile",
    "templates_of",
]
