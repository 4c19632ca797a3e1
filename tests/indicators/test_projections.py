"""Tracking of a printed path, and the table of projections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from synthetic_series import check_form, check_windows, make

from caspian_env.errors import SeedError
from caspian_env.indicators.projections import tracking
from caspian_env.seeds.sourced import contradictions, load_ports, load_projections, load_transects
from tests.command_line import ROOT, caspian_env

RULES: dict[str, Any] = {
    "scenario": "Kazhydromet RCP4.5", "path_uncertainty": 0.01, "datum": "BS77", "min_epochs": 2,
    "annual_uncertainty": 0.01, "ci_level": 0.9,
}  # fmt: skip


def levels(*pairs: tuple[int, float], datum: str = "BS77") -> xr.DataArray:
    years, values = zip(*pairs, strict=True)
    return make([f"{y}-01-01" for y in years], values, units="m", resolution="P1Y", datum=datum)


def test_the_kazakh_part_of_2025_beside_two_paths() -> None:
    rows = load_projections()
    observed = levels((2024, -29.20), (2025, -29.35))
    for name, expected in (("kazhydromet_path_2025_rcp45", -0.19), ("kazhydromet_path_2025_rcp85", 0.02)):
        path = [[int(rows[name].horizon), rows[name].value_m]]
        result = tracking(observed, path=path, **RULES)
        check_form(result, "m")
        assert result["value"].item() == pytest.approx(expected)
        assert result["std_uncertainty"].item() == pytest.approx(0.01 * 2**0.5)
        check_windows(lambda part, path=path: tracking(part, path=path, **RULES), observed)


def test_other_waters_years_and_datums() -> None:
    assert tracking(levels((2024, -29.2)), path=[[2025, -29.16]], **RULES).sizes["period"] == 0
    other = tracking(levels((2025, -29.2), datum="EGM2008"), path=[[2025, -29.16]], **RULES)
    assert other["reason"].item() == "Kazhydromet RCP4.5 needs the datum BS77, this series is in EGM2008"
    assert tracking(levels((2025, np.nan)), path=[[2025, -29.16]], **RULES).sizes["period"] == 0


def test_the_table_holds_every_study_with_its_values() -> None:
    rows = load_projections()
    assert len({row.study for row in rows.values()}) == 10
    told = {(row.study, row.scenario): (row.value_m, row.low_m, row.high_m) for row in rows.values()}
    assert told["Samant and Prange 2023", "SSP5-8.5"] == (-14, -21, -11)
    assert told["Hoseini et al. 2024", "low emissions"] == (0.3, -12.2, 10.2)
    assert told["Nandini-Weiss et al. 2020", "RCP4.5 and RCP8.5"] == (None, None, None)
    for row in rows.values():
        assert row.source
        assert row.status in ("abstract only", "reported", "unverified")
        assert row.withdrawals in ("yes", "no", "unstated")
        assert (row.quantity == "level") == bool(row.datum)
        if row.low_m is not None and row.high_m is not None and row.value_m is not None:
            assert row.low_m <= row.value_m <= row.high_m


def test_a_high_path_above_a_low_one_is_flagged_within_its_study_alone() -> None:
    assert contradictions(list(load_projections().values())) == []
    from dataclasses import replace

    rows = load_projections()
    rows["koriche_2021_rcp85"] = replace(rows["koriche_2021_rcp85"], value_m=-5.0)
    (sentence,) = contradictions(list(rows.values()))
    assert sentence == ("Koriche et al. 2021, 2100: RCP8.5 (-5 m) lies above RCP4.5 (-8 m), which has fewer emissions")


def test_the_command_lists_and_answers_in_json(tmp_path: Path) -> None:
    ran = caspian_env("projections", "koriche", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "RCP4.5" in ran.stdout
    assert "average none" in ran.stdout
    answer = json.loads(caspian_env("projections", "--json", cwd=tmp_path).stdout)
    assert len(answer["projections"]) == len(load_projections())
    assert answer["contradictions"] == []
    assert caspian_env("projections", "nobody", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("name", "line", "old", "new", "problem"),
    [
        ("ports.csv", load_ports, ",7.7,", ",deep,", "value_m is 'deep' and not a number"),
        ("ports.csv", load_ports, "S,yes,", "S,perhaps,", "provisional is 'perhaps'"),
        ("ports.csv", load_ports, "aktau_dry_berths", "aktau_dredged", "stands twice"),
        ("transects.csv", load_transects, "yes", "", "has no provisional"),
        (
            "projections.csv",
            load_projections,
            "renssen_2007_a1b,Renssen et al. 2007",
            "renssen_2007_a1b,",
            "has no study",
        ),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, name: str, line: Any, old: str, new: str, problem: str) -> None:
    text = (ROOT / "seeds" / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SeedError, match=problem):
        line(tmp_path)


def test_a_row_that_no_method_can_use_says_so() -> None:
    with pytest.raises(SeedError, match="no depth with a zero"):
        load_ports()["turkmenbashi"].parameters()
    assert load_ports()["aktau_dredged"].parameters() == {
        "depth": 7.7, "depth_date": "2025-04-24", "zero": -28.0, "datum": "BS77", "provisional": True,
    }  # fmt: skip
