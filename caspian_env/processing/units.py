"""Units by UDUNITS, the units library of the CF conventions, behind a few spellings that providers use.

A temperature difference (an anomaly, an uncertainty) is scaled but not shifted: 1 K of anomaly is 1 degree Celsius.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from cf_units import Unit
    from numpy.typing import ArrayLike, NDArray

# Spellings UDUNITS misreads ("degrees C" is an angle times coulomb to it) or does not know.
_SPELLINGS = {
    "c": "degree_Celsius",
    "degrees c": "degree_Celsius",
    "degree c": "degree_Celsius",
    "deg c": "degree_Celsius",
    "degc": "degree_Celsius",
    "degrees celsius": "degree_Celsius",
    "deg celsius": "degree_Celsius",
    "°c": "degree_Celsius",
    "micromol/mol": "1e-6",
}
# A height's datum is no part of its unit: "m above EGM2008" is metres; the datum travels on its own.
_ABOVE_DATUM = re.compile(r"^(mm|cm|m|metres?|meters?)\s+(above|over|relative to)\s.*$", re.IGNORECASE)


def to_units(da: xr.DataArray, units: str) -> xr.DataArray:
    """The same quantity in other units, with `attrs["units"]` saying so.

    A variable that declares itself a difference (CF `units_metadata`, a standard name ending in `_anomaly` or with
    the modifier `standard_error`) is scaled without the shift between temperature scales.

    Raises
    ------
    BadGranule
        When the variable has no units, or units of another quantity; the message names the variable.
    """
    name = str(da.name or "variable")
    given = da.attrs.get("units")
    if given is None or not str(given).strip():
        raise BadGranule(name, "it has no units", f"state them in the source, so that they become {units}")
    values = convert(da.to_numpy(), str(given), units, difference=is_difference(da), name=name)
    return da.copy(data=values).assign_attrs(units=units)


def convert(
    values: ArrayLike, from_units: str, to_units: str, *, difference: bool = False, name: str = "values"
) -> NDArray[np.float64]:
    """Values of one unit in another, as float64.

    Parameters
    ----------
    values : array_like
        Any shape; NaN stays NaN.
    difference : bool
        Whether the values are differences of a temperature, such as anomalies and uncertainties.
    name : str
        What to call the quantity in an error.

    Raises
    ------
    BadGranule
        When a unit is unknown, or the two measure different quantities. A mass flux is not turned into a depth of
        water: that needs a density, which units do not hold.
    """
    import numpy as np

    given, wanted = _unit(from_units, name), _unit(to_units, name)
    if not given.is_convertible(wanted):
        raise BadGranule(name, f"{from_units!r} cannot become {to_units!r}", "the two measure different quantities")
    numbers = np.array(values, dtype=np.float64)
    if given == wanted:
        return numbers
    converted = np.asarray(given.convert(numbers, wanted), dtype=np.float64)
    return converted - given.convert(0.0, wanted) if difference else converted


def is_difference(da: xr.DataArray) -> bool:
    """Whether a variable says that it holds differences: an anomaly or a standard error."""
    attrs: dict[Any, Any] = da.attrs
    standard_name = str(attrs.get("standard_name", ""))
    declared = str(attrs.get("units_metadata", "")).replace(" ", "") == "temperature:difference"
    return declared or standard_name.endswith(("_anomaly", " standard_error"))


def _unit(text: str, name: str) -> Unit:
    from cf_units import Unit

    spelled = " ".join(str(text).split())
    spelled = _ABOVE_DATUM.sub(r"\1", _SPELLINGS.get(spelled.lower(), spelled))
    try:
        unit = Unit(spelled)
    except ValueError as error:
        raise BadGranule(name, f"UDUNITS does not know the unit {text!r}") from error
    if unit.is_unknown() or unit.is_no_unit() or unit.is_time_reference():
        raise BadGranule(name, f"{text!r} is no unit of measure")
    return unit
