"""Plants, stores, corridors and loads of a plan, which are described by technology, as PyPSA's components.

Their capacity is what the plan gave them: the most of all periods, and less of it in the periods that have less.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimizer.instance.draft import World
from optimizer.instance.network import network_load
from optimizer.interop.errors import LeftOut
from optimizer.interop.pypsa_network import Network
from optimizer.results.planner import Plan
from optimizer.results.replay_system import capacity_mw

USD = 1e6  # a MUSD
SMALL_MW = 1e-6  # below it a component is not worth a row

Floats = np.ndarray


def put_system(network: Network, plan: Plan, world: World) -> list[LeftOut]:
    """Add all of it with its results, and name what binds dispatch here and has no place there."""
    put = _System(network, plan, world)
    put.loads()
    put.plants()
    put.weather()
    put.stores()
    put.corridors()
    return put.left_out()


class _System:
    def __init__(self, network: Network, plan: Plan, world: World) -> None:
        self.network, self.plan, self.world = network, plan, world
        self.usd = USD / float(plan.scenario.network.usd_per_currency)
        count = len(world.periods)
        self.capacity = np.stack([capacity_mw(plan, p) for p in range(count)], axis=1)  # (plant, period)
        self.plants_of = plan.position("plant")

    def frame(self, values: Floats, names: list[str]) -> pd.DataFrame:
        """(component, period, snapshot) as PyPSA keeps series."""
        return pd.DataFrame(values.reshape(len(names), -1).T, self.network.snapshots, pd.Index(names, name="name"))

    def add(self, kind: str, names: list[str], series: dict[str, Floats], **static: object) -> None:
        """Components with series (component, period, snapshot)."""
        if not names:
            return
        self.network.add(kind, names, **static)
        owner = self.network.c[kind].dynamic
        for attribute, values in series.items():
            frame = self.frame(values, names)
            old = owner.get(attribute)
            owner[attribute] = frame if old is None or not len(old.columns) else pd.concat([old, frame], axis=1)

    def loads(self) -> None:
        """What a region draws by itself, what campuses draw, and load that is shed, at what it is worth."""
        regions = [str(region) for region in self.plan.instance.sets["region"]]
        own = self.plan.param("base_load_mw") - network_load(self.world)
        some = np.flatnonzero(np.abs(own).max(axis=(1, 2), initial=0.0) > SMALL_MW)
        at = [regions[i] for i in some]
        self.add("Load", [f"{r} load" for r in at], {"p_set": own[some], "p": own[some]}, bus=at, carrier="load")
        draw = self.plan.value("grid_draw")
        hosts = [str(host) for host in self.plan.instance.sets["host"]]
        drawn = np.flatnonzero(draw.max(axis=(1, 2), initial=0.0) > SMALL_MW)
        at = [hosts[i] for i in drawn]
        self.add("Load", [f"{r} AI" for r in at], {"p_set": draw[drawn], "p": draw[drawn]}, bus=at, carrier="AI")
        shed, most = self.plan.value("load_shed"), self.plan.param("shed_max_mw")
        some = np.flatnonzero(most.max(axis=(1, 2), initial=0.0) > SMALL_MW)
        at, size = [regions[i] for i in some], most[some].max(axis=(1, 2))
        self.add(
            "Generator",
            [f"{r} load shed" for r in at],
            {"p_max_pu": most[some] / size[:, None, None], "p": shed[some]},
            bus=at, carrier="load shed", p_nom=size, p_nom_opt=size,
            marginal_cost=float(self.plan.param("shed_cost")) * self.usd,
        )  # fmt: skip

    def _capacity(self, set_name: str) -> tuple[Floats, Floats, Floats]:
        """Of the plants of a set: those with any, the most of all periods, and its share period by period."""
        rows = np.asarray([self.plants_of[k] for k in self.plan.instance.sets[set_name]], int)
        own = self.capacity[rows] if len(rows) else np.zeros((0, self.capacity.shape[1]))
        size = own.max(axis=1, initial=0.0)
        some = np.flatnonzero(size > SMALL_MW)
        return some, size[some], own[some] / size[some, None]

    def _named(self, set_name: str, rows: Floats) -> tuple[list[str], list[str], list[str]]:
        """Names, regions and technologies of plants."""
        plants, table = self.plan.instance.sets[set_name], self.plan.instance.attributes[set_name]
        return (
            [str(plants[i]) for i in rows],
            [str(table["region"][i]) for i in rows],
            [str(table["technology"][i]) for i in rows],
        )

    def plants(self) -> None:
        some, size, share = self._capacity("generator")
        names, regions, technologies = self._named("generator", some)
        cost = (self.plan.param("output_cost") + self.plan.param("carbon_cost"))[some] * self.usd
        output = self.plan.value("output")[some]
        most = share[:, :, None] * self.plan.param("availability")[some]
        fixed = self.plan.param("capacity_varies")[some] == 0
        most = np.where(fixed, self.plan.param("output_max_mw")[some] / size[:, None, None], most)
        least = self.plan.param("output_min_mw")[some] / size[:, None, None]
        for technology, rate in dict(zip(technologies, self.plan.param("co2_kt_per_gwh")[some], strict=True)).items():
            self.network.add("Carrier", technology, co2_emissions=float(rate))
        every = np.ones(most.shape)
        least_mwh, most_mwh = self._energy()
        self.add(
            "Generator",
            names,
            {"p_max_pu": most, "p_min_pu": np.minimum(least, most), "marginal_cost": cost[:, :, None] * every,
             "p": output},
            bus=regions, carrier=technologies, p_nom=size, p_nom_opt=size,
            e_sum_min=least_mwh[some], e_sum_max=most_mwh[some],
        )  # fmt: skip

    def _energy(self) -> tuple[Floats, Floats]:
        """Least and most energy of generators over all periods, MWh: PyPSA's sums know no days and no years."""
        plan = self.plan
        rows = np.asarray([self.plants_of[k] for k in plan.instance.sets["generator"]], int)
        taken = np.where(plan.param("has_take") > 0, plan.param("take_gwh") * 1e3, 0.0)
        least = np.where(plan.param("has_take").any(axis=1), taken.sum(axis=1), -np.inf)
        limited = np.where(plan.param("has_yearly_limit") > 0, plan.param("yearly_limit_h")[:, None], np.inf)
        with np.errstate(invalid="ignore"):
            most = np.nan_to_num(limited * self.capacity[rows], nan=0.0, posinf=np.inf).sum(axis=1)
        steps = self.world.snapshots
        days = np.bincount(steps.day, steps.weight_h) / 24.0
        order = plan.position("generator")
        for name, water in zip(plan.instance.sets["hydro"], plan.param("water_mwh") @ days, strict=True):
            most[order[name]] = min(most[order[name]], float(water.sum()))
        return least, most

    def weather(self) -> None:
        """Wind and sun may be curtailed; a spill of more than they give is must-run output that finds no use."""
        some, size, share = self._capacity("weather_plant")
        names, regions, technologies = self._named("weather_plant", some)
        can = share[:, :, None] * self.plan.param("weather_share")[some][:, None, :] * size[:, None, None]
        order = [str(region) for region in self.plan.instance.sets["region"]]
        at = np.asarray([order.index(region) for region in regions], int)
        given = np.zeros((len(order), *can.shape[1:]))
        np.add.at(given, at, can)
        spill = self.plan.value("spill")
        taken = np.minimum(spill, given)
        kept = 1.0 - np.divide(taken, given, out=np.zeros_like(given), where=given > 0)
        self.add(
            "Generator",
            names,
            {"p_max_pu": can / size[:, None, None], "p": can * kept[at]},
            bus=regions, carrier=technologies, p_nom=size, p_nom_opt=size,
        )  # fmt: skip
        may = [i for i, most in enumerate(self.plan.param("spill_max_mw")) if most.max(initial=0.0) > 0]
        rest = (spill - taken)[may]
        self.add(
            "Generator",
            [f"{order[i]} spill" for i in may],
            {"p": rest},
            bus=[order[i] for i in may], carrier="spill", sign=-1.0, p_nom=np.inf, p_nom_opt=np.inf,
        )  # fmt: skip

    def stores(self) -> None:
        """A store's energy grows with its power: hours are those of the period in which it is largest."""
        some, size, share = self._capacity("store")
        names, regions, technologies = self._named("store", some)
        rows = np.asarray([self.plants_of[name] for name in self.plan.instance.sets["store"]], int)[some]
        standing = self.plan.param("standing_mw")[rows]
        added = np.maximum(self.capacity[rows] - standing, 0.0)
        energy = self.plan.param("standing_mwh")[some] + self.plan.param("duration_h")[some][:, None] * added
        release, pumping = self.plan.value("discharge")[some], self.plan.value("charge")[some]
        every = np.ones(release.shape)
        self.add(
            "StorageUnit",
            names,
            {"p_max_pu": share[:, :, None] * every, "p_min_pu": -share[:, :, None] * every,
             "marginal_cost": self.plan.param("cycle_cost")[some][:, :, None] * self.usd * every,
             "p": release - pumping, "p_dispatch": release, "p_store": pumping,
             "state_of_charge": self.plan.value("state_of_charge")[some]},
            bus=regions, carrier=technologies, p_nom=size, p_nom_opt=size,
            max_hours=energy.max(axis=1, initial=0.0) / size,
            efficiency_store=self.plan.param("efficiency_in")[some],
            efficiency_dispatch=self.plan.param("efficiency_out")[some],
            cyclic_state_of_charge=True, cyclic_state_of_charge_per_period=True,
        )  # fmt: skip

    def corridors(self) -> None:
        """A link each way that carries something."""
        plan = self.plan
        table = plan.instance.attributes["corridor"]
        added = np.einsum("lbp,lb->lp", plan.param("line_alive"), plan.value("line_built"))
        two_way = plan.param("line_two_way")[:, None]
        ways = (
            ("forward", "from_region", "to_region", plan.param("line_mw") + added, plan.value("flow_forward")),
            ("backward", "to_region", "from_region", plan.param("line_back_mw") + two_way * added,
             plan.value("flow_backward")),
        )  # fmt: skip
        for way, start, end, capacity, flow in ways:
            size = capacity.max(axis=1, initial=0.0)
            some = np.flatnonzero(size > SMALL_MW)
            kept = 1.0 - plan.param("line_loss")[some]
            self.add(
                "Link",
                [f"{plan.instance.sets['corridor'][i]} {way}" for i in some],
                {"p_max_pu": (capacity[some] / size[some, None])[:, :, None] * np.ones(flow[some].shape),
                 "p0": flow[some], "p1": -kept[:, None, None] * flow[some]},
                bus0=[str(table[start][i]) for i in some], bus1=[str(table[end][i]) for i in some],
                carrier=[str(table["kind"][i]) for i in some], efficiency=kept, p_nom=size[some],
                p_nom_opt=size[some], marginal_cost=float(plan.param("hurdle_cost")) * self.usd,
            )  # fmt: skip

    def left_out(self) -> list[LeftOut]:
        """Rows of the plan that bind dispatch and that PyPSA's components do not have."""
        has = {name: block.size > 0 for name, block in self.plan.lp.rows.items()}
        known = (
            ("daily water budgets", ("output_within_water",), "one sum of energy over all periods"),
            ("minimum yearly output of plants", ("minimum_take",), "one sum of energy over all periods"),
            ("yearly limits on output", ("output_within_year",), "one sum of energy over all periods"),
            ("yearly limits and minimum takes of lines", ("flow_within_year", "line_minimum_take"), "none"),
            ("ramps of plants", ("ramp_up", "ramp_down"), "any change between snapshots"),
            ("caps on emissions", ("emissions_within_cap",), "none"),
            ("shared sending stations", ("legs_within_sending_station",), "each leg by itself"),
            ("voltage law of corridors", ("kirchhoff",), "links are steered"),
        )
        found = [LeftOut(what, (), instead) for what, rows, instead in known if any(has.get(row) for row in rows)]
        if len(self.plan.instance.sets["store"]) and len(self.world.snapshots.date) > 1:
            found.append(LeftOut("days within which stores balance", (), "stores balance over a period"))
        if self.plan.value("onsite_output").max(initial=0.0) > SMALL_MW:
            found.append(LeftOut("plants behind the meter", (), "campuses are what they draw from the grid"))
        return found
