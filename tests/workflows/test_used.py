"""Which flags and statuses a value takes from its observations, and through which windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from caspian_env.model import FAIL, GOOD, NOT_EVALUATED, SUSPECT
from caspian_env.workflows.arguments import Argument
from caspian_env.workflows.used import Windows, used_of, worst_flags, worst_statuses

OWN, BASE = ("2000-01-01", "2001-01-01"), ("1991-01-01", "2021-01-01")


def argument(marks: dict[str, int | str], start: str = "1991-01-01", end: str = "2020-12-31") -> Argument:
    """A value a day, good and final but where ``marks`` says otherwise."""
    index = pd.date_range(start, end, freq="D")
    frame = pd.DataFrame({"value": 1.0, "std_uncertainty": 0.1, "qc_flag": GOOD, "status": "final"}, index=index)
    for first, mark in marks.items():
        frame.loc[first, "qc_flag" if isinstance(mark, int) else "status"] = mark
    return Argument("level", 1, lambda: frame, "m", "P1D", "none", "CC-BY-4.0", datetime(2021, 1, 1, tzinfo=UTC))


def looked(period: tuple[str, str], *spans: tuple[str, str]) -> Windows:
    moments = np.array([[period, *spans]], dtype="datetime64[us]")
    return Windows(moments[:, 0, 0], moments[:, 0, 1], moments[:, 1:, 0], moments[:, 1:, 1])


def flag(of: Argument, windows: Windows) -> int:
    return worst_flags([used_of(of, windows)], 1)[0]


@pytest.mark.parametrize(
    ("marks", "spans", "expected"),
    [
        ({"2000-06-01": SUSPECT}, [OWN], SUSPECT),  # in the year itself one day is enough
        ({"2000-06-01": SUSPECT}, [BASE], SUSPECT),  # also where its window is one with the base period
        (
            {"2005-06-01": SUSPECT},
            [OWN, ("2001-01-01", "2021-01-01")],
            GOOD,
        ),  # one day of twenty years of a base is not
        ({"2005": SUSPECT}, [BASE], GOOD),  # a year of the other 29: 3.4 %
        ({"2005-01": SUSPECT, "2010": SUSPECT, "2012": SUSPECT}, [BASE], SUSPECT),  # more than one in twenty
        ({"2000-06-01": FAIL}, [OWN], GOOD),  # what failed entered nothing
        ({"2000-06-01": NOT_EVALUATED}, [OWN], NOT_EVALUATED),
        ({"2000-06-01": NOT_EVALUATED, "2000-07-01": SUSPECT}, [OWN], SUSPECT),
    ],
)
def test_one_suspect_day_colours_its_own_year_and_not_every_year_of_the_record(
    marks: dict[str, int | str], spans: list[tuple[str, str]], expected: int
) -> None:
    assert flag(argument(marks), looked(OWN, *spans)) == expected


def test_a_period_of_many_years_is_coloured_by_a_twentieth_of_its_days() -> None:
    decade = ("2000-01-01", "2010-01-01")
    assert flag(argument({"2003-02-01": SUSPECT}), looked(decade, decade)) == GOOD
    assert flag(argument({"2003": SUSPECT}), looked(decade, decade)) == SUSPECT


def test_a_base_of_few_values_is_coloured_by_one_of_them() -> None:
    yearly = argument({"2003-06-01": SUSPECT})
    table = yearly.frame[::365]
    few = replace(yearly, table=lambda: table)
    few.frame.loc[few.frame.index[10], "qc_flag"] = SUSPECT
    ten = ("1996-01-01", "2008-01-01")  # a dozen values, one of them suspect
    assert flag(few, looked(("2020-01-01", "2021-01-01"), ten)) == SUSPECT


def test_the_least_settled_status_of_every_window_counts() -> None:
    used = used_of(argument({"2005-06-01": "preliminary"}), looked(OWN, OWN, ("2005-01-01", "2006-01-01")))
    assert worst_statuses([used], [False]) == ["preliminary"]
    alone = used_of(argument({"2005-06-01": "preliminary"}), looked(OWN, OWN))
    assert worst_statuses([alone], [False]) == ["final"]
    assert worst_statuses([alone], [True]) == ["estimated"]


def test_a_window_without_observations_is_no_input_and_lends_no_flag() -> None:
    windows = looked(("2030-01-01", "2031-01-01"), ("2030-01-01", "2031-01-01"), ("NaT", "NaT"))
    used = used_of(argument({}), windows)
    assert not used.holds.any()
    assert worst_flags([used], 1) == [NOT_EVALUATED]
    assert worst_statuses([used], [False]) == ["final"]
