"""The attacks are what they say: the same number makes the same mutant, and a reader that fails is noticed."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import xarray as xr

from caspian_env.sources import nasa_gistemp, noaa_gml_co2
from tests.torture.fuzz import verdict
from tests.torture.mutation import mutant

DATA = Path(__file__).resolve().parent.parent / "data"


def packed() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.csv", "year,value\n2001,1\n" * 20)
    return out.getvalue()


def test_a_number_makes_one_mutant_and_others_differ() -> None:
    for sample in (b"year,value\n2001,1\n", gzip.compress(b"2001,1\n", mtime=0), b""):
        assert mutant(sample, "x", 7) == mutant(sample, "x", 7)
        assert len({mutant(sample, "x", n) for n in range(50)}) > 25


def test_what_is_packed_is_spoiled_inside_too() -> None:
    inside = [zipfile.is_zipfile(io.BytesIO(mutant(packed(), "x", n))) for n in range(60)]
    assert sum(inside) > 20


def test_two_hundred_mutants_of_real_files_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "granule"
    for source, name in ((noaa_gml_co2, "noaa_gml_co2/co2_mm_mlo.csv"), (nasa_gistemp, "nasa_gistemp/GLB.Ts+dSST.csv")):
        sample = (DATA / name).read_bytes()
        said = set()
        for number in range(100):
            path.write_bytes(mutant(sample, name, number))
            said.add(verdict(source, path))
        assert "refused" in said
        assert said <= {"refused", "read"}


class Careless:
    """A reader with a fault."""

    def __init__(self, value: float | None) -> None:
        self.value = value

    def read_granule(self, path: Path) -> xr.Dataset:
        if self.value is None:
            raise KeyError("undeclared")
        return xr.Dataset({"x": ("time", np.array([self.value]))})


def test_a_careless_reader_is_noticed(tmp_path: Path) -> None:
    assert verdict(Careless(None), tmp_path).startswith("KeyError")
    assert verdict(Careless(float("inf")), tmp_path) == "infinity in x"
    assert verdict(Careless(1.0), tmp_path) == "read"
