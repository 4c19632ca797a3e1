"""From rows of values to an xarray Dataset that says by the CF conventions what it holds.

Values become one variable; everything known about each of them (uncertainty, quality flag, status, knowledge) becomes
an ancillary variable of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from caspian_env.model import FAIL, GOOD, MISSING, NOT_EVALUATED, SUSPECT

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

CONVENTIONS = "CF-1.11"
QARTOD = {GOOD: "good", NOT_EVALUATED: "not_evaluated", SUSPECT: "suspect", FAIL: "fail", MISSING: "missing"}
# Kind of each field that a row can have: a number, a count, a QARTOD flag, a moment or text.
KINDS = {
    "value": "number", "std_uncertainty": "number", "ci_low": "number", "ci_high": "number", "n_valid": "count",
    "n_expected": "count", "n_cells": "count", "area_share": "number", "qc_flag": "flag", "status": "text",
    "source_note": "text", "method_version": "text", "known_from": "moment", "known_to": "moment",
}  # fmt: skip
LONG_NAMES = {
    "std_uncertainty": "Standard uncertainty (k=1)",
    "ci_low": "Lower end of the interval",
    "ci_high": "Upper end of the interval",
    "area_share": "Share of the region's area observed",
    "n_cells": "Grid cells used",
    "n_valid": "Values used",
    "n_expected": "Values of a complete period",
    "qc_flag": "QARTOD flag, the gravest of all tests",
    "status": "Status: final, reported, estimated or preliminary",
    "source_note": "Source of this one value",
    "method_version": "Version of the method",
    "known_from": "Since when this is known, UTC",
    "known_to": "Until when this was known, UTC; missing while it is",
    "time": "Instant, or start of the period that the value covers, UTC",
    "period_end": "End of the period that the value covers, UTC, excluded",
    "location": "Location id",
}


def cf_dataset(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    value_attrs: Mapping[str, Any],
    global_attrs: Mapping[str, Any],
    history: bool = False,
) -> xr.Dataset:
    """Values and what is known about them along time.

    Parameters
    ----------
    name : str
        Name of the variable that holds the values.
    rows : sequence of mappings
        ``location``, ``time`` and ``known_from``, times aware, ``period_end`` where a value covers a period of its own,
        and any of KINDS: each that has a value somewhere becomes a variable. One row a location and time, unless
        ``history``.
    history : bool
        Whether there are several vintages of one time.

    Returns
    -------
    xarray.Dataset
        Dimension ``time``; ``location, time`` for several locations; ``vintage`` for a history, with location and time
        as coordinates along it.
    """
    import xarray as xr

    dims, places, coords = _axes(rows, history)
    shape = tuple(len(coords["time" if dim == "vintage" else dim][1]) for dim in dims)
    fields = [field for field in KINDS if field != "value" and (history or field != "known_to")]
    present = [field for field in fields if any(row.get(field) is not None for row in rows)]
    companions = {field: (dims, _array(field, rows, shape, places), _attrs_of(field, value_attrs)) for field in present}
    values = (
        dims,
        _array("value", rows, shape, places),
        dict(value_attrs) | {"ancillary_variables": " ".join(present)},
    )
    known = max(row["known_from"] for row in rows)
    attrs = {**global_attrs, "known_at": f"{known:%Y-%m-%dT%H:%M:%SZ}", "Conventions": CONVENTIONS}
    return xr.Dataset({name: values, **companions}, coords, attrs)


def _axes(
    rows: Sequence[Mapping[str, Any]], history: bool
) -> tuple[tuple[str, ...], Sequence[tuple[int, ...]], dict[str, Any]]:
    """Names of the dimensions, time or vintage last, the place of each row along them, and the coordinates."""
    moments = [(row["time"], row.get("period_end")) for row in rows]
    locations = [row["location"] for row in rows]
    if history:
        coords = _time_coords("vintage", moments) | {
            "location": ("vintage", _text(locations), _attrs_of("location", {}))
        }
        return ("vintage",), [(n,) for n in range(len(rows))], coords
    times = {moment: n for n, moment in enumerate(sorted(set(moments)))}
    where = {location: n for n, location in enumerate(sorted(set(locations)))}
    coords = _time_coords("time", list(times))
    if len(where) == 1:
        coords["location"] = ((), locations[0], _attrs_of("location", {}))
        return ("time",), [(times[moment],) for moment in moments], coords
    coords["location"] = ("location", _text(list(where)), _attrs_of("location", {}))
    places = [(where[location], times[moment]) for location, moment in zip(locations, moments, strict=True)]
    return ("location", "time"), places, coords


def _time_coords(dim: str, moments: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    axis = {"axis": "T"} if dim == "time" else {}
    attrs = {"standard_name": "time", "long_name": LONG_NAMES["time"], **axis}
    coords = {"time": (dim, _moments([start for start, _ in moments]), attrs)}
    if any(end is not None for _, end in moments):
        coords["period_end"] = (dim, _moments([end for _, end in moments]), {"long_name": LONG_NAMES["period_end"]})
    return coords


def _array(
    field: str, rows: Sequence[Mapping[str, Any]], shape: tuple[int, ...], places: Sequence[tuple[int, ...]]
) -> NDArray[Any]:
    """The field of every row at its place; elsewhere NaN, 0, flag 9, NaT or an empty text."""
    import numpy as np

    kind = KINDS[field]
    given = [row[field] for row in rows]
    if kind == "text":
        filled = np.full(shape, "", dtype=f"U{max(1, *(len(text or '') for text in given))}")
    elif kind == "moment":
        filled = np.full(shape, np.datetime64("NaT"), dtype="datetime64[us]")
        given = list(_moments(given))
    else:
        empty, dtype = {"number": (np.nan, "f8"), "count": (0, "i4"), "flag": (MISSING, "i1")}[kind]
        filled = np.full(shape, empty, dtype=dtype)
    for place, value in zip(places, given, strict=True):
        if value is not None:
            filled[place] = value
    return filled


def _attrs_of(field: str, value_attrs: Mapping[str, Any]) -> dict[str, Any]:
    import numpy as np

    attrs: dict[str, Any] = {"long_name": LONG_NAMES[field]}
    standard = value_attrs.get("standard_name")
    if field in ("std_uncertainty", "ci_low", "ci_high"):
        attrs["units"] = value_attrs["units"]
        if standard and field == "std_uncertainty":
            attrs["standard_name"] = f"{standard} standard_error"
    elif field == "qc_flag":
        meanings = {"flag_values": np.array(list(QARTOD), dtype=np.int8), "flag_meanings": " ".join(QARTOD.values())}
        attrs |= {"standard_name": "aggregate_quality_flag", **meanings}
    elif KINDS.get(field) == "count" or field == "area_share":
        attrs["units"] = "1"
    return attrs


def _moments(given: Sequence[Any]) -> NDArray[np.datetime64]:
    """Aware times as naive ones that mean UTC, to the microsecond."""
    import numpy as np

    naive = [None if moment is None else moment.replace(tzinfo=None) for moment in given]
    return np.array(naive, dtype="datetime64[us]")


def _text(given: Sequence[str]) -> NDArray[np.str_]:
    import numpy as np

    return np.array(given, dtype=np.str_)
