"""An edition in another unit is told by the middle ratio; a revision, a few values, zeros and signs are not."""

from __future__ import annotations

import pytest

from caspian_env.processing.edition_scale import scale_break

KNOWN = {year: 0.2 + 0.01 * (year - 2000) for year in range(2000, 2020)}


@pytest.mark.parametrize(("factor", "told"), [(1000, "1e+03 times"), (0.01, "0.01 times"), (100, "100 times")])
def test_another_unit_is_told(factor: float, told: str) -> None:
    assert told in scale_break(KNOWN, {year: value * factor for year, value in KNOWN.items()})


@pytest.mark.parametrize(
    "now",
    [
        {year: value * 0.27 for year, value in KNOWN.items()},  # as methane of Azerbaijan from CAIT to Jones
        {year: value * (1000 if year < 2009 else 1) for year, value in KNOWN.items()},  # less than half
        {year: value * 1000 for year, value in KNOWN.items() if year < 2004},
        dict.fromkeys(KNOWN, 0.0),
        {year: -value * 1000 for year, value in KNOWN.items()},
        {},
    ],
)
def test_what_is_no_other_unit(now: dict[int, float]) -> None:
    assert scale_break(KNOWN, now) == ""
