"""Trends of a whole cube are those of its cells one by one."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from caspian_env.errors import NotComputable
from caspian_env.processing.cell_trends import cell_trends, false_discovery
from caspian_env.processing.trends import ols

NAMES = ("estimate", "std_uncertainty", "ci_low", "ci_high", "dof", "r", "n_eff")


def cube() -> xr.DataArray:
    """Forty years with memory of several strengths, gaps, an empty cell, a cell that is nearly so, and two without scatter."""
    random = np.random.default_rng(5)
    noise = random.normal(0, 1, (40, 3, 4))
    for n in range(1, 40):
        noise[n] += np.linspace(-0.4, 0.9, 12).reshape(3, 4) * noise[n - 1]
    values = noise + 0.05 * np.arange(40)[:, None, None] + 14
    values[random.random(values.shape) < 0.1] = np.nan
    values[:, 0, 0] = np.nan
    values[4:, 0, 1] = np.nan
    values[:, 1, 1] = 3.0
    values[:, 2, 2] = 0.25 * np.arange(40)
    return xr.DataArray(values, {"latitude": [37.0, 38, 39]}, ("time", "latitude", "longitude"))


@pytest.mark.parametrize("position", [None, np.sort(np.random.default_rng(1).choice(90, 40, replace=False)) / 10.0])
def test_cells_get_the_numbers_of_their_series(position: np.ndarray | None) -> None:
    field = cube()
    found = cell_trends(field, level=0.9, position=position)
    for row in range(3):
        for column in range(4):
            got = [float(found[name][row, column]) for name in NAMES]
            if (row, column) in ((0, 0), (0, 1)):
                assert np.isnan(got).all()
                continue
            one = ols(field.to_numpy()[:, row, column], position, level=0.9)
            np.testing.assert_allclose(got, [getattr(one, name) for name in NAMES], rtol=1e-9, atol=1e-12)
    assert found["latitude"].to_numpy().tolist() == [37, 38, 39]


def test_times_must_ascend() -> None:
    with pytest.raises(NotComputable, match="not ascending"):
        cell_trends(cube(), position=np.zeros(40))


def test_cells_that_ever_had_ice_get_no_trend() -> None:
    field = cube()
    ice = xr.DataArray(np.full((9, 3, 4), np.nan), {"latitude": [37.0, 38, 39]}, ("time", "latitude", "longitude"))
    ice[:, 2, 1], ice[:, 2, 2] = 0.15, 0.0
    ice[4, 2, 0], ice[4, 2, 3] = 0.16, 1.0
    found, usual = cell_trends(field, ice=ice), cell_trends(field)
    left_out = np.zeros((3, 4), bool)
    left_out[2, [0, 3]] = True
    for name in NAMES:
        assert np.isfinite(usual[name].to_numpy()[left_out]).all()
        assert np.isnan(found[name].to_numpy()[left_out]).all()
        np.testing.assert_array_equal(found[name].to_numpy()[~left_out], usual[name].to_numpy()[~left_out])
    for other in (ice[:, :2], ice.assign_coords(latitude=[37.0, 38, 40])):
        with pytest.raises(NotComputable, match="different cells"):
            cell_trends(field, ice=other)


def test_of_many_tests_those_that_scipy_calls_significant() -> None:
    random = np.random.default_rng(2)
    for drawn in (
        random.random(500),
        np.r_[random.random(400), random.random(100) ** 8],
        np.full(9, 0.1),
        np.array([0.2]),
    ):
        expected = stats.false_discovery_control(drawn, method="bh") <= 0.1
        np.testing.assert_array_equal(false_discovery(drawn), expected)
        np.testing.assert_array_equal(false_discovery(np.r_[np.nan, drawn]), np.r_[False, expected])
    assert false_discovery(np.array([])).size == 0
    with pytest.raises(NotComputable, match="no share"):
        false_discovery(np.array([0.1]), share=10)


def test_cells_without_a_trend_are_hardly_called_significant_and_the_others_are() -> None:
    """Synthetic: 400 cells of noise, 40 of which warm; the single interval would find forty more by chance."""
    values = np.random.default_rng(3).normal(0, 1, (40, 400))
    values[:, :40] += 0.1 * np.arange(40)[:, None]
    found = cell_trends(xr.DataArray(values, dims=("time", "cell")))
    p = found["p"].to_numpy()
    one = stats.linregress(np.arange(40), values[:, 57])
    t = float(found["estimate"][57] / found["std_uncertainty"][57])
    assert p[57] == pytest.approx(2 * stats.t.sf(abs(t), float(found["dof"][57])), rel=1e-9)
    assert float(found["estimate"][57]) == pytest.approx(one.slope)
    alone = ((found["ci_low"] > 0) | (found["ci_high"] < 0)).to_numpy()
    np.testing.assert_array_equal(alone, p < 0.1)
    called = found["significant"].to_numpy()
    assert called[:40].all() and alone[40:].sum() > 20 and called[40:].sum() <= 8
    flat = cell_trends(xr.DataArray(np.full((12, 2), 3.0), dims=("time", "cell")))
    assert flat["p"].to_numpy().tolist() == [1.0, 1.0] and not flat["significant"].any()
