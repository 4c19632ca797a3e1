"""Levels of the Caspian and of Kara-Bogaz-Gol from altimetry: Hydroweb (Theia, CNES). Needs a free key.

The service packs a zip to order (protocol ``hydroweb_workflow``): everything of a collection inside a box, one text for
each lake, sometimes as a zip inside the zip. Only the two lakes named here are read.

Two layouts of the same columns are known: the text of today (a first line of ``name=value`` pairs, comments, fields
between semicolons) and the older export (a header line, fields between commas), which names its lake only by its file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.archives import zip_members
from caspian_env.formats.table_text import number
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "theia_hydroweb"
_PATH = "api/download/workflows"
_COLLECTION = "HYDROWEB_LAKES_OPE"
_BOX = "46,36,55,48"  # west, south, east, north: the sea and the bay
_PLACES = {"caspian": "caspian_sea", "kara_bogaz_gol": "kara_bogaz_gol"}
_PREFIX = "hydroprd_L_"
_OLD_HEADER = "Decimal year,Date,Time,Height,Standard deviation,Area,Volume"
_FILL = 9999.999
# Zero-based places of date, time, height and standard deviation, which both layouts share; and how many there are.
_DATE, _TIME, _HEIGHT, _SPREAD = 1, 2, 3, 4
_N_NEW, _N_OLD = 8, 7
_LAYOUT = "has the layout changed?"

_Rows = Mapping[datetime, tuple[float, float]]


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one order, for the whole record of both lakes."""
    yield GranuleRef(path=_PATH, form={"collection": _COLLECTION, "bbox": _BOX}, protocol="hydroweb_workflow")


def read_granule(path: Path) -> xr.Dataset:
    """Levels of the two lakes by epoch.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``height`` and ``std`` (the standard deviation of its measurements), m.

    Raises
    ------
    BadGranule
        When the file is no zip, lacks the Caspian, or a text in it is another lake's or damaged.
    """
    found: dict[str, _Rows] = {}
    for name, content in _texts(path):
        lake = _lake_of(name)
        if lake in found:
            raise BadGranule(_DATASET, f"the zip holds {lake} twice", "look at the file in the archive")
        found[lake] = _read(content, lake)
    if "caspian" not in found:
        raise BadGranule(_DATASET, "the zip holds no series of the Caspian", "has the collection changed?")
    return _together({_PLACES[lake]: rows for lake, rows in found.items()})


def _texts(path: Path) -> Iterator[tuple[str, bytes]]:
    """The texts of our lakes in the zip, or in a zip inside it."""
    for name, content in zip_members(
        path, _DATASET, wanted=lambda n: _lake_of(n) in _PLACES or _is_zip(n), nested=True
    ):
        if _is_zip(name):
            yield from zip_members(content, _DATASET, wanted=lambda n: _lake_of(n) in _PLACES)
        else:
            yield name, content


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def _lake_of(name: str) -> str:
    file = PurePosixPath(name)
    wanted = file.suffix in (".txt", ".csv") and file.name.startswith(_PREFIX)
    return file.stem.removeprefix(_PREFIX) if wanted else ""


def _read(content: bytes, lake: str) -> _Rows:
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadGranule(
            _DATASET, f"the text of {lake} is not UTF-8 at byte {error.start}", "fetch it again"
        ) from error
    if not content.endswith(b"\n"):
        raise BadGranule(
            _DATASET, f"truncated: line {len(lines)} of {lake} breaks off without a line end", "fetch it again"
        )
    first = lines[0].strip() if lines else ""
    if first == _OLD_HEADER:
        return _rows(lines[1:], ",", _N_OLD, lake)
    named = dict(pair.split("=", 1) for pair in first.lstrip("#").split(";") if "=" in pair)
    if named.get("lake") != lake:
        told = named.get("lake", first[:40])
        raise BadGranule(_DATASET, f"the text of {lake} begins with {told!r}", _LAYOUT)
    return _rows(lines[1:], ";", _N_NEW, lake)


def _rows(lines: Sequence[str], separator: str, n_fields: int, lake: str) -> _Rows:
    rows: dict[datetime, tuple[float, float]] = {}
    for n, line in enumerate(lines, 2):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split(separator)]
        if len(fields) != n_fields:
            raise BadGranule(_DATASET, f"{lake}, line {n}: {len(fields)} fields and not {n_fields}", _LAYOUT)
        moment = _moment(fields, lake, n)
        if moment in rows:
            raise BadGranule(_DATASET, f"{lake}, line {n}: {moment:%Y-%m-%d %H:%M} stands twice", "look at the file")
        rows[moment] = (number(fields[_HEIGHT], _DATASET, [_FILL]), number(fields[_SPREAD], _DATASET, [_FILL]))
    if not rows:
        raise BadGranule(_DATASET, f"the text of {lake} has no row", "the provider may be publishing now: try later")
    return rows


def _moment(fields: Sequence[str], lake: str, line: int) -> datetime:
    text = f"{fields[_DATE]} {fields[_TIME]}"
    try:
        return datetime.strptime(text, "%Y/%m/%d %H:%M")
    except ValueError as error:
        raise BadGranule(_DATASET, f"{lake}, line {line}: {text!r} is no date and time", _LAYOUT) from error


def _together(lakes: Mapping[str, _Rows]) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    times = sorted({moment for rows in lakes.values() for moment in rows})
    nothing = (np.nan, np.nan)
    values = np.array([[rows.get(moment, nothing) for rows in lakes.values()] for moment in times])
    if not np.isfinite(values[..., 0]).any():
        raise BadGranule(_DATASET, "there is no row with a height", "fetch it again")
    coords = {"time": np.asarray(times, dtype="datetime64[ns]"), "location": list(lakes)}
    dims = ("time", "location")
    return xr.Dataset(
        {"height": (dims, values[..., 0], {"units": "m"}), "std": (dims, values[..., 1], {"units": "m"})}, coords=coords
    )
