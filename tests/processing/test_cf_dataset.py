from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from caspian_env.processing.cf_attributes import dataset_attrs, series_attrs
from caspian_env.processing.cf_dataset import cf_dataset

KNOWN = datetime(2024, 5, 1, tzinfo=UTC)
SERIES = {
    "resolution": "P1D", "standard_name": "sea_surface_temperature", "long_name": "Sea surface temperature",
    "unit": "degree_Celsius", "cell_methods": None, "datum": None, "datum_title": "No vertical datum",
}  # fmt: skip
DATASET = {
    "dataset_id": "x", "kind": "grid", "title": "X", "summary": "", "provider": "P", "licence": "L", "caveats": "",
    "citation": "Nobody 2020, doi:10.1/x", "doi": "10.1/x", "landing_page": "https://x.test", "product_version": None,
}  # fmt: skip


def row(location: str, day: int, value: float | None, **more: object) -> dict[str, object]:
    about = {"std_uncertainty": None, "qc_flag": 1, "status": "final", "known_from": KNOWN, "known_to": None}
    return {"location": location, "time": datetime(2024, 1, day, tzinfo=UTC), "value": value, **about, **more}


def test_where_a_region_has_no_value_it_is_missing_and_flagged_so() -> None:
    rows = [row("a", 1, 1.5, std_uncertainty=0.1), row("a", 2, 2.5), row("b", 2, 3.5, status="preliminary")]
    made = cf_dataset("sst", rows, value_attrs={"units": "K"}, global_attrs={"title": "t"})
    assert made["sst"].dims == ("location", "time")
    np.testing.assert_array_equal(made["sst"], [[1.5, 2.5], [np.nan, 3.5]])
    np.testing.assert_array_equal(made["qc_flag"], [[1, 1], [9, 1]])
    np.testing.assert_array_equal(made["status"], [["final", "final"], ["", "preliminary"]])
    assert np.isnat(made["known_from"].values[1, 0])
    assert made["sst"].attrs["ancillary_variables"] == "std_uncertainty qc_flag status known_from"
    assert made["std_uncertainty"].attrs["units"] == "K"
    assert made.attrs["known_at"] == "2024-05-01T00:00:00Z"


def test_a_history_lists_vintages_and_keeps_their_end() -> None:
    later = KNOWN.replace(month=6)
    rows = [row("a", 1, 1.0, known_to=later), row("a", 1, 2.0, known_from=later)]
    made = cf_dataset("sst", rows, value_attrs={"units": "K"}, global_attrs={}, history=True)
    assert made["sst"].values.tolist() == [1.0, 2.0]
    assert made["time"].dims == made["known_to"].dims == ("vintage",)
    assert made.attrs["known_at"] == "2024-06-01T00:00:00Z"


@pytest.mark.parametrize(
    ("resolution", "kind", "stated", "methods"),
    [("instant", "table", None, "time: point"), ("P1M", "table", None, "time: mean"),
     ("P1D", "grid", None, "area: mean time: mean"), ("P1D", "grid", "time: maximum", "time: maximum")],
)  # fmt: skip
def test_cell_methods_follow_from_resolution_and_grid(
    resolution: str, kind: str, stated: str | None, methods: str
) -> None:
    attrs = series_attrs(SERIES | {"resolution": resolution, "cell_methods": stated}, DATASET | {"kind": kind})
    assert attrs["cell_methods"] == methods


def test_nothing_is_said_where_nothing_is_known() -> None:
    attrs = dataset_attrs(DATASET, as_of=None, synthetic=True)
    assert attrs["title"] == "SYNTHETIC demonstration data: X"
    assert attrs["references"] == "Nobody 2020, doi:10.1/x; https://x.test"
    assert not attrs.keys() & {"summary", "comment", "as_of", "product_version"}
