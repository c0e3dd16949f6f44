"""The power side of a kept plan as a PyPSA network with the plan's results in it.

Elements that came from a network go back as they were, with what the plan decided beside them. Plants and corridors
that are described by technology go as components of fixed capacity: what the plan built is there, and PyPSA may
dispatch it again. What campuses draw from the grid is a load like any other. Nothing of chips, queues or tokens goes
along; what binds dispatch here and has no place there is named.

Money is in the network's own currency; prices are those of the plan, so they are of the bill with AI in it.
"""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from optimizer.instance.draft import World
from optimizer.instance.hours import HOURS
from optimizer.interop.errors import ExchangeError, LeftOut, refuse
from optimizer.interop.pypsa_elements import put_element_results, put_elements
from optimizer.interop.pypsa_limits import put_limits
from optimizer.interop.pypsa_network import Network, pypsa_module, quiet
from optimizer.interop.pypsa_system import put_system
from optimizer.results.planner import Plan
from optimizer.results.prices import lmp_usd_per_mwh
from optimizer.results.reopen import reopen

SUFFIX = ".nc"
YEAR_OF_DAYS = 2015  # a common year for the stamps of days that stand for others


@dataclass(frozen=True)
class Exported:
    """What an export made: the network, what was left out, sizes, and what a reader should know."""

    network: Network
    left_out: tuple[LeftOut, ...]
    sizes: dict[str, int]
    notes: tuple[str, ...]


def export_run(run: str | Path, file: str | Path, *, strict: bool = False) -> Exported:
    """Write the network of a run folder as a netCDF file (`.nc`) or as a folder of CSV files, whole or not at all.

    Raises StoreError for a run that cannot be opened again, ExchangeError where nothing can be written, where PyPSA is
    missing, and with ``strict`` where anything that holds dispatch back would be left out.
    """
    target = Path(file)
    if target.exists():
        raise ExchangeError(f"{target} exists already")
    pypsa_module()
    planner, plan = reopen(run)
    made = export_plan(plan, planner.prepared.world, strict=strict)
    write_network(made.network, target)
    return made


def export_plan(plan: Plan, world: World, *, strict: bool = False) -> Exported:
    """The network of a plan, in memory."""
    pypsa = pypsa_module()
    with quiet():
        network = pypsa.Network(name=plan.scenario.name)
        _time(network, plan, world)
        _buses(network, plan)
        put_elements(network, world)
        left_out = put_system(network, plan, world)
        left_out += put_limits(network, world.scenario)
        if strict:
            refuse(left_out)
        _carriers(network)
        put_element_results(network, plan)
        _prices(network, plan)
    network.meta = {
        "plan": {
            "scenario": plan.scenario.name,
            "scenario_hash": plan.scenario.hash,
            "question": plan.question,
            "bill_musd": plan.solution.objective,
            "exported": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "left_out": [each.render() for each in left_out],
        }
    }
    kinds = ("buses", "generators", "links", "storage_units", "stores", "lines", "transformers", "loads")
    sizes = {kind: len(network.c[kind].static) for kind in (*kinds, "global_constraints")}
    notes = [
        "prices are duals of the plan's bill with AI in it, in the network's money a MWh",
        "impedances are per unit on buses of 1 kV; plants and corridors have the capacity that the plan gave them",
    ]
    if len(world.periods) > 1:
        notes.append("every plan period is an investment period; its weight is the plan's discounted years")
    return Exported(network, tuple(left_out), {k: n for k, n in sizes.items() if n}, tuple(notes))


def write_network(network: Network, target: Path) -> None:
    """A netCDF file, or a folder of CSV files; it appears under its name only when it is whole."""
    draft = target.absolute().parent / f".{secrets.token_hex(4)}-{target.name}"
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        with quiet():
            if target.suffix == SUFFIX:
                network.export_to_netcdf(draft)
            else:
                network.export_to_csv_folder(draft)
        draft.rename(target)
    except OSError as error:
        raise ExchangeError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)


def _time(network: Network, plan: Plan, world: World) -> None:
    """Snapshots of one period, or of all of them under it, with the plan's weights."""
    steps, periods = world.snapshots, world.periods
    stamps = _stamps(world)
    discount = plan.param("discount")
    if len(periods) > 1 or discount[0] != 1.0:
        index = pd.MultiIndex.from_product([periods, stamps], names=["period", "timestep"])
        network.set_snapshots(index)
        network.investment_periods = list(periods)
        network.investment_period_weightings["objective"] = discount
        network.investment_period_weightings["years"] = float(world.length_yr)
    else:
        network.set_snapshots(stamps)
    energy = steps.weight_h if steps.energy_h is None else steps.energy_h
    for name, weight in (("objective", steps.weight_h), ("stores", steps.step_h), ("generators", energy)):
        network.snapshot_weightings[name] = np.tile(weight, len(network.snapshots) // max(len(steps), 1))


def _stamps(world: World) -> pd.Index:
    """When snapshots begin: as listed; else on the days that they show, in a common year. Numbers where times clash."""
    steps = world.snapshots
    if steps.first_hour is not None:
        told = world.scenario.table("time.snapshots")["utc"]
        if len(told) and told.notna().all():
            stamps = pd.DatetimeIndex(pd.to_datetime(told.astype(object), format="ISO8601"))
            return stamps if stamps.is_unique else pd.RangeIndex(len(steps))
        return pd.RangeIndex(len(steps))
    hours = (np.asarray(steps.date)[steps.day] * 24 + steps.start_hour) % HOURS
    stamps = pd.Timestamp(year=YEAR_OF_DAYS, month=1, day=1) + pd.to_timedelta(hours, unit="h")
    return pd.DatetimeIndex(stamps) if pd.Index(hours).is_unique else pd.RangeIndex(len(steps))


def _buses(network: Network, plan: Plan) -> None:
    regions = plan.scenario.table("regions.table").set_index("region").loc[list(plan.instance.sets["region"])]
    carrier = regions["carrier"].astype(object).fillna("").replace("", "AC")
    network.add("Bus", regions.index, x=regions["lon"].to_numpy(float), y=regions["lat"].to_numpy(float),
                carrier=carrier.to_numpy(), v_nom=1.0)  # fmt: skip
    network.c.buses.static["country"] = regions["country"].astype(str).to_numpy()


def _carriers(network: Network) -> None:
    """Every carrier that is used, with the emissions that are known of it."""
    used: set[str] = set()
    for kind in ("buses", "generators", "links", "storage_units", "stores", "lines", "loads"):
        used |= {str(each) for each in network.c[kind].static["carrier"] if str(each)}
    missing = sorted(used - set(network.c.carriers.static.index))
    if missing:
        network.add("Carrier", missing)


def _prices(network: Network, plan: Plan) -> None:
    price = lmp_usd_per_mwh(plan) / float(plan.scenario.network.usd_per_currency)
    frame = pd.DataFrame(
        price.transpose(1, 2, 0).reshape(-1, price.shape[0]),
        index=network.snapshots,
        columns=network.c.buses.static.index,
    )
    network.c.buses.dynamic["marginal_price"] = frame
