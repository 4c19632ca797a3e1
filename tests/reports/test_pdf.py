"""The printed report: the same bytes each time, its own type, numbered sources, and no cell that runs into the next."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from caspian_env.errors import SettingsError
from caspian_env.reports import pdf, printed
from caspian_env.reports.model import Report, Section, Table
from caspian_env.reports.pdf import build_pdf
from caspian_env.workflows.report_files import check_formats
from tests.reports.synthetic_bulletin import bulletin, genuine

WORD = re.compile(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>')
LEFT, RIGHT = 56.0, 539.0  # margins of the page in points, with a point to spare
TURNED = 10.36  # height of a line of an axis label in points
Box = tuple[float, float, float, float, str]


def poppler(name: str, *words: str) -> str:
    if shutil.which(name) is None:
        pytest.skip(f"{name} (poppler-utils) is not installed")
    return subprocess.run([name, *words], capture_output=True, text=True, check=True).stdout


def pages(content: bytes, folder: Path) -> Iterator[list[Box]]:
    """The words of each page with their boxes."""
    (folder / "report.pdf").write_bytes(content)
    told = poppler("pdftotext", "-bbox", str(folder / "report.pdf"), "-")
    for page in told.split("<page ")[1:]:
        yield [(float(a), float(b), float(c), float(d), word) for a, b, c, d, word in WORD.findall(page)]


def words_of(content: bytes, folder: Path) -> str:
    return " ".join(word for page in pages(content, folder) for *_, word in page)


def upright(words: list[Box]) -> list[Box]:
    """The words without the labels that are turned by the side of an axis: each is as wide as a line is high."""
    return [box for box in words if not (box[0] < 80 and abs(box[2] - box[0] - TURNED) < 0.1)]


def crossed(words: list[Box]) -> list[tuple[str, str]]:
    """Pairs of words on one line that cover each other."""
    return [
        (a[4], b[4])
        for i, a in enumerate(words)
        for b in words[i + 1 :]
        if min(a[2], b[2]) - max(a[0], b[0]) > 0.5
        and min(a[3], b[3]) - max(a[1], b[1]) > 0.45 * min(a[3] - a[1], b[3] - b[1])
    ]


def tables_only(language: str, *rows: tuple[str, ...]) -> Report:
    head = tuple(f"head {i}" for i in range(len(rows[0])))
    table = Table(id="long", caption="Long words", head=head, rows=rows)
    return replace(
        bulletin(), language=language, sections=(Section(id="one", heading="One", tables=(table,)),), values=()
    )


@pytest.mark.parametrize("language", ["en", "kk"])
def test_the_same_report_is_the_same_bytes_in_another_process(language: str, tmp_path: Path) -> None:
    program = (
        "import sys; from dataclasses import replace; from caspian_env.reports.pdf import build_pdf;"
        "from tests.reports.synthetic_bulletin import bulletin;"
        "sys.stdout.buffer.write(build_pdf(replace(bulletin(), language=sys.argv[1])))"
    )
    root = Path(__file__).resolve().parents[2]
    again = subprocess.run([sys.executable, "-c", program, language], cwd=root, capture_output=True, check=True).stdout
    assert build_pdf(replace(bulletin(), language=language)) == again
    assert again.startswith(b"%PDF-")


def test_its_type_is_the_cut_of_the_package_and_is_embedded(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(build_pdf(bulletin()))
    lines = poppler("pdffonts", str(tmp_path / "report.pdf")).splitlines()[2:]
    assert lines
    for line in lines:
        assert "NotoSans" in line
        assert re.search(r"Identity-H\s+yes yes yes", line)


def test_its_figures_are_vectors_with_words_that_can_be_searched(tmp_path: Path) -> None:
    text = words_of(build_pdf(bulletin()), tmp_path)
    assert poppler("pdfimages", "-list", str(tmp_path / "report.pdf")).splitlines()[2:] == []
    assert "1977 minimum −29.01 m" in text  # stands in the drawing alone


def test_it_has_a_title_a_date_tags_and_no_program_inside(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(build_pdf(bulletin()))
    told = poppler("pdfinfo", str(tmp_path / "report.pdf"))
    for line in (
        r"Title: +Caspian Sea monthly bulletin",
        "CreationDate: .*Nov 25 .*2026",
        "Tagged: +yes",
        "JavaScript: +no",
    ):
        assert re.search(line, told)


@pytest.mark.parametrize("language", ["en", "ru", "kk", "az"])
def test_no_word_covers_another_or_leaves_the_page(language: str, tmp_path: Path) -> None:
    found = list(pages(build_pdf(replace(bulletin(), language=language)), tmp_path))
    assert len(found) > 3
    for words in map(upright, found):
        assert len(words) > 20  # a page that holds next to nothing is a fault of the layout
        assert crossed(words) == []
        assert [box for box in words if box[0] < LEFT or box[2] > RIGHT] == []


@pytest.mark.parametrize(
    "rows",
    [
        (("mole_fraction_of_carbon_dioxide_in_air_deseasonalised",) * 5,),
        (("https://data.example/a/very/long/address/of/one/file.nc?with=questions&more=answers", "final", "1 234") * 3,),
        (("Сейсмотектоникалықтұжырымдамалардыңбірлескендігінен", "x") * 4,),
        (("Metallurgiyasənayesindəkilərdən",) * 9,),
    ],
)  # fmt: skip
def test_long_words_stay_in_their_cells(rows: tuple[tuple[str, ...], ...], tmp_path: Path) -> None:
    for words in pages(build_pdf(tables_only("az", *rows)), tmp_path):
        assert crossed(words) == []
        assert [box for box in words if box[2] > RIGHT] == []


def test_what_is_printed_can_be_copied_without_marks_of_breaking(tmp_path: Path) -> None:
    text = words_of(build_pdf(bulletin()), tmp_path)
    assert printed.BREAK not in text
    assert f"sha256 {'1'.rjust(64, 'a')}" not in text
    assert f"sha256 {'0000'.rjust(64, 'a')}" in text


def test_sources_are_numbered_and_numbers_point_to_them(tmp_path: Path) -> None:
    text = words_of(build_pdf(genuine()), tmp_path)
    assert "[1] Title of nasa_gwm_lake" in text
    assert "[2] Title of dahiti_water_level" in text
    assert re.search(r"Datum of DAHITI target 39 \[2\]", text)
    assert "SYNTHETIC" not in text


def test_invented_and_preliminary_numbers_say_so_on_every_page(tmp_path: Path) -> None:
    for words in pages(build_pdf(bulletin()), tmp_path):
        text = " ".join(word for *_, word in words)
        assert "SYNTHETIC DEMONSTRATION DATA" in text
        assert re.search(r"\d+ / \d+", text)
    assert "preliminary" in words_of(build_pdf(genuine()), tmp_path)


def test_without_the_package_the_call_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r'needs the package typst \(pip install "caspian-env\[pdf\]"\)'):
        check_formats(["pdf"])
    assert check_formats() == ["html", "csv"]


def test_words_of_a_report_are_no_orders_to_the_typesetter(tmp_path: Path) -> None:
    report = replace(bulletin(), title='#panic("x") *a* $1$ <b> "quoted" \\ @ref', values=(), sections=())
    assert '#panic("x") *a* $1$' in words_of(build_pdf(report), tmp_path).replace("&quot;", '"')
