"""The ledger as tables that are kept with a run, and as a section on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .section import Section
from .whereabouts import Whereabouts

if TYPE_CHECKING:
    from optimizer.model.joining import Formulation

    from .ledger import Ledger
    from .planner import Plan


def ledger_tables(made: Ledger, plan: Plan, formulation: Formulation) -> dict[str, pd.DataFrame]:
    """``ledger``: by limit, country, region and period; ``ledger_summary``: by family and period.

    The last column is the contribution; it sums to the objective in both, with `fixed` and `residual` as families.
    """
    unit = made.unit.lower()
    find = Whereabouts(plan.instance, formulation)
    rows = [
        {
            "family": charge.family,
            "limit": charge.limit,
            "side": charge.side,
            "block": charge.block,
            **find.of(charge.place),
            f"contribution_{unit}": charge.contribution,
        }
        for charge in made.charges
    ]
    nowhere = {"country": None, "region": None, "period": None}
    rows += [
        {"family": "fixed", "limit": part, "side": "fixed", "block": "base system", **nowhere}
        | {f"contribution_{unit}": value}
        for part, value in made.offsets.items()
    ]
    rows.append(
        {"family": "residual", "limit": None, "side": "residual", "block": None, **nowhere}
        | {f"contribution_{unit}": made.residual}
    )
    frame = pd.DataFrame(rows)
    frame["period"] = frame["period"].astype("Int64")
    keys = ["family", "limit", "side", "block", "country", "region", "period"]
    fine = frame.groupby(keys, as_index=False, sort=False, dropna=False).sum()
    keys = ["family", "side", "block", "period"]
    coarse = fine.groupby(keys, as_index=False, sort=False, dropna=False)[[f"contribution_{unit}"]].sum()
    return {"ledger": fine, "ledger_summary": coarse}


def ledger_section(made: Ledger) -> Section:
    """Both sides of the ledger on one screen: the base system as one block, the rents of the AI block by family.

    Shares are of what users of tokens and mandates on them pay; in tokens, of the tokens made.
    """
    money = made.unit == "MUSD"
    total = _Sums(made)
    whole = total.of("AI", "obligation") if money else -made.objective
    rents = total.by_family("AI", ("limit", "policy"))
    paid = [
        *((f"{family}, AI", value) for family, value in total.by_family("AI", ("obligation",)).items()),
        ("base system, obligations", total.of("base system", "obligation")),
        ("fixed", made.fixed),
    ]
    went = [
        ("bill" if money else "minus tokens made", made.objective),
        *((f"rent: {family}", -value) for family, value in sorted(rents.items(), key=lambda item: item[1])),
        ("base system, rents", -total.of("base system", "limit", "policy")),
        ("residual", -made.residual),
    ]
    rows: list[tuple[str, str, float, float | None]] = []
    for side, lines in (("paid", paid), ("went to", went)):
        rows += [(side, what, value, value / whole if whole > 0 else None) for what, value in lines]
        rows.append((side, "sum", sum(value for _, value in lines), None))
    share = abs(made.residual) / made.gross if made.gross else 0.0
    notes = [f"dual x bound; the residual is {share:.0e} of gross ({made.gross:,.4g} {made.unit})"]
    if money:
        notes.append(
            "base system: load, plants and lines as they stand and run; how rents split among limits in series is one "
            "of several right answers: compute-grid explain shows ranges"
        )
    unit = "present value in MUSD" if money else "discounted reference tokens in Ptok"
    share_of = "of AI obligations" if money else "of tokens made"
    return Section(
        f"ledger, {unit}: who pays, and what it goes to",
        ("side", "what", made.unit, share_of),
        tuple(rows),
        tuple(notes),
        {made.unit: 0 if made.gross > 1e5 else 3, share_of: 3},
    )


class _Sums:
    """Contributions added up by block, side and family."""

    def __init__(self, made: Ledger) -> None:
        self._charges = made.charges

    def of(self, block: str, *sides: str) -> float:
        return float(sum(c.contribution for c in self._charges if c.block == block and c.side in sides))

    def by_family(self, block: str, sides: tuple[str, ...]) -> dict[str, float]:
        found: dict[str, float] = {}
        for c in self._charges:
            if c.block == block and c.side in sides:
                found[c.family] = found.get(c.family, 0.0) + c.contribution
        return found
