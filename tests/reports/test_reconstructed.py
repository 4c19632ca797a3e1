"""A report of a past day that an archive gave says so in its head, in every language and format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import netCDF4
import pytest
from pyarrow import parquet

from caspian_env.reports import package, page, printed, spreadsheet
from caspian_env.reports.messages import RECONSTRUCTED
from caspian_env.reports.model import Report
from caspian_env.reports.netcdf import build_netcdf
from caspian_env.reports.parquet import build_parquet
from caspian_env.reports.voice import LANGUAGES, Voice
from tests.reports.synthetic_bulletin import bulletin, utc

PAST = replace(bulletin(as_of=utc(2024, 11, 30)), reconstructed=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_head_of_page_and_print_has_it_beside_as_known_on(language: str) -> None:
    mark = Voice(language).find(RECONSTRUCTED)
    assert mark
    for report, said in (
        (replace(PAST, language=language), True),
        (replace(PAST, language=language, reconstructed=False), False),
    ):
        (content,) = (text for name, text in page.build(report).items() if name.endswith(".html"))
        head = content.decode().partition("<header>")[2].partition("</header>")[0]
        assert "2024-11-30 00:00" in head
        assert (mark in head) == said
        assert (mark in printed.told(report)["vintage"]) == said


def netcdf_head(report: Report, folder: Path) -> str:
    path = folder / "one.nc"
    path.write_bytes(next(iter(_content(build_netcdf(report)))))
    with netCDF4.Dataset(path) as opened:
        return str(opened.comment)


def _content(built: Mapping[str, bytes] | bytes) -> list[bytes]:
    return [built] if isinstance(built, bytes) else list(built.values())


def parquet_head(report: Report, folder: Path) -> str:
    path = folder / "one.parquet"
    path.write_bytes(_content(build_parquet(report))[0])
    return str(parquet.read_schema(path).metadata)


HEADS: Mapping[str, Callable[[Report, Path], str]] = {
    "csv": lambda report, _: "\n".join(spreadsheet.value_notes(report)),
    "rows of charts": lambda report, _: "\n".join(spreadsheet.observation_notes(report)),
    "netcdf": netcdf_head,
    "parquet": parquet_head,
    "package": lambda report, _: json.dumps(package.descriptor(report, {})),
}


@pytest.mark.parametrize("form", HEADS)
def test_the_files_say_it_too(form: str, tmp_path: Path) -> None:
    assert RECONSTRUCTED in HEADS[form](PAST, tmp_path)
    assert RECONSTRUCTED not in HEADS[form](replace(PAST, reconstructed=False), tmp_path)
