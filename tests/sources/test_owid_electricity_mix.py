"""Electricity by origin: the real chart, its columns by their first words, and a transfer that broke off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caspian_env.errors import BadGranule
from caspian_env.sources import owid_electricity_mix as source
from tests.sources.emission_files import owid_mix


def written(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "granule").write_bytes(content)
    return tmp_path / "granule"


def test_the_real_chart_has_all_places_until_2023(shared: Callable[..., Path]) -> None:
    path = shared("archive", "2024-12", "ourworldindata.org", "grapher", "elec-fossil-nuclear-renewables.csv")
    read = source.read_granule(path)
    assert read.attrs["edition"] == "2023"
    of_kazakhstan = {name: float(read[name].sel(location="KAZ", time="2023").item()) for name in read.data_vars}
    assert of_kazakhstan == {"renewables": 14.53, "nuclear": 0, "fossil": 99.35}  # as in line 3089 of the file
    assert read["renewables"].sel(location="TKM", time="2023").isnull().all()  # the newest of Turkmenistan is 2022


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t[:-2], "truncated at '84.'"),
        (lambda t: t[: t.index(b"World")].rstrip(b"\n"), "1 of 6 places"),
        (lambda t: t.replace(b"from nuclear - TWh", b"from nuclear - GWh"), "has no Electricity from nuclear - TWh"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, change: Callable[[bytes], bytes], said: str) -> None:
    with pytest.raises(BadGranule, match=said):
        source.read_granule(written(tmp_path, change(owid_mix([2021, 2022]))))
