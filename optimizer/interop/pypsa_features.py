"""What a PyPSA network may hold that a linear plan does not: each by name, and what is done in its place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optimizer.interop.errors import ExchangeError, LeftOut
from optimizer.interop.pypsa_tables import COMPONENTS, GENERATORS, LINKS, TRANSFORMERS, NetworkTables, Source

YEARS = (1990, 2100)  # that a scenario may plan for


def check_possible(source: Source) -> None:
    """ExchangeError for what has no meaning here at all."""
    network = source.network
    if network.has_scenarios:
        raise ExchangeError("this is a stochastic network; take one of its scenarios: n.get_scenario(name)")
    if not len(network.c.buses.static):
        raise ExchangeError("this network has no buses")
    names = [str(name) for frame in _statics(source) for name in frame.index]
    odd = sorted({name for name in names if name != name.strip() or not name or "\n" in name})
    if odd:
        raise ExchangeError(f"names may not begin or end with a blank, be empty or hold a line break: {odd[:5]}")
    if source.is_multi_period:
        _check_periods(source)


def _statics(source: Source) -> Iterator[pd.DataFrame]:
    yield source.network.c.buses.static
    for component in COMPONENTS:
        yield source.network.c[component.listing].static
    yield source.network.c.loads.static


def _check_periods(source: Source) -> None:
    """Periods must be years, in order, with the same steps and weightings."""
    network = source.network
    periods = list(network.investment_periods)
    if any(not YEARS[0] <= float(year) <= YEARS[1] for year in periods):
        raise ExchangeError(f"investment periods must be years from {YEARS[0]} to {YEARS[1]}, found {periods}")
    told = network.snapshots.get_level_values(0)
    if list(dict.fromkeys(told)) != sorted(periods):
        raise ExchangeError("snapshots must come period by period, in the order of the investment periods")
    weights = [network.snapshot_weightings[told == year].to_numpy(float) for year in periods]
    for year, own in zip(periods[1:], weights[1:], strict=True):
        if own.shape != weights[0].shape or not np.allclose(own, weights[0], rtol=0, atol=0):
            raise ExchangeError(
                f"investment period {year} has other snapshots or weightings than {periods[0]}: a scenario has one "
                "list of snapshots for all periods"
            )


def features_left_out(source: Source, made: NetworkTables) -> list[LeftOut]:
    """Name what cannot be carried over, and change the tables to what is said to stand in its place."""
    return [
        *_commitment(source, made),
        *_named("modular capacity", _modular(source), "any capacity within the limits may be built"),
        *_named("quadratic costs", _positive(source, "marginal_cost_quadratic"), "only the linear part is kept"),
        *_named("piecewise curves", _piecewise(source), "the plain figure of the component is kept"),
        *_named("maintenance", _flagged(source, "maintainable"), "capacity is there all the time"),
        *_named("delayed links", _delayed(source), "what is taken arrives in the same snapshot"),
        *_named("phase shifters that are steered", _steered(source), "their angle stays at phase_shift"),
        *_named(
            "angle limits of transformers with a phase shift", _shifted_limit(source, made), "no limit on the angle"
        ),
        *_named("processes", _names(source, "processes"), "left out"),
        *_named("limits on the growth of a carrier", _growth(source), "left out"),
        *_named("limits in columns of buses (nom_min_, nom_max_)", _bus_columns(source), "left out"),
    ]


def _named(what: str, names: list[str], instead: str) -> list[LeftOut]:
    return [LeftOut(what, tuple(names), instead)] if names else []


def _commitment(source: Source, made: NetworkTables) -> list[LeftOut]:
    """Without on and off the least output falls away: it holds only while a unit runs."""
    found: list[str] = []
    for component in (GENERATORS, LINKS):
        static = source.static(component)
        if "committable" not in static:
            continue
        names = [str(name) for name in static.index[static["committable"].to_numpy(bool)]]
        found += names
        if not names:
            continue
        table = made.tables[component.table]
        key = "unit" if component is GENERATORS else "link"
        table.loc[table[key].isin(names), "min_share"] = 0.0
        series = made.series.get(f"{component.table}.min_share")
        if series is not None:
            made.series[f"{component.table}.min_share"] = series.drop(columns=[n for n in names if n in series])
    instead = "no starts, no minimum times, least output zero, ramps as while running"
    return _named("unit commitment", found, instead)


def _modular(source: Source) -> list[str]:
    found = []
    for component in COMPONENTS:
        static, column = source.static(component), f"{component.nominal}_mod"
        if column in static:
            rows = (static[column].to_numpy(float) > 0) & static[f"{component.nominal}_extendable"].to_numpy(bool)
            found += [str(name) for name in static.index[rows]]
    return found


def _positive(source: Source, attribute: str) -> list[str]:
    """Components whose figure or series of an attribute is anything but zero."""
    found = []
    for component in COMPONENTS:
        static = source.static(component)
        if attribute in static:
            found += [str(name) for name in static.index[static[attribute].fillna(0.0).to_numpy(float) != 0]]
            series = source.dynamic(component, attribute, static.index)
            found += [str(name) for name in series.columns if (series[name] != 0).any()]
    return list(dict.fromkeys(found))


def _flagged(source: Source, attribute: str) -> list[str]:
    found = []
    for component in COMPONENTS:
        static = source.static(component)
        if attribute in static:
            found += [str(name) for name in static.index[static[attribute].fillna(False).to_numpy(bool)]]
    return found


def _piecewise(source: Source) -> list[str]:
    found = []
    for component in COMPONENTS:
        owner = source.network.c[component.listing]
        for attribute, curves in getattr(owner, "piecewise", {}).items():
            if curves is not None and not curves.empty:
                found.append(f"{component.name} {attribute}")
    return found


def _delayed(source: Source) -> list[str]:
    static = source.static(LINKS)
    columns = [column for column in static if column.startswith("delay")]
    if not columns:
        return []
    rows = (static[columns].apply(pd.to_numeric, errors="coerce").fillna(0.0) > 0).any(axis=1)
    return [str(name) for name in static.index[rows.to_numpy(bool)]]


def _steered(source: Source) -> list[str]:
    static = source.static(TRANSFORMERS)
    if "phase_shift_min" not in static:
        return []
    return [str(name) for name in static.index[(static["phase_shift_min"] < static["phase_shift_max"]).to_numpy(bool)]]


def _shifted_limit(source: Source, made: NetworkTables) -> list[str]:
    """A limit on the angle over a phase shifter is no symmetric limit on its flow."""
    static = source.static(TRANSFORMERS)
    if not len(static):
        return []
    series = source.dynamic(TRANSFORMERS, "phase_shift", static.index)
    shifts = (static["phase_shift"].to_numpy(float) != 0) | static.index.isin(series.columns)
    rows = shifts & np.isfinite(static["v_ang_max"].to_numpy(float))
    names = [str(name) for name in static.index[rows]]
    table = made.tables["branches"]
    table.loc[table["branch"].isin([*names, *(f"transformer {name}" for name in names)]), "flow_max_mw"] = np.nan
    return names


def _names(source: Source, listing: str) -> list[str]:
    try:
        static = source.network.c[listing].static
    except (KeyError, AttributeError):  # a version without this component
        return []
    return [str(name) for name in static.index[static["active"].to_numpy(bool)]] if len(static) else []


def _growth(source: Source) -> list[str]:
    carriers = source.network.c.carriers.static
    if not source.is_multi_period or "max_growth" not in carriers:
        return []
    return [str(name) for name in carriers.index[np.isfinite(carriers["max_growth"].to_numpy(float))]]


def _bus_columns(source: Source) -> list[str]:
    buses = source.network.c.buses.static
    return [column for column in buses if column.startswith(("nom_min_", "nom_max_")) and buses[column].notna().any()]
