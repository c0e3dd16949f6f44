"""What weather gives to plants, where a country publishes weather and not capacity factors.

Wind speeds become capacity factors by a power curve (`Turbine`). Where only monthly solar factors are published, the
hours of the year take the shape of a clear sky at each place (`Panels`); what clouds take is in the monthly factors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from kernels.clear_sky import STEADY, TRACKING, clear_sky
from kernels.sun import sun
from kernels.wind import power_curve, to_hub, wind_power
from optimizer.instance.hours import Array, days_since_2000, utc_to_local

if TYPE_CHECKING:
    from optimizer.scenario.schema.power import Panels, Turbine

SHARP = 0.1  # m/s between the corners by which a cubic curve is told


def wind_factors(speed: Array, turbine: Turbine) -> Array:
    """Capacity factors [8760, n] of wind speeds [8760, n] in m/s at the height where they were measured."""
    rising = np.arange(turbine.cut_in_m_per_s, turbine.rated_m_per_s, SHARP)
    least, most = turbine.cut_in_m_per_s**3, turbine.rated_m_per_s**3
    curve = power_curve(
        [*rising, turbine.rated_m_per_s, turbine.cut_out_m_per_s],
        [*(rising**3 - least) / (most - least), 1.0, 1.0],
        turbine.spread_m_per_s,
    )
    factor = np.full(speed.shape[1], to_hub(turbine.measured_m, turbine.hub_m, turbine.roughness_m))
    return (1.0 - turbine.losses) * wind_power(speed.T, factor, curve).T


def describe_wind(kind: str, turbine: Turbine) -> str:
    """The label that must travel with capacity factors made here."""
    return (
        f"{kind} from wind speeds at {turbine.measured_m:g} m: hubs at {turbine.hub_m:g} m, a cubic curve from "
        f"{turbine.cut_in_m_per_s:g} to {turbine.rated_m_per_s:g} m/s, off at {turbine.cut_out_m_per_s:g}, smoothed by "
        f"{turbine.spread_m_per_s:g} m/s, {turbine.losses:.0%} losses"
    )


def clear_sky_days(
    latitude: ArrayLike, longitude: ArrayLike, elevation_m: ArrayLike, panels: Panels, year: int, utc_offset_h: int
) -> Array:
    """Clear-sky light on panels, W/m2 in the middle of every hour, [8760, n] on the clock `utc_offset_h` ahead of UTC.

    latitude, longitude in degrees and elevation_m place the regions, [n].
    """
    lat = np.asarray(latitude, dtype=float)
    tilt = np.maximum(np.abs(lat) - 5.0, 0.0) if panels.tilt_deg is None else np.full(lat.shape, panels.tilt_deg)
    mount = TRACKING if panels.mount == "tracking" else STEADY
    at = sun(days_since_2000(year))
    sky = clear_sky(at, lat, longitude, elevation_m, panels.linke_turbidity, mount, tilt)
    return utc_to_local(sky.panel.T, utc_offset_h)


def describe_sun(panels: Panels) -> str:
    """The label that must travel with a sun made here."""
    tilt = "latitude less 5" if panels.tilt_deg is None else f"{panels.tilt_deg:g}"
    mounted = "on tracking axes" if panels.mount == "tracking" else f"tilted by {tilt} degrees"
    return (
        f"hours of the sun from a clear sky (Linke turbidity {panels.linke_turbidity:g}, all year) on panels {mounted}"
    )
