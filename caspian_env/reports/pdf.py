"""A report as PDF, laid out by typst: the same report gives the same bytes, and no clock and no network is asked.

The template ``templates/report.typ`` reads nothing but what ``printed`` says; the only type is the cut of Noto Sans in
``type/``, embedded in the file. The file is tagged and archivable (PDF/UA-1 and PDF/A-2a) where the report has a date.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from caspian_env.errors import SettingsError
from caspian_env.reports import fonts, printed
from caspian_env.reports.model import Report
from caspian_env.reports.page import without_bare_rates

HERE = Path(__file__).parent
# The moment that metadata gives as that of writing; the document's date is that of what it shows.
NO_CLOCK = 0


def require_typst() -> None:
    """SettingsError where the package that lays out PDF is not installed."""
    if find_spec("typst") is None:
        raise SettingsError("--format pdf", "needs the package typst", 'pip install "caspian-env[pdf]"')


def file_name(report: Report) -> str:
    """The name of the PDF: that of the page with another ending."""
    mark = "-synthetic" if report.synthetic else ""
    language = "" if report.language == "en" else f".{report.language}"
    return f"{report.id}{mark}{language}.pdf"


def build_pdf(report: Report) -> bytes:
    """The report as PDF with page numbers, real tables, figures as vectors and numbered sources.

    Raises
    ------
    SettingsError
        When typst is not installed.
    """
    require_typst()
    import typst

    told = printed.told(without_bare_rates(report))
    # PDF/A asks for a date; a report that shows nothing yet has none.
    standards: list[typst.PDFStandard] = ["ua-1", "a-2a"] if told["date"] else ["ua-1"]
    compiler = typst.Compiler(
        (HERE / "templates" / "report.typ").read_bytes(),
        root=str(HERE / "templates"),
        font_paths=typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts.PRINT_FILE.parent)]
        ),
        sys_inputs={"report": json.dumps(told, ensure_ascii=False)},
    )
    made = compiler.compile(format="pdf", pdf_standards=standards, timestamp=NO_CLOCK)
    return made if isinstance(made, bytes) else b"".join(made or ())
