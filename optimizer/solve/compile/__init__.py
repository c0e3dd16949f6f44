"""Pyomo algebra and arrays in, one linear program out.

The array road is here. Pyomo's own road, interchangeable with it, is `optimizer.solve.compile.pyomo_road`; it loads
parts of Pyomo that the array road never needs.
"""

from optimizer.solve.compile.assemble import compile_lp, recompile
from optimizer.solve.compile.evaluate import CompileError
from optimizer.solve.compile.templates import RuleError, Templates, templates_of

__all__ = [
    "CompileError",
    "RuleError",
    "Templates",
    "compile_lp",
    "recompile",
    "templates_of",
]
