"""What others need for the same files: xarray with the best known settings, CDO, NCO, and bare loops as the limit."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path

import h5py
import xarray as xr

BOX = {"lat": slice(36, 48), "lon": slice(46, 56)}
NAMES = ("sst", "err", "ice")


def with_xarray(files: Sequence[Path], names: Sequence[str] = ("sst",)) -> int:
    """The cut and the mean with `open_mfdataset`, all arguments of combining given; gives the number of days."""
    with xr.open_mfdataset(
        list(files), engine="netcdf4", combine="nested", concat_dim="time", data_vars="minimal", coords="minimal",
        compat="override", join="exact", combine_attrs="override", parallel=False, chunks={},
        preprocess=lambda day: day[list(names)].sel(BOX).load(),
    ) as days:  # fmt: skip
        return int(days[list(names)].mean(("lat", "lon")).load().sizes["time"])


def with_cdo(cdo: str, files: Sequence[Path]) -> None:
    """The cut and the mean of one variable with CDO."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "mean.nc"
        words = [cdo, "-s", "-O", "-fldmean", "-sellonlatbox,46,56,36,48", "-selname,sst", "-mergetime", *files, out]
        subprocess.run([str(word) for word in words], check=True, capture_output=True)


def with_nco(ncecat: str, ncwa: str, files: Sequence[Path]) -> list[float]:
    """The cut and the mean of one variable with NCO, by file; its time is of fixed length, which rules out `ncrcat`."""
    with tempfile.TemporaryDirectory() as folder:
        cells, mean = Path(folder) / "cells.nc", Path(folder) / "mean.nc"
        (south, north), (west, east) = ((float(box.start), float(box.stop)) for box in BOX.values())
        box = ["-v", "sst", "-d", f"lat,{south},{north}", "-d", f"lon,{west},{east}"]
        for words in (
            [ncecat, "-O", "-h", "-u", "file", *box, *files, cells],
            [ncwa, "-O", "-h", "-a", "time,zlev,lat,lon", cells, mean],
        ):
            subprocess.run([str(word) for word in words], check=True, capture_output=True)
        with h5py.File(mean) as file:
            return [float(value) for value in file["sst"][:]]


def bare(path: str) -> str:
    """Hash a file and inflate the three variables that a cube keeps; nothing else."""
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    with h5py.File(path, "r") as file:
        for name in NAMES:
            file[name][0, 0, 500:560, 180:232]
    return digest


def at_the_floor(pool: Pool, files: Sequence[Path]) -> None:
    """The bare loop in the processes of a pool that stands ready."""
    pool.map(bare, [str(path) for path in files], chunksize=8)


def at_the_keeping_floor(pool: Pool, files: Sequence[Path], folder: Path) -> float:
    """The bare loop, which also writes each file's bytes to the disk, as an archive must; seconds without the emptying."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    begun = time.perf_counter()
    pool.map(partial(_kept, folder=folder), [str(path) for path in files], chunksize=8)
    return time.perf_counter() - begun


def _kept(path: str, folder: Path) -> None:
    with (folder / bare(path)).open("xb") as copy:
        copy.write(Path(path).read_bytes())
        copy.flush()
        os.fsync(copy.fileno())
