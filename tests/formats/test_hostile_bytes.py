"""What fuzzing found, made anew from code: each was an error nobody had declared, a full memory or another time."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule, RefusedAnswer
from caspian_env.formats.copernicus_netcdf import _opened
from caspian_env.formats.country_years import by_country_and_year, whole_year
from caspian_env.formats.http_requests import redirect_target, to_mirror
from caspian_env.formats.netcdf import declares_too_much, read_netcdf
from caspian_env.formats.provider_csv import csv_rows
from caspian_env.formats.provider_workbook import workbook_sheets
from caspian_env.formats.table_text import time_series
from caspian_env.formats.workbooks import sheet_rows
from caspian_env.sources import dahiti_water_level, world_bank


@pytest.mark.parametrize("text", ["", "inf", "NaN", "1e400", "2020.5", "9" * 30, "99999", "1600", "-5"])
def test_what_is_no_year_is_refused(text: str) -> None:
    with pytest.raises(BadGranule):
        whole_year(text, "ds")
    assert whole_year("2020", "ds") == 2020


@pytest.mark.parametrize("year", [10**12, 2262, 1677, -1])
def test_a_far_year_fills_no_memory_and_becomes_no_other(year: int) -> None:
    with pytest.raises(BadGranule, match="is no year"):
        by_country_and_year([("AZE", 2000, "x", 1.0), ("AZE", year, "x", 1.0)], "ds", units={"x": "1"})


def test_a_far_time_is_refused_and_becomes_no_other() -> None:
    from datetime import datetime

    with pytest.raises(BadGranule, match="no time of an observation"):
        time_series([datetime(2000, 1, 1), datetime(9999, 1, 1)], {"x": [1.0, 2.0]}, "ds", units={"x": "1"})


def test_a_quote_that_never_ends_is_refused(tmp_path: Path) -> None:
    (tmp_path / "granule").write_text('a,b\n"' + "x" * 200_000, encoding="utf-8")
    with pytest.raises(BadGranule, match="cannot be read as rows"):
        list(csv_rows(tmp_path / "granule", "ds", needed=("a",)))


def workbook(sheet: bytes | None = None, *, spoil: int = 0) -> bytes:
    import openpyxl

    whole, changed = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "here"
    book.save(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            new.writestr(name, sheet if is_sheet and sheet is not None else old.read(name))
    content = bytearray(changed.getvalue())
    if spoil:
        with zipfile.ZipFile(io.BytesIO(bytes(content))) as parts:
            at = parts.getinfo("xl/workbook.xml").header_offset + 60
        content[at : at + spoil] = b"\xff" * spoil
    return bytes(content)


def read_by_both(content: bytes, path: Path) -> list[object]:
    path.write_bytes(content)
    found: list[object] = []
    for read in (lambda: sheet_rows(content, "ds"), lambda: next(iter(workbook_sheets(path, "ds").values()))):
        try:
            found.append(read())
        except BadGranule as error:
            found.append(error)
    return found


@pytest.mark.parametrize("content", [workbook(b"<worksheet"), workbook(b"\x00"), workbook(spoil=40)])
def test_a_damaged_workbook_is_refused_whatever_the_library_raises(tmp_path: Path, content: bytes) -> None:
    assert all(isinstance(found, BadGranule) for found in read_by_both(content, tmp_path / "granule"))


@pytest.mark.parametrize("entity", ["SYSTEM 'file://{secret}'", "'{many}'"])
def test_entities_of_a_workbook_bring_no_file_and_no_flood(tmp_path: Path, entity: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush-hush", encoding="utf-8")
    name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    told = entity.format(secret=secret, many="hush-hush" * 1000)
    flood = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 20}'>" for n in range(1, 8))
    sheet = (
        f"<?xml version='1.0'?><!DOCTYPE w [<!ENTITY e0 {told}>{flood}]><worksheet xmlns='{name}'><sheetData><row r='1'>"
        f"<c r='A1' t='inlineStr'><is><t>&e{0 if 'SYSTEM' in told else 7};</t></is></c></row></sheetData></worksheet>"
    )
    for found in read_by_both(workbook(sheet.encode()), tmp_path / "granule"):
        assert isinstance(found, BadGranule) or "hush" not in str(found)


@pytest.mark.parametrize("wrong", ['{"pages": 1e400}', '{"pages": null}', '{"total": "x"}', '{"pages": [1]}'])
def test_pages_that_are_no_number_are_refused(tmp_path: Path, wrong: str) -> None:
    row = '{"indicator": {"id": "SP.POP.TOTL"}, "countryiso3code": "AZE", "date": "2020", "value": 1}'
    for text in (f"[{wrong}, [{row}]]", "[{}, [" + row.replace('"2020"', "1e400") + "]]"):
        (tmp_path / "granule").write_text(text, encoding="utf-8")
        with pytest.raises(BadGranule):
            world_bank.read_granule(tmp_path / "granule")


@pytest.mark.parametrize("source", [world_bank, dahiti_water_level])
@pytest.mark.parametrize("text", ["[" * 100_000, "[" + "9" * 5000 + "]", "{", ""])
def test_an_answer_that_no_parser_likes_is_refused(tmp_path: Path, source: ModuleType, text: str) -> None:
    (tmp_path / "granule").write_text(text, encoding="utf-8")
    with pytest.raises(BadGranule):
        source.read_granule(tmp_path / "granule")


@pytest.mark.parametrize("records", [2**31 - 1, 2**30])
def test_a_header_that_declares_more_than_any_memory_is_refused(tmp_path: Path, records: int) -> None:
    path = tmp_path / "granule"
    made = xr.Dataset({"sst": (("time", "lat"), np.zeros((3, 50)))}, {"time": np.arange(3.0), "lat": np.arange(50.0)})
    made.to_netcdf(path, engine="scipy", format="NETCDF3_CLASSIC")
    content = path.read_bytes()
    for size in (3, 50):
        for name in (b"time", b"\x00\x00\x00\x03lat\x00"):
            content = content.replace(name + struct.pack(">i", size), name + struct.pack(">i", records))
    assert content != path.read_bytes()
    path.write_bytes(content)
    with pytest.raises(BadGranule):
        read_netcdf(path, "ds")
    with pytest.raises(BadGranule):
        [opened.load() for opened in _opened(path, "ds")]


def test_a_machine_without_memory_is_not_blamed_on_the_file() -> None:
    assert not declares_too_much(MemoryError())
    with pytest.raises(MemoryError) as caught:
        np.empty((10**6, 10**9))
    assert declares_too_much(caught.value)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.2", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "localhost", "LOCALHOST.", "a.localhost",
     "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "192.168.1.1", "[fe80::1]", "[fd00::1]"],
)  # fmt: skip
def test_no_redirect_leads_a_collection_to_services_of_this_machine(host: str) -> None:
    for base in ("https://mirror.example.org/m", "http://mirror.example.org/m"):
        request = to_mirror(base, "https://a.org/x", None, limit=9, until=9)
        target = f"{base.partition(':')[0]}://{host}:8080/admin"
        with pytest.raises(RefusedAnswer, match="redirects to"):
            redirect_target(request, request.url, target, base)
