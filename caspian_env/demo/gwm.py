"""Synthetic text of the NASA Global Water Monitor for the Caspian: lake 000270, 10-day product.

The form is that of the files of the year 2022 for other lakes: a head of ``value : description``, a comment block, one
line a column, and 16 blank-separated columns, with blank cycles kept as rows of fills.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

import numpy as np

from caspian_env.demo import level
from caspian_env.demo.changes import Difference

DATASET = "nasa_gwm_lake"
ADDRESS = "earth.gsfc.nasa.gov/gwm/timeseries/lake000270.10d.2.txt"
FIRST_PASS = datetime(1992, 9, 27, 14, 36, tzinfo=UTC)
# On 2026-08-04 the provider's file gave -1.88 m in the relative column beside -28.46 m above EGM2008.
EGM2008_SHIFT = -26.58

# Name, first day, error (m), corrections, modes. Missions take over from one another; their cycles count from 1 here.
MISSIONS = (
    ("TOPEX", datetime(1992, 9, 25, tzinfo=UTC), 0.042, "TMR DOR ERA 4 0"),
    ("JASN1", datetime(2002, 1, 15, tzinfo=UTC), 0.042, "JMR GIM ERA 9 9"),
    ("JASN2", datetime(2008, 7, 12, tzinfo=UTC), 0.042, "AMR GIM ECM 1 0"),
    ("JASN3", datetime(2016, 2, 17, tzinfo=UTC), 0.050, "AMR GIM ECM 2 2"),
    ("SEN6A", datetime(2022, 4, 7, tzinfo=UTC), 0.042, "AMR GIM ECM 2 2"),
)
BLANK_EVERY, LOST_EVERY = 61, 97  # cycles without a height, and those without even a date
PRELIMINARY_ROWS = 5
WITHDRAWN = 1000  # the pass, counted from the first, whose height the second edition no longer has


class Pass(NamedTuple):
    """One crossing of the sea: when, heights (m; None for a blank cycle), and whether the orbit is the rapid one."""

    time: datetime
    relative: float | None
    egm2008: float | None
    preliminary: bool


def files(edition: int) -> dict[str, Callable[[], bytes]]:
    """The one address, with the function that makes its bytes."""
    return {ADDRESS: partial(_file_bytes, edition)}


def differences() -> list[Difference]:
    """One height taken back, five that became final, and the passes of the new month."""
    first, second = _passes(1), _passes(2)
    found = []
    for number, after in enumerate(second):
        before = first[number] if number < len(first) else None
        if before is not None and before[1:] == after[1:]:
            continue
        if before is None and after.relative is None:
            continue
        kind = "new" if before is None else "withdrawn" if after.relative is None else "finalised"
        for column, field in (("relative_height", "relative"), ("egm2008_height", "egm2008")):
            old = None if before is None else getattr(before, field)
            found.append(Difference(DATASET, column, after.time, old, getattr(after, field), kind))
    return found


def _passes(edition: int) -> list[Pass]:
    """Every pass that an edition knows, blank ones included."""
    everything = _times(2)
    noise = np.random.default_rng(41).normal(0.0, 0.03, len(everything))
    heights = level.baltic_level(everything) + level.PRODUCT_OFFSET - EGM2008_SHIFT + noise
    known = _times(edition)
    recent = {1: len(known) - PRELIMINARY_ROWS, 2: len(_times(1))}[edition]
    passes = []
    for number, time in enumerate(known):
        if _is_blank(number) or (edition == 2 and number == WITHDRAWN):
            passes.append(Pass(time, None, None, preliminary=False))
            continue
        # The rapid orbit is one to five centimetres off.
        off = 0.01 * (1 + number % 5) if number >= recent else 0.0
        relative = round(float(heights[number]) + off, 2)
        passes.append(Pass(time, relative, round(relative + EGM2008_SHIFT, 2), preliminary=number >= recent))
    return passes


def _times(edition: int) -> list[datetime]:
    repeat = timedelta(minutes=round(level.REPEAT_DAYS * 24 * 60))
    count = (level.LAST_DAY[edition] - FIRST_PASS) // repeat + 1
    return [FIRST_PASS + number * repeat for number in range(count)]


def _is_blank(number: int) -> bool:
    return number % BLANK_EVERY == 0 or _is_lost(number)


def _is_lost(number: int) -> bool:
    return number % LOST_EVERY == LOST_EVERY - 1


def _file_bytes(edition: int) -> bytes:
    rows, cycle, flying = [], 0, ""
    for number, one in enumerate(_passes(edition)):
        mission = [mission for mission in MISSIONS if mission[1] <= one.time][-1]
        cycle = cycle + 1 if mission[0] == flying else 1
        flying = mission[0]
        rows.append(_row(number, cycle, mission, one))
    return ("\n".join([*_head(), *rows]) + "\n").encode("ascii")


def _row(number: int, cycle: int, mission: tuple[str, datetime, float, str], one: Pass) -> str:
    name, _, error, corrections = mission
    when = "99999999  99 99" if _is_lost(number) else f"{one.time:%Y%m%d}  {one.time.hour:2d} {one.time.minute:2d}"
    start = f"{name} {cycle:3d} {when}"
    if one.relative is None:
        return f"{start}  999.99 99.999 999.99 N/A N/A N/A 9 9 0  9999.99   0"
    backscatter = 13.0 + number % 7 * 0.31
    heights = f"{one.relative:7.2f} {error:6.3f} {backscatter:6.2f}"
    return f"{start} {heights} {corrections} 0 {one.egm2008:8.2f}   {int(one.preliminary)}"


def _head() -> list[str]:
    described = [
        ("TPJOJ.2.4", "Data Processing Version ID"),
        ("000270 Caspian", "Target database id number and name"),
        (" 41.970  50.385", "Latitude and longitude (degrees East) of target mid-point"),
        (" 41.000  43.000", "Latitude range of pass traversing target at which data is accepted"),
        ("92       46", "Satellite pass and revolution number designation"),
        ("          1", "Reference pass derived from Jason-2 cycle #"),
        ("          1", "Reference pass tracker selection (ocean=0, ice=1)"),
        (" 0.00", "Jason-3 Bias (wrt Jason-2, in meters)"),
        (" 0.00", "Jason-1 Bias (wrt Jason-2, in meters)"),
        (" 0.00", "TOPEX/P Bias (wrt Jason-2, in meters)"),
    ]
    comment = [
        "",
        "  SYNTHETIC demonstration data: no satellite measured these heights.",
        "  They come from a formula, in the layout of the NASA Global Water Monitor,",
        "  so that the platform can be tried without a network.",
        "",
        "",
        "  From the datum of the relative heights to mean sea level",
        "    (ADD this value to each elevation in the target product)",
        f"    EGM2008   = {EGM2008_SHIFT:.2f} m  std  = 0.00 m",
        "",
    ]
    columns = [f"Column {number}: {text}" for number, text in enumerate(COLUMNS, 1)]
    return [*(f"{value:<27}: {text}" for value, text in described), *(f"c {line:<88}" for line in comment), *columns]


COLUMNS = (
    "Satellite mission name",
    "Satellite repeat cycle",
    "Calendar year/month/day of along track observations traversing target",
    "Hour of day at mid point of along track pass traversing target",
    "Minutes of hour at mid point of along track pass traversing target",
    "Target height variation with respect to Jason-2 reference pass mean level (meters, default=999.99)",
    "Estimated error of target height variation with respect to reference mean level (meters, default=99.999)",
    "Mean along track Ku-band backscatter coefficient (decibels, default=999.99)",
    "Wet tropospheric correction applied to range observation (TMR, JMR, AMR=radiometers, N/A=not applicable)",
    "Ionosphere correction applied to range observation (GIM=GPS model, DOR=DORIS, N/A=not applicable)",
    "Dry tropospheric correction applied to range observation (ERA, ECM=ECMWF models, N/A=not applicable)",
    "Instrument operating mode 1 (default=9)",
    "Instrument operating mode 2 (default=9)",
    "Flag for potential frozen surface (ice-on=1, ice-off or unknown=0)",
    "Target height variation in EGM2008 datum (meters above mean sea level, default=9999.99)",
    "Flag for data source (GDR=0, IGDR=1)",
)
