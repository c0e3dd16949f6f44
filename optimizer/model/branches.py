"""Branches: passive lines and transformers, in which power splits by reactance.

    |branch_flow| <= most_share x capacity                                    b, p, t: a bound where capacity is given
    sum_{b in loop} sign[b] (x[b] branch_flow[b,p,t] + angle[b,p,t]) = 0      every loop of a period; physics: dc

One decision of either sign a branch, where corridors have one a direction: a passive branch has no loss here, so
nothing is gained by parting the two. Loops are a cycle basis of the branches that stand in the period. With the physics
`transport` there are no such rows. A reactance stays when the capacity of its branch grows, which keeps the program
linear.
"""

from __future__ import annotations

from .room import Room

room = Room("branches", doc=__doc__)

# what it reads
room.set("branch", "a passive line or transformer", columns="kind from_region to_region carrier")
room.set(
    "growing_branch",
    "a branch whose capacity is decided",
    within="branch",
    columns="kind from_region to_region carrier",
)
room.set("branch_loop", "an independent loop of branches in one period", columns="period")
room.relation("branches_into", "region", "branch", "branches whose second end is the region")
room.relation("branches_from", "region", "branch", "branches whose first end is the region")
room.relation("branches_of_loop", "branch_loop", "branch", "branches of the loop")
room.param(
    "branch_capacity_min_mw",
    "branch",
    "MW",
    "least capacity; the capacity itself where it is given",
    origin="network.branches:capacity_min network.branches:capacity_mw",
)
room.param(
    "branch_capacity_max_mw",
    "branch",
    "MW",
    "most capacity; the capacity itself where it is given",
    origin="network.branches:capacity_max network.branches:capacity_mw",
)
room.param("branch_capital", "growing_branch", "MUSD/MW", "yearly charges of a MW over the periods in which it stands")
room.param(
    "branch_flow_min_mw",
    "branch period snapshot",
    "MW",
    "bound on flow the other way",
    origin="network.branches:max_share network.branches:capacity_mw network.branches:flow_max_mw",
)
room.param(
    "branch_flow_max_mw",
    "branch period snapshot",
    "MW",
    "bound on flow",
    origin="network.branches:max_share network.branches:capacity_mw network.branches:flow_max_mw",
)
room.param("branch_most_share", "growing_branch period snapshot", "1", "most flow over capacity")
room.param("branch_leans", "growing_branch period snapshot", "0/1", "hours that lean on the capacity decided")
room.param("loop_in_service", "branch_loop period snapshot", "0/1", "hours of the period to which the loop belongs")
room.param("loop_reactance", "branch_loop branch", "1", "signed reactance along the loop, largest of the loop = 1")
room.param(
    "loop_angle", "branch_loop period snapshot", "MW", "angles that transformers add along the loop, scaled alike"
)

# what it decides
room.decide(
    "branch_capacity",
    "branch",
    "MW",
    "capacity of a branch in all periods in which it stands",
    lower="branch_capacity_min_mw",
    upper="branch_capacity_max_mw",
    family="network capacity",
)
room.decide(
    "branch_flow",
    "branch period snapshot",
    "MW",
    "flow from the first end to the second",
    lower="branch_flow_min_mw",
    upper="branch_flow_max_mw",
    family="network flow",
)


# what holds it back
@room.limit("growing_branch period snapshot", family="network flow", per="MW", where="branch_leans")
def branch_forward(m, b, p, t):
    "Flow from the first end stays within the capacity decided."
    return m.branch_flow[b, p, t] - m.branch_most_share[b, p, t] * m.branch_capacity[b] <= 0


@room.limit("growing_branch period snapshot", family="network flow", per="MW", where="branch_leans")
def branch_backward(m, b, p, t):
    "Flow from the second end stays within the capacity decided."
    return m.branch_flow[b, p, t] + m.branch_most_share[b, p, t] * m.branch_capacity[b] >= 0


@room.limit("branch_loop period snapshot", family="voltage law", per="MW", where="loop_in_service")
def angles_round_loop(m, c, p, t):
    "Round a loop, the angles that flows and transformers make sum to zero."
    return sum(m.loop_reactance[c, b] * m.branch_flow[b, p, t] for b in m.branches_of_loop[c]) == -m.loop_angle[c, p, t]


# what it feeds to shared balances
@room.feeds("power_balance")
def from_branches(m, r, p, t):
    return sum(m.branch_flow[b, p, t] for b in m.branches_into[r]) - sum(
        m.branch_flow[b, p, t] for b in m.branches_from[r]
    )


# what it costs
@room.cost("network capacity")
def branch_charges(m):
    return sum(m.branch_capital[b] * m.branch_capacity[b] for b in m.growing_branch)
