"""Synthetic monthly carbon dioxide at Mauna Loa in the csv of the NOAA Global Monitoring Laboratory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import numpy as np

from caspian_env.demo.changes import Difference
from caspian_env.demo.noise import red_noise

DATASET = "noaa_gml_co2"
ADDRESS = "gml.noaa.gov/webdata/ccgg/trends/co2/co2_mm_mlo.csv"
FIRST_YEAR, FIRST_MONTH = 1958, 3
MONTHS = {1: 814, 2: 815}  # to December 2025, to January 2026
UNCERTAIN_SINCE = 194  # May 1974: no standard deviation before
INTERPOLATED = (213, 313, 778)  # months that were not measured, as the provider's minus signs say
CORRECTED, CORRECTION = 804, 0.12  # March 2025


def files(edition: int) -> dict[str, Callable[[], bytes]]:
    """The one address, with the function that makes its bytes."""
    return {ADDRESS: partial(_file_bytes, edition)}


def differences() -> list[Difference]:
    """One month corrected by about a tenth of a ppm, and the new month, each with and without its season."""
    first, second = _months(1), _months(2)
    found = []
    for number, after in enumerate(second):
        before = first[number] if number < len(first) else (None, None)
        if before == after:
            continue
        year, month = _calendar(number)
        kind = "new" if before[0] is None else "corrected"
        for column, old, new in zip(("average", "deseasonalized"), before, after, strict=True):
            found.append(Difference(DATASET, column, datetime(year, month, 1, tzinfo=UTC), old, new, kind))
    return found


def _months(edition: int) -> list[tuple[float, float]]:
    """Average and deseasonalised mole fraction of each month, ppm."""
    number = np.arange(MONTHS[2])
    years = number / 12
    # From about 314.5 to 426 ppm as the real record does, growing ever faster; the season swings by 3 ppm about May.
    trend = 314.5 + 0.80 * years + 0.0127 * years**2 + red_noise(np.random.default_rng(1958), number.size, 0.7, 0.25)
    season = 3.0 * np.cos(2 * np.pi * (number + FIRST_MONTH - 5) / 12)
    revision = np.where((number == CORRECTED) & (edition == 2), CORRECTION, 0.0)
    smooth = np.round(trend + revision, 2)
    average = np.round(smooth + season, 2)
    return list(zip(average.tolist(), smooth.tolist(), strict=True))[: MONTHS[edition]]


def _calendar(number: int) -> tuple[int, int]:
    years, month = divmod(number + FIRST_MONTH - 1, 12)
    return FIRST_YEAR + years, month + 1


def _file_bytes(edition: int) -> bytes:
    rows = []
    for number, (average, smooth) in enumerate(_months(edition)):
        year, month = _calendar(number)
        start = f"{year},{month},{year + (month - 0.5) / 12:.4f},{average:.2f},{smooth:.2f}"
        rows.append(f"{start},{_sampling(number)}")
    lines = [*(f"# {line}".rstrip() for line in PREAMBLE[edition].splitlines()), HEADER, *rows]
    return ("\n".join(lines) + "\n").encode("ascii")


def _sampling(number: int) -> str:
    """Days, standard deviation and uncertainty of a month."""
    if number < UNCERTAIN_SINCE:
        return "-1,-9.99,-0.99"
    if number in INTERPOLATED:
        return "0,-9.99,-0.99"
    return f"{20 + number % 9},{0.30 + number % 5 * 0.11:.2f},{0.12 + number % 5 * 0.04:.2f}"


HEADER = "year,month,decimal date,average,deseasonalized,ndays,sdev,unc"
_PREAMBLE = """\
--------------------------------------------------------------------
SYNTHETIC DEMONSTRATION DATA

No air was sampled for these numbers. They come from a formula, in the
layout of the NOAA Global Monitoring Laboratory, so that the platform
can be tried without a network. Never quote them.

File Creation: {created}

Months without a count of days have none in the real file either (-1).
Months with a count of 0 and negative sdev and unc are interpolated.
--------------------------------------------------------------------
"""
PREAMBLE = {
    1: _PREAMBLE.format(created="Mon Jan  5 03:55:00 2026"),
    2: _PREAMBLE.format(created="Thu Feb  5 03:55:00 2026"),
}
