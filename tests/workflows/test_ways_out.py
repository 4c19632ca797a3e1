"""Every command that hands something on: each is run on numbers that may not leave, and a new one fails until it is here."""

from __future__ import annotations

import csv
import importlib
import io
import pkgutil
import re
import shutil
import subprocess
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import typer
from pyarrow import parquet

from caspian_env import cli
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.query import ask
from caspian_env.cli.options import app
from caspian_env.reports import text
from caspian_env.wiring import Platform, load_seeds
from caspian_env.workflows import build_reports as building
from caspian_env.workflows import exchange, report_files, report_numbers
from caspian_env.workflows.credit import write_citations
from caspian_env.workflows.freeze import freeze
from caspian_env.workflows.handed_on import kept_back
from caspian_env.workflows.publishable import REASONS
from caspian_env.workflows.rebuild import rebuild
from caspian_env.workflows.report import write_bulletin
from caspian_env.workflows.report_package import pack
from caspian_env.workflows.site import write_site
from tests.command_line import caspian_env
from tests.workflows.export_bench import DATASETS, KEPT_BACK, ONLY, SECRET, exported, numbers_kept_back

HERE = Path(__file__).parent
# Options and arguments by which a command writes for others, or in a form for others.
OUTWARD = {"--out", "--csv", "--prov", "--cite", "--format", "folder", "target"}
FORMATS = (*report_files.FORMATS,)


def all_exports(platform: Platform, folder: Path) -> None:
    for form in exchange.FORMATS:
        exchange.export(platform, form, folder / form)
    write_citations(platform, folder, DATASETS)


def all_reports(platform: Platform, folder: Path) -> None:
    building.build_reports(platform, folder, ["cop29"], languages=["en", "kk"], formats=FORMATS)


def a_package(platform: Platform, folder: Path) -> None:
    pack(platform, "cop29", folder / "cop29.zip", languages=["en"], formats=FORMATS)


def an_edition(platform: Platform, folder: Path) -> None:
    frozen = freeze(platform, "cop29", allow=tuple(REASONS), languages=["en"], formats=FORMATS)
    shutil.copytree(frozen.folder, folder / "frozen")
    rebuild(platform, frozen.edition.id, out=folder / "rebuilt")
    pack(platform, frozen.edition.id, folder / "edition.zip")


# Each way out by the command that opens it: what writes it here, or the test that shows it to be closed.
WAYS: dict[str, Callable[[Platform, Path], Any] | str] = {
    "export": all_exports,
    "report build": all_reports,
    "report package": a_package,
    "report freeze": an_edition,
    "report rebuild": an_edition,
    "report site": write_site,
    "report": write_bulletin,
    "run": write_bulletin,
    "explain": "test_exchange.py::test_a_lineage_document_names_the_number_that_it_keeps_back",
    "cube": "test_cube_export.py::test_what_may_not_be_passed_on_is_not_exported",
}
# Answers to a question of the house itself: they hold rows, and say which of them may not be handed on.
ANSWERS = {"series", "indicator", "sql", "revisions"}
HOUSE = {"db copy"}  # the whole catalog into another database of the house


def outward(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    for name, one in getattr(command, "commands", {}).items():
        yield from outward(one, (*path, name))
    if {word for given in command.params for word in (*given.opts, given.name)} & OUTWARD:
        yield " ".join(path)


def test_no_command_hands_on_what_is_not_looked_at_here() -> None:
    for module in pkgutil.iter_modules(cli.__path__):
        importlib.import_module(f"{cli.__name__}.{module.name}")
    assert set(outward(typer.main.get_command(app))) == set(WAYS) | ANSWERS | HOUSE
    for closed in (way for way in WAYS.values() if isinstance(way, str)):
        file, _, name = closed.partition("::")
        assert f"def {name}(" in (HERE / file).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def platform(shared: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with exported(shared, tmp_path_factory.mktemp("ways")) as platform:
        yield platform


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path.name}/{name}", archive.read(name)) for name in archive.namelist())
        elif path.is_file():
            yield path.name, path.read_bytes()


def words_of(name: str, content: bytes, folder: Path) -> list[str]:
    """The words of a file of any kind that is written; a kind that nothing here can read fails."""
    ending = name.rpartition(".")[2]
    if ending == "pdf":
        if shutil.which("pdftotext") is None:
            pytest.skip("pdftotext (poppler-utils) is not installed")
        (folder / "one.pdf").write_bytes(content)
        done = subprocess.run(["pdftotext", "-layout", str(folder / "one.pdf"), "-"], capture_output=True, check=True)
        content = done.stdout
    if ending in ("parquet", "nc"):
        return [word for column in columns_of(ending, content) for word in words_in(column)]
    assert ending in ("pdf", "html", "csv", "xml", "json", "bib", "txt"), f"{name}: nothing here reads such a file"
    return re.split(r'[,;<>\s"]+', content.decode("utf-8"))


def columns_of(ending: str, content: bytes) -> Iterator[Any]:
    """The values of each column of Parquet or variable of NetCDF, as a list."""
    if ending == "parquet":
        yield from parquet.read_table(io.BytesIO(content)).to_pydict().values()
        return
    with netCDF4.Dataset("in memory", memory=content) as opened:
        opened.set_auto_mask(False)
        yield from (variable[...].ravel().tolist() for variable in opened.variables.values())
        yield from ([str(variable.__dict__)] for variable in (opened, *opened.variables.values()))


def words_in(column: list[Any]) -> list[str]:
    """Numbers as the shortest text that gives them back, and the words of texts."""
    return [
        word
        for value in column
        for word in (re.split(r'[,;<>\s"]+', value) if isinstance(value, str) else [repr(value)])
    ]


@pytest.mark.slow
@pytest.mark.parametrize("way", [name for name, one in WAYS.items() if callable(one)])
def test_what_a_licence_keeps_leaves_by_none_of_them(platform: Platform, way: str, tmp_path: Path) -> None:
    write = WAYS[way]
    assert callable(write)
    (tmp_path / "out").mkdir()
    write(platform, tmp_path / "out")
    secret = numbers_kept_back(platform) | {repr(SECRET), f"{SECRET:g}"}
    seen = 0
    for name, content in contents(tmp_path / "out"):
        found = set(words_of(name, content, tmp_path)) & secret
        assert not found, (name, sorted(found)[:5])
        seen += 1
    assert seen


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["pdf", "html", "csv"])
def test_rounded_numbers_leave_no_more_than_whole_ones(
    platform: Platform, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A printed number is short and may stand on a page by chance, so the page is compared with one that keeps nothing."""

    def printed(folder: Path) -> Counter[str]:
        building.build_reports(platform, folder, ["cop29"], languages=["en"], formats=[ending])
        return Counter(word for name, content in contents(folder) for word in words_of(name, content, tmp_path))

    held = printed(tmp_path / "held")
    monkeypatch.setattr(report_numbers, "kept_back", lambda *_: ())
    free = printed(tmp_path / "free")
    with platform.catalog.read() as connection:
        rows = read_indicator(connection, "re_capacity_share_1y_irena")
    newest = [row.value for row in rows if row.period_start.year == 2023 and row.value is not None]
    assert len(newest) == 6
    for value in newest:
        word = repr(value) if ending == "csv" else text.number(value, 1)
        assert free[word] > held[word], word


@pytest.mark.slow
@pytest.mark.parametrize("words", [("series", "edgar_ghg"), ("indicator", "ghg_total_1y_edgar")])
def test_an_answer_says_that_its_rows_may_not_be_handed_on(platform: Platform, words: tuple[str, str]) -> None:
    done = caspian_env(
        *words,
        "--csv",
        "--home",
        str(platform.settings.home),
        cwd=HERE,
        DATABASE_URL=str(platform.settings.database_url),
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "rows may not be handed on (edgar_ghg: CC BY 4.0;" in lines[1]
    assert len(list(csv.DictReader(line for line in lines if not line.startswith("#")))) > 100


@pytest.mark.slow
def test_nothing_that_goes_out_repeats_a_row(platform: Platform, tmp_path: Path) -> None:
    done = exchange.export(platform, "csvw", tmp_path)
    assert {row["INDICATOR"] for row in done.rows} & KEPT_BACK == set()
    secret = {float(word) for word in numbers_kept_back(platform)}
    assert not [row["INDICATOR"] for row in done.rows if abs(row["OBS_VALUE"]) in secret]


Exported = list[tuple[str, str, int, float]]  # indicator, place, year, number


def worked_out(platform: Platform, numbers: Exported, dataset: str) -> dict[tuple[str, int], float]:
    """The emissions of years of a dataset that follow from numbers made of them: two unknown rows, E_base and E_t.

    Each number is a linear equation in the two; where two of them are independent and one is not of ratios alone, the rows
    are known.
    """
    equations: dict[tuple[str, int, int], list[tuple[float, float, float]]] = {}
    for name, place, year, number in numbers:
        indicator = platform.seeds.indicators[name]
        if {given.dataset for given in indicator.inputs} != {dataset} or "base_year" not in indicator.parameters:
            continue
        level = indicator.parameters.get("level_pct", 100.0) / 100
        years = indicator.parameters.get("target_year", year) - year
        found = {
            "country_years.change_since": (-(1 + number / 100), 1.0, 0.0),
            "commitments.progress": (1 - number / 100 * (1 - level), -1.0, 0.0),
            "commitments.required_cut": (-level, (1 - number / 100) ** years, 0.0) if number > 0 else None,
            "commitments.gap": (-level, 1.0, number),
        }[indicator.function]
        if found is not None:
            equations.setdefault((place, year, indicator.parameters["base_year"]), []).append(found)
    rows = {}
    for (place, year, _), mine in equations.items():
        sides, right = np.array([one[:2] for one in mine]), np.array([one[2] for one in mine])
        if right.any() and np.linalg.matrix_rank(sides, tol=1e-6) == 2:
            rows[place, year] = float(np.linalg.lstsq(sides, right, rcond=None)[0][1])
    return rows


@pytest.mark.slow
def test_no_row_that_is_kept_can_be_worked_out_from_what_leaves(platform: Platform, tmp_path: Path) -> None:
    exports = [exchange.export(platform, form, tmp_path / form).rows for form in exchange.FORMATS]
    left = {
        (row["INDICATOR"], row["REF_AREA"], int(row["TIME_PERIOD"]), row["OBS_VALUE"])
        for rows in exports
        for row in rows
        if row["INDICATOR"] in ONLY
    }
    building.build_reports(platform, tmp_path / "pages", ["cop29"], languages=["en"], formats=["csv"])
    for _, content in contents(tmp_path / "pages"):
        lines = (line for line in content.decode("utf-8").splitlines() if not line.startswith("#"))
        left |= {
            (row["indicator_id"], row["location_id"], int(row["period_start"][:4]), float(row["value"]))
            for row in csv.DictReader(lines)
            if row.get("indicator_id") in ONLY and row.get("value")
        }
    assert worked_out(platform, sorted(left), "edgar_ghg") == {}
    # The same attempt with the gap beside them gives the rows, so it would have found a way.
    statement = (
        "SELECT location_id, substr(period_start, 1, 4), value FROM v_indicator WHERE indicator_id = :id AND value <> 0"
    )

    def known(name: str) -> Exported:
        rows = ask(platform.catalog, statement, {"id": name}, limit=None).rows
        return [(name, row[0], int(row[1]), row[2]) for row in rows]

    totals = {(place, year): value for _, place, year, value in known("ghg_total_1y_edgar")}
    broken = worked_out(platform, [*sorted(left), *known("ndc_gap_1y_rus_2030_edgar")], "edgar_ghg")
    assert len(broken) > 20
    assert all(value == pytest.approx(totals[one], rel=1e-9) for one, value in broken.items())


def test_every_absolute_number_of_rows_that_are_kept_is_kept_back() -> None:
    """What leaves of a table of countries that may not be passed on is a ratio, in per cent or of years."""
    seeds = load_seeds()
    of_countries = [
        i for i in seeds.indicators.values() if i.function.partition(".")[0] in ("commitments", "country_years")
    ]
    held = {i.id for i in of_countries if kept_back(seeds, i)}
    assert {"ndc_gap_1y_aze_2030_edgar", "ndc_gap_1y_kaz_2030_primap_ar4", "ghg_per_head_1y_edgar"} <= held
    for one in of_countries:
        licensed = any(not seeds.datasets[given.dataset].redistributable for given in one.inputs)
        if licensed and one.id not in held:
            assert one.units in ("percent", "percent year-1"), one.id
        assert licensed or one.id not in held, one.id
