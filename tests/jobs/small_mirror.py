"""A synthetic mirror in the providers' exact formats, written in seconds: all small files, and three days of the grids."""

from __future__ import annotations

from pathlib import Path

from caspian_env.demo import co2, dahiti, ersst, gistemp, gwm, oisst

OISST_DAYS = 3


def write_small_mirror(folder: Path, edition: int = 1) -> Path:
    """Write the files below ``folder`` and return it."""
    grids = list(oisst.files(edition).items())[-OISST_DAYS:]
    tables = [item for member in (gwm, dahiti, gistemp, co2, ersst) for item in member.files(edition).items()]
    for address, make in [*tables, *grids]:
        path = folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make())
    return folder
