"""The command ``compute-grid``: one module for each group of commands, registered on one application.

A new group is a new module and its name in the import below.
"""

from . import answers, exchange, inputs, plans, power, programs, relief, stress, study
from .frame import app, parse_changes

__all__ = [
    "answers",
    "app",
    "exchange",
    "inputs",
    "parse_changes",
    "plans",
    "power",
    "programs",
    "relief",
    "stress",
    "study",
]
