"""Voltage law: round every loop of alternating-current lines, flows times reactances sum to zero.

    sum_{l in cycle} sign[l] x[l] (flow_forward[l,p,t] - flow_backward[l,p,t]) = 0          physics: dc

    sum_{l in cycle} sign[l] x[l] (flow_forward[l,p,t] - flow_backward[l,p,t]) = 0        physics: dc
wishes. One independent loop a row, a cycle basis of the AC lines that stand in the period; direct-current lines are
steered and stay out. The default physics, `transport`, has no such rows. New capacity does not change a reactance here.
"""

from __future__ import annotations

from .room import Room

room = Room("voltage law", doc=__doc__, block="base system")

# what it reads
room.set("cycle", "an independent loop of AC lines in one period", columns="period")
room.relation("corridors_of_cycle", "cycle", "corridor", "lines of the loop")
room.param("cycle_in_service", "cycle period snapshot", "0/1", "hours of the period to which the loop belongs")
room.param("cycle_reactance", "cycle corridor", "1", "signed reactance along the loop, largest of the loop = 1")


# what holds it back
@room.limit("cycle period snapshot", family="voltage law", per="MW", where="cycle_in_service")
def kirchhoff(m, c, p, t):
    "Round a loop, the angles that flows make sum to zero."
    return (
        sum(
            m.cycle_reactance[c, l] * (m.flow_forward[l, p, t] - m.flow_backward[l, p, t])
            for l in m.corridors_of_cycle[c]
        )
        == 0
    )
