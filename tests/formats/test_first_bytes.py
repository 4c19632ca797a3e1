"""A file is what its first bytes say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caspian_env.errors import BadGranule
from caspian_env.formats.first_bytes import expect_netcdf, expect_text, kind


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"", "empty"),
        (b"\x89HDF\r\n\x1a\n....", "HDF5"),
        (b"CDF\x01....", "netCDF-3"),
        (b"CDF\x02....", "netCDF-3"),
        (b"PK\x03\x04....", "a zip archive"),
        (b"\x1f\x8b\x08....", "gzip data"),
        (b"\n  <!DOCTYPE html>\n<html>", "an HTML page"),
        (b"\xef\xbb\xbf<HTML>", "an HTML page"),
        (b'<?xml version="1.0"?>', "an XML document"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"a,b\x00c\n", "binary data"),
        (b"year,month\n1,2\n", "text"),
        (b"CDF is also a word\n", "text"),
    ],
)
def test_kind(tmp_path: Path, head: bytes, expected: str) -> None:
    path = tmp_path / "granule"
    path.write_bytes(head)
    assert kind(path) == expected


def test_text_is_given_whole_and_without_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "granule"
    path.write_bytes("\ufeffКаспий\n".encode())
    assert expect_text(path, "ds") == "Каспий\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"<!doctype html><p>closed", "HTML page in place of text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
        (b"T\xfcrkiye\n", "not UTF-8 at byte 1"),
        (b"a" * 600 + b"\x00\n", "null bytes"),
    ],
)
def test_what_is_not_text_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "granule"
    path.write_bytes(content)
    with pytest.raises(BadGranule, match=problem) as refused:
        expect_text(path, "ds")
    assert refused.value.subject == "ds"


def test_netcdf_of_both_kinds_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "granule"
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    assert expect_netcdf(path, "ds") == "netcdf4"
    path.write_bytes(b"CDF\x01")
    assert expect_netcdf(path, "ds") == "scipy"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(BadGranule, match="zip archive in place of netCDF"):
        expect_netcdf(path, "ds")


def test_damaged_files_of_the_shared_material(shared: Callable[..., Path]) -> None:
    assert kind(shared("samples", "broken", "owid-co2-data__lfs_pointer.csv")) == "a Git LFS pointer"
    assert kind(shared("samples", "broken", "co2_mm_mlo__html_error_page.csv")) == "an HTML page"
