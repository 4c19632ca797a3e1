"""Fingerprints are made of the text that pandas writes of observations, as those in catalogs were."""

from __future__ import annotations

from collections import namedtuple
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from caspian_env.workflows.arguments import CONTENTS, written_out

Row = namedtuple("Row", ("time", *CONTENTS))
VALUES = ((-28.5, 0.03), (1 / 3, None), (1e-7, 1.0), (4.0, 0.1 + 0.2), (123456789012.0, None), (-0.0, 1e22))


@pytest.mark.parametrize(
    "step",
    [
        timedelta(days=1), timedelta(days=-40_000), timedelta(hours=6), timedelta(seconds=1),
        timedelta(milliseconds=250), timedelta(microseconds=1),
    ],
)  # fmt: skip
def test_the_text_is_that_of_a_table(step: timedelta) -> None:
    first = datetime(2024, 2, 28, tzinfo=UTC)
    rows = [Row(first + n * step, *numbers, 1, "final, as told") for n, numbers in enumerate(VALUES)]
    index = pd.DatetimeIndex([row.time.replace(tzinfo=None) for row in rows], name="time").as_unit("us")
    frame = pd.DataFrame({name: [getattr(row, name) for row in rows] for name in CONTENTS}, index=index)
    table = frame.astype({"value": float, "std_uncertainty": float})
    assert written_out(rows).decode() == table.to_csv()
