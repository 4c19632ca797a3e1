"""Put the inputs of an indicator through its method, and say of each result what it was made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.indicator_values import Computed, Used
from caspian_env.catalog.observations import utc
from caspian_env.model import FAIL, GOOD, NOT_EVALUATED, STATUSES, SUSPECT, Indicator
from caspian_env.wiring import indicator_function
from caspian_env.workflows.arguments import Argument, as_array

if TYPE_CHECKING:
    import xarray as xr

WORST_FIRST = (FAIL, SUSPECT, NOT_EVALUATED, GOOD)


def evaluate(indicator: Indicator, arguments: list[Argument], known_at: datetime) -> list[Computed]:
    """Put the inputs through the method: one result, number or refusal, for each period."""
    function = indicator_function(indicator)
    result: Any = function(*(as_array(argument) for argument in arguments), **dict(indicator.parameters))
    return [_computed(indicator, arguments, result.isel(period=n), known_at) for n in range(result.sizes["period"])]


def _computed(indicator: Indicator, arguments: list[Argument], row: xr.Dataset, known_at: datetime) -> Computed:
    windows = _windows(row)
    start, end = utc(row["period_start"].values), utc(row["period_end"].values)
    used = [(argument, *span) for argument in arguments for span in _used_of(argument, windows)]
    value = _number(row["value"])
    reason = str(row["reason"].item()) if value is None else None
    if value is not None and end > known_at:
        value, reason = None, f"the period is not over before {end:%Y-%m-%d}"
    low = _number(row["ci_low"])
    fields: Mapping[str, Any] = {
        "method_version": indicator.method_version,
        "value": value,
        "reason": (reason or "the method gave no number") if value is None else None,
        "unit": indicator.units,
        "std_uncertainty": _number(row["std_uncertainty"]) if value is not None else None,
        "ci_low": low if value is not None else None,
        "ci_high": _number(row["ci_high"]) if value is not None else None,
        "ci_level": float(row.attrs["ci_level"]) if low is not None and value is not None else None,
        "n_valid": int(row["n_valid"]),
        "n_expected": int(row["n_expected"]),
        "status": _worst_status(used, bool(row["estimated"])),
        "qc_flag": _worst_flag(used),
        "datum_id": indicator.datum or arguments[0].datum,
        "licence": "; ".join(sorted({argument.licence for argument in arguments})),
    }
    inputs = tuple(Used(a.name, a.series_id, utc(first), utc(last), a.known_at) for a, first, last in used)
    return Computed(start, end, fields, inputs)


def _windows(row: xr.Dataset) -> list[tuple[Any, Any]]:
    import numpy as np

    if "input_start" not in row:
        return [(row["period_start"].values, row["period_end"].values)]
    pairs = zip(np.atleast_1d(row["input_start"].values), np.atleast_1d(row["input_end"].values), strict=True)
    return [(start, end) for start, end in pairs if not np.isnat(start)]


def _used_of(argument: Argument, windows: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The windows that hold observations of an input; a grid that does not change enters every value as a whole."""
    index = argument.frame.index
    if argument.grid is not None and len(index) == 1:
        return [(index[0].to_numpy(), _next_year(index[0]))]
    return [(start, end) for start, end in windows if _inside(argument, start, end)]


def _next_year(moment: Any) -> Any:
    import numpy as np

    return np.datetime64(f"{moment.year + 1:04d}-01-01", "s")


def _inside(argument: Argument, start: Any, end: Any) -> bool:
    first, last = _bounds(argument, start, end)
    return first < last


def _bounds(argument: Argument, start: Any, end: Any) -> tuple[int, int]:
    """Positions of a window in an input, whose times ascend."""
    first, last = argument.frame.index.searchsorted([start, end])  # many results look here: no mask of the whole series
    return int(first), int(last)


def _selected(used: list[tuple[Argument, Any, Any]], column: str) -> set[Any]:
    found: set[Any] = set()
    for argument, start, end in used:
        part = slice(*_bounds(argument, start, end))
        flags, values = (argument.frame[name].to_numpy()[part] for name in ("qc_flag", column))
        found |= set(values[flags != FAIL].tolist())
    return found


def _worst_status(used: list[tuple[Argument, Any, Any]], estimated: bool) -> str:
    found = _selected(used, "status") | ({"estimated"} if estimated else set())
    return max(found, key=STATUSES.index, default="final")


def _worst_flag(used: list[tuple[Argument, Any, Any]]) -> int:
    found = _selected(used, "qc_flag")
    return next((flag for flag in WORST_FIRST if flag in found), NOT_EVALUATED)


def _number(item: xr.DataArray) -> float | None:
    number = float(item)
    return number if math.isfinite(number) else None
