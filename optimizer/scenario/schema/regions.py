"""The grid nodes that may host sites."""

from __future__ import annotations

from optimizer.scenario.columns import COUNTRY, TableSpec, flag, number, optional, text
from optimizer.scenario.schema.base import Section, TableFiles


class Regions(Section):
    """Where power systems and sites are."""

    table: TableFiles = ()
    """CSV of the regions."""
    leave_out: tuple[str, ...] = ()
    """Regions of the table that this scenario does without; their rows leave all other tables too."""


TABLES = (
    TableSpec(
        "regions.table",
        "Grid nodes: place, load, climate.",
        (
            text("region", "code of the grid node"),
            text("name", "name in words"),
            COUNTRY,
            optional(text("carrier", "what the node holds, in words; blank: alternating current")),
            optional(text("zone", "reserve zone; blank where nothing is modelled behind a tariff")),
            optional(text("grid_region", "region within which clean-energy contracts may be signed")),
            number("lat", "latitude", "degrees", minimum=-90, maximum=90),
            number("lon", "longitude", "degrees", minimum=-180, maximum=180),
            optional(number("elevation_m", "height above the sea", "m", minimum=-500, maximum=6000), 0.0),
            optional(number("peak_load_mw", "highest hourly load of all users", "MW", minimum=0)),
            optional(number("peak_year", "year of the peak", "year", minimum=1990, maximum=2100)),
            optional(number("annual_load_twh", "energy used by all users", "TWh", minimum=0, plausible=(0, 3000))),
            optional(number("load_year", "year of the energy", "year", minimum=1990, maximum=2100)),
            optional(number("mean_temp_c", "annual mean air temperature", "deg C", minimum=-30, maximum=45)),
            optional(number("mean_wet_bulb_c", "annual mean wet-bulb temperature", "deg C", minimum=-30, maximum=40)),
            optional(flag("hub", "1: the clean-share mandate for computing hubs applies"), 0),
            optional(flag("grid", "1: modelled power system; 0: buys at a tariff"), 1),
        ),
        key=("region",),
    ),
)
