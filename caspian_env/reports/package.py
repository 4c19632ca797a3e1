"""Files of a report as one Frictionless data package: ``datapackage.json`` names each with its sha256, and a zip of all.

Data Package 1.0 (https://specs.frictionlessdata.io/). The same files give the same bytes: no time of packing is written.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from caspian_env.errors import CatalogError
from caspian_env.reports import citations, messages
from caspian_env.reports.model import Report

DESCRIPTOR = "datapackage.json"
# Ending of a file to its kind; what a report is made of has one of these.
MEDIA = {
    "html": "text/html", "csv": "text/csv", "pdf": "application/pdf",
    "parquet": "application/vnd.apache.parquet", "nc": "application/x-netcdf", "bib": "application/x-bibtex",
    "json": "application/vnd.citationstyles.csl+json", "txt": "text/plain",
}  # fmt: skip
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say


def packaged(report: Report, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with ``datapackage.json`` beside them.

    Raises
    ------
    CatalogError
        When a file is of a kind that no report is made of.
    """
    return {**files, DESCRIPTOR: _json(descriptor(report, files))}


def descriptor(report: Report, files: Mapping[str, bytes]) -> dict[str, Any]:
    """What ``datapackage.json`` says: the report, its sources and licences, and each file with size and sha256."""
    mark = f"{messages.SYNTHETIC}. " if report.synthetic else ""
    again = f" Its numbers are {messages.RECONSTRUCTED}." if report.reconstructed else ""
    package: dict[str, Any] = {
        "name": (report.edition or report.id).lower(), "profile": "data-package", "title": f"{mark}{report.title}",
        "description": citations.of_report(report) + again, "resources": [_resource(n, files[n]) for n in sorted(files)],
    }  # fmt: skip
    if report.edition:
        package["version"] = report.edition
    if report.as_of:
        package["created"] = f"{report.as_of:%Y-%m-%dT%H:%M:%SZ}"
    if report.sources:
        package["sources"] = [_source(source) for source in report.sources]
    return package


def zipped(files: Mapping[str, bytes]) -> bytes:
    """All files as one zip, in the order of their names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=EARLIEST)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, files[name], compress_type=zipfile.ZIP_DEFLATED, compresslevel=9)
    return content.getvalue()


def _source(source: Any) -> dict[str, str]:
    path = source.landing_page or (f"https://doi.org/{source.doi}" if source.doi else "")
    return {"title": citations.plain(source, source.accessed)} | ({"path": path} if path else {})


def _resource(name: str, content: bytes) -> dict[str, Any]:
    ending = name.rpartition(".")[2]
    if ending not in MEDIA:
        raise CatalogError(name, "is no file that a report is made of", f"one of {', '.join(MEDIA)}")
    found: dict[str, Any] = {
        "name": name.lower().replace("_", "-"), "path": name, "format": ending, "mediatype": MEDIA[ending],
        "bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }  # fmt: skip
    if ending == "csv":
        found |= {"encoding": "utf-8", "dialect": {"commentChar": "#"}}
    elif ending in ("parquet", "nc"):
        found["type"] = "file"  # held together by its checksum, not read as a table
    elif ending != "pdf":
        found["encoding"] = "utf-8"
    return found


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
