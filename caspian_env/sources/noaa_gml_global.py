"""Global means of greenhouse gases at the sea surface: NOAA Global Monitoring Laboratory, monthly or annual tables.

One layout for methane, nitrous oxide and carbon dioxide: a comment preamble of changing length, which says when the file
was made, which gas it is and in what unit, then a header; one line after it may be blank. -9.99 and -9.9 are missing.
The provider calls the data of the last year subject to change, so that the last twelve months, or the last year, of the
file are preliminary. The uncertainty of the newest months has not been calculated yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.table_text import number, read_lines, read_table, time_series
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_MONTHLY = ("year", "month", "decimal", "average", "average_unc", "trend", "trend_unc")
_ANNUAL = ("year", "mean", "unc")
_FILLS = (-9.99, -9.9, -99.99)
_UNITS = {"ppm": "1e-6", "ppb": "1e-9", "ppt": "1e-12"}
_GAS = re.compile(r"^# (\w+) expressed as a mole fraction in dry air, \w+/mol, abbreviated as (\w+)")
_CREATED = re.compile(r"^# File Creation: \w{3} (\w{3} +\d+ [\d:]{8} \d{4})")
_LAYOUT = "has the provider changed its layout?"


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The one table that holds the whole record."""
    yield GranuleRef(path=f"webdata/ccgg/trends/{options['file']}")


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """Means with uncertainty and status.

    Returns
    -------
    xarray.Dataset, dims (time,)
        The columns of the table (``average``, ``trend`` and their ``_unc``, or ``mean`` and ``unc``), a mole fraction.

    Raises
    ------
    BadGranule
        When the header or the gas is another, a row is incomplete, or a month or year is left out.
    """
    dataset, annual = str(options["dataset"]), bool(options.get("annual"))
    lines = read_lines(path, dataset)
    unit, edition = _preamble(lines, dataset, str(options["gas"]))
    rows = read_table(lines, _ANNUAL if annual else _MONTHLY, dataset, comment="#")
    times = [_moment(row, dataset) for row in rows]
    step = 12 if annual else 1
    for before, after in pairwise(times):
        if (after.year - before.year) * 12 + after.month - before.month != step:
            raise BadGranule(dataset, f"{after:%Y-%m} follows {before:%Y-%m}", "the record has no gaps: fetch it again")
    names = [name for name in rows[0] if name not in ("year", "month", "decimal")]
    columns = {name: [number(row[name], dataset, _FILLS) for row in rows] for name in names}
    final = max(len(times) - 12 // step, 0)
    status = ["final"] * final + ["preliminary"] * (len(times) - final)
    table = time_series(times, columns, dataset, units=dict.fromkeys(names, unit), words={"status": status})
    table.attrs["edition"] = edition
    return table


def _preamble(lines: Sequence[str], dataset: str, gas: str) -> tuple[str, str]:
    """The unit, and the day on which the file was made."""
    named = next(filter(None, map(_GAS.match, lines)), None)
    created = next(filter(None, map(_CREATED.match, lines)), None)
    if named is None or created is None or named.group(2) not in _UNITS:
        raise BadGranule(dataset, "the preamble does not say which gas, in what unit, made when", _LAYOUT)
    if named.group(1) != gas:
        raise BadGranule(dataset, f"the file is about {named.group(1)} and not {gas}", "fetch it again")
    try:
        moment = datetime.strptime(created.group(1), "%b %d %H:%M:%S %Y")  # only its day is taken
    except ValueError as error:
        raise BadGranule(dataset, f"{created.group(1)[:40]!r} is not the moment when it was made", _LAYOUT) from error
    return _UNITS[named.group(2)], f"{moment:%F}"


def _moment(row: Mapping[str, str], dataset: str) -> datetime:
    try:
        moment = datetime(int(row["year"]), int(row.get("month", "1")), 1)
    except (ValueError, OverflowError) as error:
        problem = f"{row['year'][:40]!r}, {row.get('month', '')[:40]!r} is not a month"
        raise BadGranule(dataset, problem, _LAYOUT) from error
    middle = moment.year + (moment.month - 0.5) / 12
    if "decimal" in row and abs(number(row["decimal"], dataset) - middle) > 1 / 24:
        raise BadGranule(dataset, f"the decimal date {row['decimal']} is not in {moment:%Y-%m}", "are columns shifted?")
    return moment
