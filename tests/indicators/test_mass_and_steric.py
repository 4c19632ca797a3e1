"""Mass seen by gravity and the steric part of the level: against NumPy and published coefficients; synthetic fields."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.indicators import steric_level, water_mass
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make, months

MASS = {"form": "Gt", "density": 1010.0, "error": 0.02, "leakage": 0.3, "ci_level": 0.9}


def mascons(missing: tuple[int, ...] = ()) -> xr.DataArray:
    """Thirty-six months of 3 x 3 cells; the middle column is sea, a corner half of it."""
    rng = np.random.default_rng(5)
    axis = np.delete(months("2016-01", 36), list(missing))
    weight = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 1.0, 0.0]])
    area = np.array([[580.0] * 3, [600.0] * 3, [620.0] * 3])
    return xr.DataArray(
        rng.normal(-0.4, 0.2, (axis.size, 3, 3)),
        dims=("time", "latitude", "longitude"),
        coords={
            "time": axis, "latitude": [41.0, 42.0, 43.0], "longitude": [50.0, 51.0, 52.0],
            "area": (("latitude", "longitude"), area), "weight": (("latitude", "longitude"), weight),
        },
        attrs={"units": "m", "resolution": "P1M", "datum": "none"},
        name="thickness",
    )  # fmt: skip


def test_mass_and_level_are_sums_over_the_sea() -> None:
    cells = mascons()
    part = (cells["area"] * cells["weight"]).values
    known = (cells.values * part).sum(axis=(1, 2)) * 1e6 * 1000 / 1e12  # m * km2 -> m3 -> kg -> Gt
    found = water_mass.anomaly(cells, **MASS)
    check_form(found, "Gt")
    np.testing.assert_allclose(found["value"], known, rtol=1e-12)
    u = np.hypot(0.02 * part.sum() / 1000, 0.3 * known)
    np.testing.assert_allclose(found["std_uncertainty"], u, rtol=1e-12)
    level = water_mass.anomaly(cells, **(MASS | {"form": "cm"}))
    np.testing.assert_allclose(level["value"], known * 1e12 / 1010 / (part.sum() * 1e6) * 100, rtol=1e-12)
    check_windows(lambda one: water_mass.anomaly(one, **MASS), cells)


def test_a_gap_stays_a_gap() -> None:
    cells = mascons(missing=(18, 19))  # July and August 2017
    found = by_start(water_mass.anomaly(cells, **MASS))
    assert len(found) == 34 and "2017-07-01" not in found
    changes = by_start(water_mass.change(cells, **MASS))
    assert set(changes) == {f"{y}-{m:02d}-01" for y in (2016, 2017) for m in range(1, 13) if m not in (7, 8)}
    all_of = {start: row["value"].item() for start, row in found.items()}
    assert changes["2016-03-01"]["value"].item() == pytest.approx(all_of["2017-03-01"] - all_of["2016-03-01"])
    check_windows(lambda one: water_mass.change(one, **MASS), cells)


@pytest.mark.parametrize("hidden", [0.0, np.nan])
def test_a_masked_month_is_refused_and_no_other(hidden: float) -> None:
    cells = mascons()
    cells[4, 1, 1] = hidden
    cells[5, 0, 0] = hidden  # land: it does not count
    found = by_start(water_mass.anomaly(cells, **MASS))
    assert [s for s, row in found.items() if row["reason"].item()] == ["2016-05-01"]
    assert "a mask was applied" in found["2016-05-01"]["reason"].item()
    assert np.isnan(by_start(water_mass.change(cells, **MASS))["2016-05-01"]["value"].item())


def test_what_is_no_thickness_over_a_sea_is_refused() -> None:
    with pytest.raises(NotComputable, match="not 'm'"):
        water_mass.anomaly(mascons().assign_attrs(units="cm"), **MASS)
    land = mascons()
    land["weight"] = land["weight"] * 0
    with pytest.raises(NotComputable, match="none of its cells"):
        water_mass.anomaly(land, **MASS)
    with pytest.raises(NotComputable, match="not ascending"):
        water_mass.anomaly(mascons().isel(time=slice(None, None, -1)), **MASS)


# ── steric ──

STERIC = {
    "salinity": 12.9,
    "layer": 30.0,
    "base": (1991, 2020),
    "min_base_share": 0.8,
    "uncertainty": 2.0,
    "ci_level": 0.9,
}


@pytest.mark.parametrize(("warm", "alpha"), [(5.0, 5.3e-5), (15.0, 1.70e-4), (25.0, 2.65e-4)])
def test_a_degree_over_a_layer_is_the_published_expansion(warm: float, alpha: float) -> None:
    gsw = pytest.importorskip("gsw")
    from caspian_env.processing.steric import steric_height

    options = {"reference_temperature": [warm - 0.5], "reference_salinity": 12.9}
    height = steric_height([warm + 0.5], 12.9, [30.0], **options)
    # The coefficient counts degrees of Conservative Temperature, 3 % smaller than those of a thermometer in this water.
    steps = gsw.CT_from_t(12.9, warm + 0.5, 15.0) - gsw.CT_from_t(12.9, warm - 0.5, 15.0)
    assert float(height) == pytest.approx(alpha * float(steps) * 30.0, rel=0.02)


def test_density_is_that_of_an_older_equation() -> None:
    """EOS-80 at the surface (Millero and Poisson 1981) against TEOS-10 in a brackish layer."""
    pytest.importorskip("gsw")
    from caspian_env.processing.steric import steric_height

    def eos80(t: float, s: float) -> float:
        pure = (
            999.842594
            + 6.793952e-2 * t
            - 9.09529e-3 * t**2
            + 1.001685e-4 * t**3
            - 1.120083e-6 * t**4
            + 6.536332e-9 * t**5
        )
        a = 8.24493e-1 - 4.0899e-3 * t + 7.6438e-5 * t**2 - 8.2467e-7 * t**3 + 5.3875e-9 * t**4
        b = -5.72466e-3 + 1.0227e-4 * t - 1.6546e-6 * t**2
        return pure + a * s + b * s**1.5 + 4.8314e-4 * s**2

    practical = 12.9 * 35 / 35.16504
    known = -(eos80(24.0, practical) - eos80(12.0, practical)) / eos80(12.0, practical) * 10.0
    found = steric_height([24.0], 12.9, [10.0], reference_temperature=[12.0], reference_salinity=12.9)
    assert float(found) == pytest.approx(known, rel=0.01)
    deeper = steric_height(
        [[24.0, 12.0]], 12.9, [10.0, 20.0], reference_temperature=[12.0, 12.0], reference_salinity=12.9
    )
    assert deeper.tolist() == pytest.approx([float(found)])
    fresher = steric_height([12.0], 11.9, [10.0], reference_temperature=[12.0], reference_salinity=12.9)
    assert float(fresher) > 0 and np.isnan(
        steric_height([np.nan], 12.9, [1.0], reference_temperature=12, reference_salinity=12.9)
    )
    with pytest.raises(NotComputable, match="no thickness"):
        steric_height([12.0], 12.9, [0.0], reference_temperature=[12.0], reference_salinity=12.9)


def test_months_of_the_layer_and_its_refusals() -> None:
    pytest.importorskip("gsw")
    axis = months("1991-01", 384)
    season = 15 + 9 * np.sin(2 * np.pi * (np.arange(384) - 4) / 12)
    sst = make(axis, season, units="degree_Celsius", resolution="P1M")
    found = steric_level.of_mixed_layer(sst, **STERIC)
    check_form(found, "cm")
    assert found.sizes["period"] == 384
    values = found["value"].values
    assert 5.0 < values.max() < 6.5 and -4.0 < values.min() < -2.5  # cold water contracts less
    warmer = steric_level.of_mixed_layer(make(axis, season + 1.0, units="degree_Celsius", resolution="P1M"), **STERIC)
    np.testing.assert_allclose(warmer["value"].values.mean(), values.mean(), atol=0.15)
    (none,) = steric_level.of_mixed_layer(sst, **(STERIC | {"salinity": None}))["reason"].values
    assert none == "no salinity is known, and without one there is no density"
    short = steric_level.of_mixed_layer(sst.isel(time=slice(240, None)), **STERIC)
    assert short["reason"].values.tolist() == ["the base period 1991-2020 has 10 years of some month"]
    assert steric_level.of_mixed_layer(sst.isel(time=slice(0, 0)), **STERIC).sizes["period"] == 0
