"""Conversions against canonical units of the CF standard name table and factors anyone can check by hand."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule
from caspian_env.processing.units import convert, is_difference, to_units

# standard name, CF canonical unit, customary unit, a value in each
CF = [
    ("sea_surface_temperature", "K", "degree_Celsius", 300.0, 26.85),
    ("water_surface_height_above_reference_datum", "m", "mm", -28.5, -28500.0),
    ("lwe_thickness_of_precipitation_amount", "m", "mm", 0.0123, 12.3),
    ("lwe_precipitation_rate", "m s-1", "mm day-1", 1e-8, 0.864),
    ("cell_area", "m2", "km2", 3.781e11, 378100.0),
    ("mole_fraction_of_carbon_dioxide_in_air", "1", "1e-6", 0.00042, 420.0),
    ("atmosphere_mass_of_carbon_dioxide", "kg", "Mt", 2.5e9, 2.5),
    ("sea_ice_area_fraction", "1", "%", 0.25, 25.0),
    ("water_volume_transport_in_river_channel", "m3 s-1", "km3 day-1", 8000.0, 0.6912),
    ("wind_speed", "m s-1", "km h-1", 10.0, 36.0),
]


@pytest.mark.parametrize(("name", "canonical", "customary", "value", "expected"), CF)
def test_there_and_back(name: str, canonical: str, customary: str, value: float, expected: float) -> None:
    da = xr.DataArray([value, np.nan], dims="time", attrs={"units": canonical, "standard_name": name}, name=name)
    converted = to_units(da, customary)
    assert converted.values == pytest.approx([expected, np.nan], rel=1e-12, nan_ok=True)
    assert converted.attrs == {"units": customary, "standard_name": name}
    assert to_units(converted, canonical).values == pytest.approx([value, np.nan], rel=1e-12, nan_ok=True)
    assert da.attrs["units"] == canonical, "the input is untouched"


@pytest.mark.parametrize(
    "spelling",
    ["Celsius", "celsius", "degrees C", "deg C", "degC", "deg_C", "C", "degree C", "degrees Celsius", "°C", " deg  C "],
)
def test_spellings_of_celsius(spelling: str) -> None:
    assert convert([0.0, 10.0], spelling, "K") == pytest.approx([273.15, 283.15])


def test_other_spellings() -> None:
    assert convert([400.0], "ppm", "1e-6") == pytest.approx([400.0])
    assert convert([400.0], "micromol/mol", "1e-6") == pytest.approx([400.0])
    assert convert([50.0], "%", "1") == pytest.approx([0.5])
    assert convert([-28.1], "m above EGM2008", "cm") == pytest.approx([-2810.0])
    assert convert([1.5], "meters above the geoid", "m") == pytest.approx([1.5])


def test_differences_are_scaled_and_not_shifted() -> None:
    assert convert([1.0, -2.0], "K", "degree_Celsius", difference=True) == pytest.approx([1.0, -2.0])
    assert convert([1.8], "degF", "K", difference=True) == pytest.approx([1.0])
    anomaly = xr.DataArray([1.2], dims="t", attrs={"units": "K", "standard_name": "air_temperature_anomaly"})
    assert to_units(anomaly, "degree_Celsius").values == pytest.approx([1.2])
    assert is_difference(anomaly.assign_attrs(standard_name="sea_surface_temperature standard_error"))
    assert is_difference(xr.DataArray(attrs={"units_metadata": "temperature: difference"}))
    assert not is_difference(xr.DataArray(attrs={"standard_name": "air_temperature"}))


def test_integers_and_single_precision_become_float64() -> None:
    assert convert(np.array([1, 2], "int16"), "cm", "mm").dtype == np.float64
    assert convert(np.array([0.1], "float32"), "m", "m").dtype == np.float64


def test_the_input_is_never_changed() -> None:
    values = np.array([1.0, 2.0])
    convert(values, "m", "m")[0] = 99
    convert(values, "m", "mm")[0] = 99
    assert values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("given", "wanted", "problem"),
    [
        ("m", "K", "cannot become"),
        ("kg m-2 s-1", "mm day-1", "cannot become"),
        ("furlongs of water", "m", "does not know"),
        ("m", "nonsense_unit", "does not know"),
        ("", "m", "no unit of measure"),
        ("unknown", "m", "no unit of measure"),
        ("no_unit", "m", "no unit of measure"),
        ("days since 1970-01-01", "days", "no unit of measure"),
    ],
)
def test_what_cannot_be_converted_names_the_variable(given: str, wanted: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=f"level: .*{problem}"):
        convert([1.0], given, wanted, name="level")


@pytest.mark.parametrize("attrs", [{}, {"units": ""}, {"units": "  "}])
def test_missing_units_name_the_variable(attrs: dict[str, str]) -> None:
    with pytest.raises(BadGranule, match="level: it has no units"):
        to_units(xr.DataArray([1.0], dims="time", attrs=attrs, name="level"), "m")
