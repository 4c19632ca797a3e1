"""What a file is by its first bytes, whatever its name or the answer's media type say.

Providers, and the machines between them and us, send maintenance pages, Git LFS pointers, archives and nothing at all
with status 200 under a data name. Such an answer is refused here, in one clear clause, before any parser sees it.
"""

from __future__ import annotations

from pathlib import Path

from caspian_env.errors import BadGranule

_ENOUGH = 512
_SIGNATURES = (
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"CDF\x01", "netCDF-3"),
    (b"CDF\x02", "netCDF-3"),
    (b"CDF\x05", "netCDF-3"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"%PDF", "a PDF document"),
    (b"version https://git-lfs", "a Git LFS pointer"),
)
_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body")


def kind(path: Path) -> str:
    """What the first bytes say the file is: ``empty``, ``text``, ``HDF5``, ``netCDF-3`` or a phrase naming the rest."""
    with path.open("rb") as file:
        head = file.read(_ENOUGH)
    if not head:
        return "empty"
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(_MARKUP):
        return "an HTML page"
    if start.startswith((b"<?xml", b"<")):
        return "an XML document"
    return "binary data" if b"\x00" in head else "text"


def expect_text(path: Path, dataset: str, *, encoding: str = "utf-8-sig") -> str:
    """The whole file as text, line ends as they are; only if it is complete, plain UTF-8 (or the encoding named).

    Raises
    ------
    BadGranule
        When the file is empty, not text or not UTF-8.
    """
    found = kind(path)
    if found != "text":
        raise _unexpected(dataset, found, "text")
    try:
        text = path.read_bytes().decode(encoding)
    except UnicodeDecodeError as error:
        raise BadGranule(
            dataset, f"the text is not {encoding.upper().removesuffix('-SIG')} at byte {error.start}", "fetch it again"
        ) from error
    if "\x00" in text:
        raise BadGranule(dataset, "the text holds null bytes, as a broken transfer leaves them", "fetch it again")
    return text


def expect_netcdf(path: Path, dataset: str) -> str:
    """The xarray engine that reads this netCDF file: ``netcdf4`` or ``scipy``.

    Raises
    ------
    BadGranule
        When the first bytes are those of anything else.
    """
    found = kind(path)
    engines = {"HDF5": "netcdf4", "netCDF-3": "scipy"}
    if found not in engines:
        raise _unexpected(dataset, found, "netCDF")
    return engines[found]


def _unexpected(dataset: str, found: str, wanted: str) -> BadGranule:
    problem = "the file is empty" if found == "empty" else f"{found} in place of {wanted}"
    return BadGranule(dataset, problem, "the provider may be under maintenance: try again later")
