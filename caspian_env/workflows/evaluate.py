"""Put the inputs of an indicator through its method, and say of each result what it was made from."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from caspian_env.catalog.indicator_values import Computed, Used
from caspian_env.model import Indicator
from caspian_env.wiring import indicator_function
from caspian_env.workflows.arguments import Argument, as_array
from caspian_env.workflows.used import UsedOf, used_of, windows_of, worst_flags, worst_statuses

if TYPE_CHECKING:
    import xarray as xr

INTERVAL = ("std_uncertainty", "ci_low", "ci_high", "ci_level")


def evaluate(
    indicator: Indicator, arguments: list[Argument], known_at: datetime, *, confidence: str | None = None
) -> list[Computed]:
    """Put the inputs through the method: one result, number or refusal, for each period.

    ``confidence`` is the word that a person gave to the numbers of the indicator here.
    """
    function = indicator_function(indicator)
    result: Any = function(*(as_array(argument) for argument in arguments), **dict(indicator.parameters))
    n = int(result.sizes["period"])
    if n == 0:
        return []
    windows = windows_of(result)
    used = [used_of(argument, windows) for argument in arguments]
    common = {
        "method_version": indicator.method_version,
        "unit": indicator.units,
        "datum_id": indicator.datum or arguments[0].datum,
        "licence": "; ".join(sorted({argument.licence for argument in arguments})),
    }
    marks = zip(worst_statuses(used, result["estimated"].values.tolist()), worst_flags(used, n), strict=True)
    periods = zip(_aware(windows.period_start), _aware(windows.period_end), strict=True)
    inputs = _inputs(used, n)
    return [
        Computed(
            start, end, common | {"status": status, "qc_flag": flag} | numbers | _word(numbers, confidence), inputs[k]
        )
        for k, ((start, end), (status, flag), numbers) in enumerate(
            zip(periods, marks, _numbers(result, windows.period_end, known_at), strict=True)
        )
    ]


def _numbers(result: xr.Dataset, ends: Any, known_at: datetime) -> list[dict[str, Any]]:
    """Value, interval and completeness of each result, or the reason why there is no value: never both, never neither."""
    names = ("value", "std_uncertainty", "ci_low", "ci_high", "n_valid", "n_expected", "reason")
    level = float(result.attrs["ci_level"]) if "ci_level" in result.attrs else None
    rows = []
    for end, value, u, low, high, n_valid, n_expected, reason in zip(
        _aware(ends), *(result[name].values.tolist() for name in names), strict=True
    ):
        row: dict[str, Any] = {"value": None, "n_valid": int(n_valid), "n_expected": int(n_expected)}
        if not math.isfinite(value):
            row["reason"] = str(reason) or "the method gave no number"
        elif end > known_at:
            row["reason"] = f"the period is not over before {end:%Y-%m-%d}"
        else:
            interval = (_number(u), _number(low), _number(high), level if math.isfinite(low) else None)
            row |= {"value": value, "reason": None} | dict(zip(INTERVAL, interval, strict=True))
        rows.append(dict.fromkeys(INTERVAL) | row)
    return rows


def _word(numbers: dict[str, Any], confidence: str | None) -> dict[str, str | None]:
    """A word belongs to a number, never to a refusal."""
    return {"confidence": None if numbers["value"] is None else confidence}


def _inputs(used: list[UsedOf], n: int) -> list[tuple[Used, ...]]:
    """The windows of each result that hold observations, argument by argument."""
    found: list[list[Used]] = [[] for _ in range(n)]
    for part in used:
        argument = part.argument
        at = np.nonzero(part.holds)
        for k, first, last in zip(at[0].tolist(), _aware(part.start[at]), _aware(part.end[at]), strict=True):
            found[k].append(Used(argument.name, argument.series_id, first, last, argument.known_at))
    return [tuple(row) for row in found]


def _aware(moments: Any) -> list[datetime]:
    """Naive moments, meant as UTC, as aware ones."""
    return [moment.replace(tzinfo=UTC) for moment in moments.tolist()]


def _number(number: float) -> float | None:
    return number if math.isfinite(number) else None
