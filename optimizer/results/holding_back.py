"""What holds a plan back most: the dearest limits, how far their prices reach, and what binds after them.

A candidate is a family at a place (relief.py): all its limits and bounds there, in all hours, are one. Candidates are
ranked by their rent in the ledger. The price of one more unit and of one less are the slopes of the bill (slopes.py);
they differ where limits in series share one scarcity. What binds next is the limit whose rent rises most once the
price has fallen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from optimizer.solve.linear_program import Block
from optimizer.solve.relief import Place, parts_of
from optimizer.solve.session import Solution
from optimizer.solve.slopes import SAME, Direction, Piece, Probe, piece, relief_of

from .ledger import Charge, ledger
from .planner import Plan, Planner, Report

if TYPE_CHECKING:
    from optimizer.instance.instance import Instance, Label
    from optimizer.model.joining import Formulation
    from optimizer.model.records import Standing

FIRST = 0.1  # share of a limit that is tried first, forward
LESS = 0.01  # the same, backward, and both ways for the rent of a family
PAST = 1.05  # how far past its end a piece is looked at again
FALLS_TO_NOTHING = 1e-3  # of the price before

Key = tuple[str, Place]


@dataclass(frozen=True)
class Held:
    """One limit that holds the plan back, per unit of ``place.per`` and in the unit of the plan's objective.

    ``more`` is what one more unit saves, ``less`` what one less costs (None: no plan with less). ``amount`` is how much
    there is, as rent over price. ``piece`` tells how far ``more`` holds; ``after`` is the price past its end and
    ``next`` what binds there. ``years`` are the discounted years in which a unit serves, None where it has no period.
    ``tokens_ttok`` is what one more unit lets the plan serve, all work counted, discounted over all periods.
    """

    family: str
    place: Place
    role: str
    rent: float
    amount: float
    more: float
    less: float | None
    piece: Piece
    after: float | None
    next: Key | None
    years: float | None
    tokens_ttok: float


@dataclass(frozen=True)
class RentRange:
    """The rent of all limits of a family in a period: in this plan's prices, and over all optimal prices."""

    family: str
    period: int | None
    rent: float
    least: float
    most: float | None


def stage_to_explain(planner: Planner, plan: Plan) -> Plan:
    """The plan whose prices say what holds back: the first stage of most tokens, else the plan; solved hot, as base."""
    stage = plan.tokens or plan
    case = planner.case
    case.become(stage.instance)
    if stage.price_unit == "MUSD":
        case.aim(None)
    else:
        case.aim(-stage.lp.goals["tokens"])
    return replace(stage, lp=case.lp, solution=case.solve())


def held_back(
    planner: Planner, plan: Plan, top: int = 10, everything: bool = False, report: Report | None = None
) -> list[Held]:
    """The ``top`` dearest limits of a plan that `stage_to_explain` gave; with ``everything`` the base system's too."""
    account = ledger(plan, planner.formulation)
    rents = _rents(account.charges, everything)
    standing = _standings(account.charges, planner.formulation)
    dearest = sorted((key for key in rents if rents[key] > 1e-9 * account.gross), key=lambda key: -rents[key])[:top]
    made = []
    for number, key in enumerate(dearest):
        if report is not None:
            report(f"limit {number + 1} of {len(dearest)}: {key[0]}")
        made.append(_held(planner, plan, key, rents, standing[key], everything))
    return made


def rent_ranges(
    planner: Planner, plan: Plan, families: list[tuple[str, int | None]], report: Report | None = None
) -> list[RentRange]:
    """How far the rent of each family in a period may go over the optimal prices: its limits a little larger, smaller.

    Both ends are slopes of the bill as all limits of the family in the period grow in proportion, so they are exact.
    """
    made = []
    for number, (family, period) in enumerate(families):
        if report is not None:
            report(f"range {number + 1} of {len(families)}: {family}")
        probe = Probe(planner.case, plan.solution, growth_of(planner, family, period))
        with probe.open():
            more, less = piece(probe, LESS, LESS), piece(probe, LESS, LESS, forward=False)
        made.append(RentRange(family, period, probe.base.price, more.price, less.price if less.found else None))
    return made


def _held(
    planner: Planner, plan: Plan, key: Key, rents: dict[Key, float], standing: Standing, everything: bool
) -> Held:
    family, place = key
    probe = Probe(planner.case, plan.solution, relief_of(planner.case, family, place))
    amount = rents[key] / probe.base.price if probe.base.price > 0 else 1.0
    after, following = None, None
    with probe.open():
        more = piece(probe, FIRST * amount, amount)
        less = piece(probe, LESS * amount, amount, forward=False)
        if np.isfinite(more.ends) and more.beyond is not None:
            past = probe.at(PAST * more.ends) or more.beyond
            after = max(past.price, 0.0)
            now = _rents(_charges(planner, plan, past.solution), everything=True)
            before = _rents(_charges(planner, plan, plan.solution), everything=True)
            rise = {other: now[other] - before.get(other, 0.0) for other in now if other != key}
            if rise:
                first = max(rise, key=lambda other: rise[other])
                following = first if rise[first] > SAME * abs(more.price - after) * amount else None
    return Held(
        family=family,
        place=place,
        role=standing.role,
        rent=rents[key],
        amount=amount,
        more=max(more.price, 0.0),
        less=max(less.price, 0.0) if less.found else None,
        piece=more,
        after=after,
        next=following,
        tokens_ttok=_tokens_of_one_more(plan, more),
        years=years_of_service(plan.instance, planner.formulation, standing, place),
    )


def _tokens_of_one_more(plan: Plan, more: Piece) -> float:
    """Difference of what is served, over the relief, at the first point on the piece."""
    on_it = [point for point in more.points if point.relief <= more.holds]
    if not on_it:
        return float("nan")
    point = min(on_it, key=lambda one: one.relief)
    return (_served_ttok(plan, point.solution) - _served_ttok(plan, plan.solution)) / point.relief


def _served_ttok(plan: Plan, solution: Solution) -> float:
    served = plan.lp.column_values("serve", solution.x)
    return float((served.sum(axis=0) @ plan.param("hours")) @ plan.param("discount"))


def _charges(planner: Planner, plan: Plan, solution: Solution) -> tuple[Charge, ...]:
    return ledger(plan, planner.formulation, solution.y).charges


def _rents(charges: tuple[Charge, ...], everything: bool) -> dict[Key, float]:
    """Rents by family and place: of limits and policies; of obligations only those that a rule asks for."""
    found: dict[Key, float] = {}
    for charge in charges:
        asked = charge.side == "obligation"
        if charge.role == "demand" or charge.place.side == "equation" or (asked and charge.role != "policy"):
            continue
        if everything or charge.block == "AI" or charge.role == "policy":
            key = charge.family, charge.place
            found[key] = found.get(key, 0.0) + abs(charge.contribution)
    return found


def _standings(charges: tuple[Charge, ...], formulation: Formulation) -> dict[Key, Standing]:
    """For each family and place the standing of the limit or bound that carries most there."""
    best: dict[Key, tuple[float, Standing]] = {}
    for charge in charges:
        name = charge.limit.removeprefix("bound of ")
        record = formulation.limits.get(name) or formulation.decisions[name]
        key, size = (charge.family, charge.place), abs(charge.contribution)
        if key not in best or size > best[key][0]:
            best[key] = size, record.standing
    return {key: standing for key, (_, standing) in best.items()}


def years_of_service(instance: Instance, formulation: Formulation, standing: Standing, place: Place) -> float | None:
    """Discounted years in which a unit at a place serves: those of its period, or of the vintages that it lets in.

    A place that names no member of the set of vintages (a programme, a country) takes the mean over its members.
    """
    if "period" not in place.axes:
        return None
    discount = instance.params["discount"]
    at = dict(zip(place.axes, place.labels, strict=True))
    p = instance.sets["period"].index(at["period"])
    for name in standing.serves:
        *axes, _, _ = formulation.params[name].axes
        alive = instance.params[name]
        if axes:
            members = _members(instance, formulation, axes[0], at)
            alive = alive[[instance.sets[axes[0]].index(label) for label in members]].mean(axis=0) if members else alive
        if alive.ndim == 2 and (years := float(alive[p] @ discount)) > 0:
            return years
    return None if standing.serves else float(discount[p])


def _members(instance: Instance, formulation: Formulation, axis: str, at: Mapping[str, Label]) -> list[Label]:
    """Members of a set that labels name: themselves, or by the first relation that leads there."""
    if axis in at:
        return [at[axis]]
    for relation in formulation.relations.values():
        leads = axis in (relation.of, formulation.sets[relation.of].within)
        if leads and len(relation.key) == 1 and relation.key[0] in at:
            return list(instance.relations[relation.name][at[relation.key[0]]])
    return []


def growth_of(planner: Planner, family: str, period: int | None) -> Direction:
    """All limits of a family in a period, a unit being the whole of each over again; a requirement shrinks instead.

    Its price is the family's rent there.
    """
    case = planner.case
    lp, found = case.lp, Direction.none(case.lp)
    for part in parts_of(case.formulation, lp, family):
        if part.side == "equation":
            continue
        members = part.members[_in_period(case.instance, part.block, part.members, period)]
        at = part.block.offset + members
        if part.bound_of == "upper":
            found.col_upper[at] = lp.col_upper[at]
        elif part.bound_of is None and part.sign < 0:
            found.row_upper[at] = lp.row_upper[at]
        elif part.bound_of is None:
            found.row_lower[at] = -lp.row_lower[at]
    return found


def _in_period(instance: Instance, block: Block, members: np.ndarray, period: int | None) -> np.ndarray:
    """Which members belong to a period; all of a block without that axis belong to None."""
    if "period" not in block.axes:
        return np.full(len(members), period is None)
    if period is None:
        return np.zeros(len(members), bool)
    flat = members if block.kept is None else block.kept[members]
    index = np.unravel_index(flat, block.shape)[block.axes.index("period")]
    return np.asarray(index == instance.sets["period"].index(period))
