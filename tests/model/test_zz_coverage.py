"""The last test: every limit of the formulation binds somewhere in the hand-solved worlds, and says so.

A limit that no test makes bind may be wrong without anyone noticing. The calls of ``assert_binds`` and
``assert_bound_binds`` in tests/model name the limits that carry a price in a world whose numbers were derived by hand.
"""

from __future__ import annotations

import ast
from pathlib import Path

from optimizer.model.formulation import formulation

# Bounds that are switches, not limits: zero or infinite, so that nothing is ever rationed by them. What they close is
# tested where they close it.
SWITCHES = {
    "capacity_built": "never below what the rows of build rate and resource allow; it closes lead times",
    "hall_built": "zero before the lead time has passed, else infinite; a hall that cannot stand has no use",
    "set_aside": "zero where a chip cannot serve a class",
    "work": "zero where a chip cannot serve a class",
    "scale": "zero for least_cost, infinite for most_tokens",
}


def named_in_tests(function: str) -> set[str]:
    """Text arguments of all calls of a function in tests/model."""
    found: set[str] = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
                found |= {
                    arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                }
    return found


def test_every_limit_binds_in_some_world() -> None:
    limits, named = set(formulation().limits), named_in_tests("assert_binds")
    assert named <= limits, f"tests name limits that the formulation does not hold: {sorted(named - limits)}"
    missing = sorted(limits - named)
    assert not missing, "no hand-solved world in tests/model makes these limits bind (assert_binds): " + ", ".join(
        missing
    )


def test_every_bound_binds_in_some_world() -> None:
    bounded = {name for name, record in formulation().decisions.items() if record.upper or record.lower}
    named = named_in_tests("assert_bound_binds")
    assert named <= bounded, f"tests name bounds that the formulation does not hold: {sorted(named - bounded)}"
    assert not named & SWITCHES.keys(), "a switch that carries a price is a limit: take it off the list"
    missing = sorted(bounded - named - SWITCHES.keys())
    assert not missing, (
        "no hand-solved world makes the bounds of these decisions bind (assert_bound_binds): " + ", ".join(missing)
    )
