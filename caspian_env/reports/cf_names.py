"""CF standard names of indicators, where the table (version 93) has one for the quantity that is reported.

A statistic over time keeps the name of its quantity, as CF says. What has no name in the table, as the rank of a year, a
share of electricity or the progress to a target, has none here: no other name is bent to fit.
"""

from __future__ import annotations

HEIGHT = "water_surface_height_above_reference_datum"
TENDENCY = "tendency_of_sea_surface_height_above_mean_sea_level"

# By the beginning of the id; the zero of a height is told by its own attribute.
NAMES = {
    "sl_mean_": HEIGHT, "sl_above_": HEIGHT, "sl_cycle_range_": HEIGHT, "port_depth_change_": HEIGHT,
    "sl_rate_": TENDENCY, "sl_change_": TENDENCY,
    "sst_mean_": "sea_surface_temperature", "sst_anomaly_": "surface_temperature_anomaly",
    "gmst_above_": "surface_temperature_anomaly",
    "t2m_mean_": "air_temperature", "t2m_normal_": "air_temperature", "t2m_anomaly_": "air_temperature_anomaly",
    "t2m_trend_": "tendency_of_air_temperature",
    "co2_mean_": "mole_fraction_of_carbon_dioxide_in_air", "co2_global_mean_": "mole_fraction_of_carbon_dioxide_in_air",
    "ch4_global_mean_": "mole_fraction_of_methane_in_air",
    "precip_total_": "lwe_thickness_of_precipitation_amount", "precip_normal_": "lwe_thickness_of_precipitation_amount",
    "evap_1m_": "lwe_thickness_of_water_evaporation_amount", "evap_1y_": "lwe_thickness_of_water_evaporation_amount",
    "geom_area_": "sea_area", "geom_volume_": "sea_water_volume", "ice_extent_max_": "sea_ice_extent",
}  # fmt: skip


def standard_name(indicator_id: str) -> str:
    """The standard name of an indicator, or '' where the table has none."""
    return next((name for begins, name in NAMES.items() if f"{indicator_id}_".startswith(begins)), "")
