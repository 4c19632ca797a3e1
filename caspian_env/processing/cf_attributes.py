"""What a dataset or indicator says of itself, as attributes of CF and ACDD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

SYNTHETIC = "SYNTHETIC demonstration data: "


def series_attrs(series: Mapping[str, Any], dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of the values of a series, from its row of ``v_series`` and its dataset's of ``v_dataset``.

    Where the variable has no cell methods of its own, they follow from the resolution, and from the grid where a value
    is the mean over a region.
    """
    derived = "time: point" if series["resolution"] == "instant" else "time: mean"
    if dataset["kind"] == "grid":
        derived = f"area: mean {derived}"
    return _stated(
        standard_name=series["standard_name"], long_name=series["long_name"], units=series["unit"],
        cell_methods=series["cell_methods"] or derived, resolution=series["resolution"],
        **_datum(series["datum"], series["datum_title"]),
    )  # fmt: skip


def indicator_attrs(definition: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Attributes of an indicator's values, from its row of ``v_indicator_definition`` and those of its values."""
    newest = values[-1]
    return _stated(
        long_name=definition["title"], units=newest["unit"], comment=definition["statistic"],
        method=f"{definition['function']}, version {newest['method_version']}", confidence_level=newest["ci_level"],
        **_datum(newest["datum"], None),
    )  # fmt: skip


def dataset_attrs(dataset: Mapping[str, Any], *, as_of: datetime | None, synthetic: bool) -> dict[str, Any]:
    """Global attributes for values of a dataset, from its row of ``v_dataset``."""
    citation = dataset["citation"]
    addresses = [f"https://doi.org/{dataset['doi']}" if dataset["doi"] else None, dataset["landing_page"]]
    cited = [address for address in addresses if address and address.removeprefix("https://doi.org/") not in citation]
    return _stated(
        title=_title(dataset["title"], synthetic), summary=dataset["summary"], institution=dataset["provider"],
        source=f"{dataset['provider']}: {dataset['dataset_id']}", license=dataset["licence"],
        references="; ".join([citation, *cited]), comment=dataset["caveats"],
        product_version=dataset["product_version"], as_of=_iso(as_of),
    )  # fmt: skip


def definition_attrs(
    definition: Mapping[str, Any], values: Sequence[Mapping[str, Any]], *, as_of: datetime | None, synthetic: bool
) -> dict[str, Any]:
    """Global attributes for values of an indicator."""
    return _stated(
        title=_title(definition["title"], synthetic), summary=definition["statistic"],
        source=f"computed by caspian-env with {definition['function']}",
        license="; ".join(sorted({value["licence"] for value in values})), references=definition["citation"],
        comment=definition["note"], as_of=_iso(as_of),
    )  # fmt: skip


def _stated(**attrs: Any) -> dict[str, Any]:
    """The attributes that say something."""
    return {name: value for name, value in attrs.items() if value not in (None, "")}


def _datum(datum: str | None, title: str | None) -> dict[str, str | None]:
    return {"water_surface_reference_datum": datum, "water_surface_reference_datum_title": title}


def _title(title: str, synthetic: bool) -> str:
    return SYNTHETIC + title if synthetic else title


def _iso(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None
