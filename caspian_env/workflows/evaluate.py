"""Put the inputs of an indicator through its method, and say of each result what it was made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from caspian_env.catalog.indicator_values import Computed, Used
from caspian_env.catalog.observations import utc
from caspian_env.model import FAIL, GOOD, NOT_EVALUATED, STATUSES, SUSPECT, Indicator
from caspian_env.wiring import indicator_function
from caspian_env.workflows.arguments import Argument, as_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BEST_FIRST = (GOOD, NOT_EVALUATED, SUSPECT)  # a value that failed enters nothing
Row = Mapping[str, Any]  # what a method says of one period, by the names of its result


class _Input(NamedTuple):
    """An input as plain arrays: a method gives many results, and each looks for its windows here."""

    argument: Argument
    times: NDArray[np.datetime64]  # ascending
    status: NDArray[np.int64]  # index in STATUSES, -1 where a value failed and counts for nothing
    flag: NDArray[np.int64]  # index in BEST_FIRST, -1 where a value failed or is missing

    def bounds(self, start: Any, end: Any) -> slice:
        """Positions of a window."""
        return slice(int(self.times.searchsorted(start)), int(self.times.searchsorted(end)))


Window = tuple[_Input, Any, Any]


def evaluate(indicator: Indicator, arguments: list[Argument], known_at: datetime) -> list[Computed]:
    """Put the inputs through the method: one result, number or refusal, for each period."""
    function = indicator_function(indicator)
    result: Any = function(*(as_array(argument) for argument in arguments), **dict(indicator.parameters))
    result = result.transpose("period", ...)
    columns = {str(name): variable.values for name, variable in result.variables.items()}
    level, inputs = float(result.attrs["ci_level"]), [_input(argument) for argument in arguments]
    rows = ({name: values[n] for name, values in columns.items() if values.ndim} for n in range(result.sizes["period"]))
    return [_computed(indicator, inputs, row, level, known_at) for row in rows]


def _input(argument: Argument) -> _Input:
    import numpy as np

    frame = argument.frame
    flags = frame["qc_flag"].to_numpy()
    status = np.array([STATUSES.index(name) for name in frame["status"]], dtype=np.int64)
    worse = np.array([BEST_FIRST.index(flag) if flag in BEST_FIRST else -1 for flag in flags], dtype=np.int64)
    return _Input(argument, frame.index.to_numpy(), np.where(flags == FAIL, -1, status), worse)


def _computed(indicator: Indicator, inputs: list[_Input], row: Row, level: float, known_at: datetime) -> Computed:
    windows = _windows(row)
    start, end = utc(row["period_start"]), utc(row["period_end"])
    used = [(entry, *span) for entry in inputs for span in _used_of(entry, windows)]
    value = _number(row["value"])
    reason = str(row["reason"]) if value is None else None
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
        "ci_level": level if low is not None and value is not None else None,
        "n_valid": int(row["n_valid"]),
        "n_expected": int(row["n_expected"]),
        "status": _worst_status(used, bool(row["estimated"])),
        "qc_flag": _worst_flag(used),
        "datum_id": indicator.datum or inputs[0].argument.datum,
        "licence": "; ".join(sorted({entry.argument.licence for entry in inputs})),
    }
    known = [(entry.argument, utc(first), utc(last)) for entry, first, last in used]
    return Computed(
        start, end, fields, tuple(Used(a.name, a.series_id, first, last, a.known_at) for a, first, last in known)
    )


def _windows(row: Row) -> list[tuple[Any, Any]]:
    import numpy as np

    if "input_start" not in row:
        return [(row["period_start"], row["period_end"])]
    pairs = zip(np.atleast_1d(row["input_start"]), np.atleast_1d(row["input_end"]), strict=True)
    return [(start, end) for start, end in pairs if not np.isnat(start)]


def _used_of(entry: _Input, windows: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The windows that hold observations of an input; a grid that does not change enters every value as a whole."""
    if entry.argument.grid is not None and len(entry.times) == 1:
        return [(entry.times[0], _next_year(entry.times[0]))]
    bounds = [(entry.bounds(start, end), start, end) for start, end in windows]
    return [(start, end) for part, start, end in bounds if part.start < part.stop]


def _next_year(moment: Any) -> Any:
    return (moment.astype("datetime64[Y]") + 1).astype("datetime64[s]")


def _worst_status(used: list[Window], estimated: bool) -> str:
    worst = max((int(entry.status[entry.bounds(start, end)].max()) for entry, start, end in used), default=-1)
    if estimated:
        worst = max(worst, STATUSES.index("estimated"))
    return STATUSES[worst] if worst >= 0 else "final"


def _worst_flag(used: list[Window]) -> int:
    worst = max((int(entry.flag[entry.bounds(start, end)].max()) for entry, start, end in used), default=-1)
    return BEST_FIRST[worst] if worst >= 0 else NOT_EVALUATED


def _number(item: Any) -> float | None:
    number = float(item)
    return number if math.isfinite(number) else None
