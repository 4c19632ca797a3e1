"""A run that finds nothing new asks once for each granule and listing and is sent nothing; counts only, no clock."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from caspian_env.workflows.outcome import exit_code
from caspian_env.workflows.run import collect

from . import nothing_new
from .nothing_new import ONLY, make_mirror, opened
from .sections import write_section
from .slow_mirror import slow_mirror

ABSENT = 1  # the preferred host of the daily grids, which this mirror lacks, is asked for its listing each time


@pytest.mark.parametrize("tagged", [True, False])
def test_one_conditional_request_each_and_no_body(tmp_path: Path, tagged: bool) -> None:
    mirror = make_mirror(tmp_path / "mirror", 4)
    with slow_mirror(mirror, 0.0, tagged_listings=tagged) as served, opened(tmp_path / "home", served.url) as platform:
        assert exit_code(collect(platform, only=ONLY)) == 0
        assert sum(asked.body_bytes for asked in served.asked) > 100_000
        served.asked.clear()
        second = collect(platform, only=ONLY)
    assert exit_code(second) == 0
    assert not any(outcome.written or outcome.new_granules for outcome in second)
    listings = [asked for asked in served.asked if asked.path.endswith("/") and asked.status != 404]
    granules = [asked for asked in served.asked if not asked.path.endswith("/")]
    assert len(served.asked) == len(listings) + len(granules) + ABSENT
    assert max(Counter(asked.path for asked in served.asked).values()) == 1
    assert (len(granules), len(listings)) == (5 + 4, 2)
    assert {asked.status for asked in granules} == {304}
    assert sum(asked.body_bytes for asked in granules) == 0
    if tagged:
        assert {asked.status for asked in listings} == {304}
        assert sum(asked.body_bytes for asked in served.asked) == 0
    else:  # what cannot be asked conditionally is asked whole, and is no more than the names
        assert {asked.status for asked in listings} == {200}


@pytest.mark.slow
def test_a_small_measurement_writes_its_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "benchmarks.md"
    out.write_text("# Another\n\nkept\n", encoding="utf-8")
    assert nothing_new.main(["--delay", "0.01", "--days", "2", "--repeats", "1", "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# Another\n\nkept\n\n# A run that finds nothing new\n")
    assert "sent 0 bytes of bodies" in text
    assert "| nothing new | 10 requests |" in text
    assert capsys.readouterr().out in text


def test_a_part_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    for title, text in (("A", "1"), ("B", "2"), ("A", "3\n\n## Sub\n\n4"), ("C", "5")):
        write_section(path, title, text)
    assert path.read_text(encoding="utf-8") == "# A\n\n3\n\n## Sub\n\n4\n\n# B\n\n2\n\n# C\n\n5\n"
