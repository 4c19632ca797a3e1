"""Synthetic table of NASA GISTEMP v4, global means.

The provider's table has no place for a remark: a title that readers compare, a header and numbers. That this one is
synthetic is said by the note beside the mirror only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import numpy as np

from caspian_env.demo.changes import Difference
from caspian_env.demo.noise import red_noise

DATASET = "nasa_gistemp"
ADDRESS = "data.giss.nasa.gov/gistemp/tabledata_v4/GLB.Ts+dSST.csv"
FIRST_YEAR = 1880
MONTHS = {1: 12 * 146, 2: 12 * 146 + 1}  # to December 2025, to January 2026
# Year and anomaly, degC: a shape by hand, zero over 1951-1980, then 0.19 degC in ten years, the trend of 1976-2024.
SHAPE = ((1880.0, -0.20), (1910.0, -0.40), (1945.0, 0.03), (1976.0, 0.0), (2027.0, 0.97))
RECOMPUTED = {(1903, 6): 0.02, (1998, 2): -0.01, (2025, 11): 0.03, (2025, 12): -0.02}


def files(edition: int) -> dict[str, Callable[[], bytes]]:
    """The one address, with the function that makes its bytes."""
    return {ADDRESS: partial(_file_bytes, edition)}


def differences() -> list[Difference]:
    """A few months of the history recomputed, and the new month."""
    first, second = _hundredths(1), _hundredths(2)
    found = []
    for number, new in enumerate(second):
        old = first[number] if number < len(first) else None
        if old != new:
            time = datetime(FIRST_YEAR + number // 12, number % 12 + 1, 1, tzinfo=UTC)
            before = None if old is None else old / 100
            found.append(Difference(DATASET, "anomaly", time, before, new / 100, "new" if old is None else "corrected"))
    return found


def _hundredths(edition: int) -> list[int]:
    """Anomaly of each month, hundredths of a degree."""
    years, anomalies = zip(*SHAPE, strict=True)
    months = FIRST_YEAR + (np.arange(MONTHS[2]) + 0.5) / 12
    noise = red_noise(np.random.default_rng(1951), months.size, 0.6, 0.1)
    values: list[int] = np.round(100 * (np.interp(months, years, anomalies) + noise)).astype(int).tolist()
    if edition == 2:
        for (year, month), revision in RECOMPUTED.items():
            values[12 * (year - FIRST_YEAR) + month - 1] += round(100 * revision)
    return values[: MONTHS[edition]]


def _file_bytes(edition: int) -> bytes:
    values = _hundredths(edition)
    years = range(FIRST_YEAR, FIRST_YEAR + -(-len(values) // 12))
    head = "Land-Ocean: Global Means\nYear,Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec,J-D,D-N,DJF,MAM,JJA,SON\n"
    return (head + "".join(f"{_row(values, year)}\n" for year in years)).encode("ascii")


def _row(values: list[int], year: int) -> str:
    january = 12 * (year - FIRST_YEAR)
    spans = [(n, n + 1) for n in range(12)] + [(0, 12), (-1, 11), (-1, 2), (2, 5), (5, 8), (8, 11)]
    return ",".join([str(year), *(_mean(values, january + start, january + stop) for start, stop in spans)])


def _mean(values: list[int], start: int, stop: int) -> str:
    if start < 0 or stop > len(values):
        return "***"
    mean = round(sum(values[start:stop]) / (stop - start))
    whole, rest = divmod(abs(mean), 100)
    return f"{'-' if mean < 0 else ''}{whole or ''}.{rest:02d}"
