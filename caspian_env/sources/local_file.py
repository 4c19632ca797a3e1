"""Files of the institute itself: gauges, laboratory series, counts, and anything got by hand.

A dataset is declared in a YAML file of the institute's folder (``caspian_env.seeds.local``, ``docs/local-data.md``), and
its files lie in a folder below, which is looked at in every collection: text tables, workbooks and netCDF.

Rules of this reader
    * What a file is, is told by its first bytes. Names that begin with a dot or ``~``, or end in ``.part`` or ``.tmp``,
      are files that somebody is still writing, and are left alone.
    * Where each file is the whole record, the last in the order of names is read; otherwise all of them, and a value
      that several files give is that of the last.
    * The method of a dataset and the note columns of a row are kept as the source of each value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, NotPublished, SeedError
from caspian_env.formats.declared_layout import Layout
from caspian_env.formats.declared_tables import read_declared
from caspian_env.formats.first_bytes import kind
from caspian_env.formats.netcdf import read_netcdf
from caspian_env.model import GranuleRef, Http, Window
from caspian_env.seeds.entries import build

if TYPE_CHECKING:
    import xarray as xr

UNFINISHED = (".part", ".tmp", ".crdownload")
NETCDF = ("HDF5", "netCDF-3")
READABLE = ("text", "a zip archive", "binary data")


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The files of the folder whose names fit the pattern."""
    layout = _layout(options)
    folder, _, pattern = layout.files.rpartition("/")
    try:
        names = sorted(http.listing(f"{folder}/" if folder else "").names)
    except NotPublished as error:
        raise NotPublished(layout.dataset, f"there is no folder {folder!r} for its files", "make it") from error
    fitting = [name for name in names if fnmatchcase(name, pattern) and _is_finished(name)]
    for name in fitting[-1:] if layout.whole_record else fitting:
        yield GranuleRef(path=f"{folder}/{name}" if folder else name)


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """One file as its dataset declares it.

    Returns
    -------
    xarray.Dataset, dims (time, location), or those of a grid
        The declared columns or variables in their own units.

    Raises
    ------
    BadGranule
        When the file is not what the declaration says; the clause names row and column.
    """
    layout = _layout(options)
    found = kind(path)
    if found in NETCDF:
        return _from_netcdf(read_netcdf(path, layout.dataset, around_sea=layout.grid), layout)
    if found not in READABLE:
        problem = "the file is empty" if found == "empty" else f"{found} in place of a table"
        raise BadGranule(layout.dataset, problem, "save it as CSV, as a workbook or as netCDF")
    return read_declared(path.read_bytes(), layout)


def _layout(options: Mapping[str, Any]) -> Layout:
    where = f"{options.get('dataset')}: options"
    layout = build(Layout, options, where)
    if any(sign in layout.files.rpartition("/")[0] for sign in "*?["):
        raise SeedError(
            where, f"files: {layout.files!r} has a pattern in its folder", "only the last part may have one"
        )
    return layout


def _is_finished(name: str) -> bool:
    return not name.startswith((".", "~")) and not name.lower().endswith((*UNFINISHED, "/"))


def _from_netcdf(raw: xr.Dataset, layout: Layout) -> xr.Dataset:
    """The declared variables along ``time`` (and ``location``), with their units checked and the method noted."""
    import numpy as np

    time = layout.time.column or "time"
    for name in (
        time,
        *(c.name for c in layout.columns if not c.optional),
        *([layout.place.column] if layout.place else []),
    ):
        if name not in raw.variables:
            known = ", ".join(map(str, raw.variables))
            raise BadGranule(layout.dataset, f"the file has no variable {name!r}", f"it has {known[:200]}")
    given = [column for column in layout.columns if column.name in raw]
    wanted = [name for c in given for name in (c.name, c.uncertainty) if name and name in raw]
    table = raw[list(dict.fromkeys(wanted))].rename({time: "time"} if time != "time" else {})
    for column in given:
        table[column.name] = _in_units(table[column.name], column.units, layout)
    if layout.grid:
        return table
    if layout.place:
        labels = [str(layout.place.names.get(label, label)) for label in _labels(raw[layout.place.column])]
        dim = str(raw[layout.place.column].dims[0])
        table = table.rename({dim: "location"} if dim != "location" else {}).assign_coords(location=labels)
    for label in table.data_vars:
        if left := set(table[label].dims) - {"time", "location"}:
            problem = f"{label} has the dimensions {', '.join(map(str, sorted(map(str, left))))} besides time and place"
            raise BadGranule(layout.dataset, problem, "write one value for each time and place")
    notes = np.full(table.sizes["time"], layout.method, dtype=object)
    return table.assign(source_note=("time", notes))


def _in_units(values: xr.DataArray, units: str | None, layout: Layout) -> xr.DataArray:
    own = values.attrs.get("units")
    if own and units and str(own) != units:
        problem = f"{values.name} is in {own!r} in the file and in {units!r} in the declaration"
        raise BadGranule(layout.dataset, problem, "mend the one that is wrong")
    return (values + float(layout.zero.get(str(values.name), 0.0))).assign_attrs(values.attrs | {"units": own or units})


def _labels(labels: xr.DataArray) -> list[str]:
    return [label.decode() if isinstance(label, bytes) else str(label) for label in labels.to_numpy().tolist()]
