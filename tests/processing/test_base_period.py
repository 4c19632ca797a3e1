"""How many years of a base period a rule needs, and what is said of those that are not there."""

from __future__ import annotations

import numpy as np
import pytest

from caspian_env.processing import base_period, completeness
from tests.indicators.synthetic_series import make


@pytest.mark.parametrize(
    ("base", "share", "needed"),
    [
        ([1991, 2020], 0.8, 24),
        ([1991, 2020], 0.1, 3),  # 0.1 * 30 is more than 3 by one bit
        ([1991, 2020], 1.0, 30),
        ([1991, 2001], 0.5, 6),
        ([2000, 2000], 0.01, 1),
    ],
)
def test_years_needed(base: list[int], share: float, needed: int) -> None:
    assert base_period.years_needed(base, share) == needed


def test_windows_reach_beyond_the_years() -> None:
    start, end = base_period.pooled_span([1991, 2020], 11)
    assert [str(edge)[:10] for edge in (start, end)] == ["1990-12-27", "2021-01-06"]


def test_what_is_there_is_said() -> None:
    times = np.arange("2000-01", "2003-01", dtype="datetime64[M]")
    values = np.ones(times.size)
    values[14] = np.nan
    months = completeness.monthly(make(times, values, units="m", resolution="P1M"))
    inside = base_period.base_months(months, [2001, 2002])
    assert [str(end)[:7] for span in inside for end in span] == ["2001-01", "2001-03", "2001-04", "2003-01"]
    normal = completeness.normals(months, [2001, 2002], min_share=1.0)
    assert base_period.uncovered(normal, [2001, 2002], 1.0, inside) == (
        "the base period 2001-2002 needs 2 of 2 years of every month, this record has 1 (within 2001-2002)"
    )
    assert base_period.uncovered(normal, [1961, 1990], 0.8, ()).endswith(
        "24 of 30 years of every month, this record has none"
    )
    whole = completeness.normals(months, [2000, 2002], min_share=0.5)
    assert base_period.uncovered(whole, [2000, 2002], 0.5, inside) == ""
