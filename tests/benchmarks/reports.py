"""How long a large report takes in four languages, beside its charts alone.

``python -m tests.benchmarks.reports [--out FILE.md]`` takes two minutes. Nothing here is a test that depends on the clock.
"""

from __future__ import annotations

import argparse
import os
import platform as machine
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from caspian_env.reports import charts
from caspian_env.reports.model import Figure, Report, Section
from caspian_env.workflows.report_files import BY_DEFAULT, all_formats, files_of
from tests.reports.synthetic_bulletin import altimetry, bulletin, reported, surface, utc, value

from .sections import write_section
from .timing import Comparison, cost, take_turns

TITLE = "A large report in four languages"
LANGUAGES = ("en", "ru", "kk", "az")
VALUES, CHARTS = 200, 12
AT_MOST = 5.0
METHOD = """\
Measured on {date} by `python -m tests.benchmarks.reports` on {machine}.

- A synthetic report of {values} indicator values, each the newest of its place and so a row of the page, with {charts} charts
  of every kind, is built from its model into files in {languages} languages, and takes turns with its charts alone.
- The charts alone are drawn once, in one language, each wide and narrow as the page holds it. The report draws them anew in
  each language, once for page and PDF, so that 4 is about the least that it can be.
- Seconds of CPU are counted, of all threads; reading the catalog and writing the disk are not in it.
- The ratio is the median over {repeats} rounds, with the smallest and largest in brackets."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the same as a part of a file where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", type=int, default=VALUES)
    parser.add_argument("--charts", type=int, default=CHARTS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="Markdown file to write into")
    chosen = parser.parse_args(arguments)
    text = measure(chosen)
    sys.stdout.write(f"# {TITLE}\n\n{text}")
    if chosen.out:
        write_section(chosen.out, TITLE, text)
    return 0


def large_report(n_values: int = VALUES, n_charts: int = CHARTS) -> Report:
    """A synthetic report with as many numbers in one table, and charts of every kind in turn."""
    shown = tuple(
        value(f"synthetic_{n}", title=f"Synthetic indicator {n}", value=-28.0 - n / 100) for n in range(n_values)
    )
    monthly = altimetry(resolution="P1M", times=tuple(utc(2003 + n // 12, n % 12 + 1) for n in range(210)),
                        values=altimetry().values + (-28.0,) * 8, std_uncertainty=(0.05,) * 210, status=("final",) * 210,
                        qc_flags=(1,) * 210, granule_sha256=())  # fmt: skip
    kinds = (
        {"kind": "level", "lines": (altimetry(), reported())},
        {"kind": "lines", "lines": (surface("North Caspian", 11.5), surface("South Caspian", 17.6))},
        {"kind": "stripes", "title": "Stripes", "lines": (surface("Middle Caspian", 13.9),)},
        {"kind": "cycle", "title": "By month", "lines": (monthly,)},
        {"kind": "intervals", "values": shown[:6]},
    )
    figures = tuple(Figure(id=f"figure-{n}", **kinds[n % len(kinds)]) for n in range(n_charts))
    sections = (
        Section(id="charts", heading="Charts", figures=figures),
        Section(id="numbers", heading="Numbers", values=shown),
    )
    return bulletin(values=shown, refusals=(), sections=sections)


def measure(chosen: argparse.Namespace) -> str:
    """The account of one measurement, in Markdown."""
    report = large_report(chosen.values, chosen.charts)
    everything = all_formats()
    calls = {
        "charts": lambda _: drawn(report), "pages": lambda _: built(report, BY_DEFAULT),
        "all": lambda _: built(report, everything),
    }  # fmt: skip
    for call in calls.values():
        call(0)  # imports and fonts
    seconds = take_turns(calls, chosen.repeats)
    compared = [
        cost("pages and CSV", seconds, "pages", "charts", at_most=AT_MOST),
        cost(f"every format ({', '.join(everything)})", seconds, "all", "charts"),
    ]
    said = METHOD.format(
        date=f"{datetime.now(UTC):%F}", machine=_machine(), values=chosen.values, charts=chosen.charts,
        languages=len(LANGUAGES), repeats=chosen.repeats,
    )  # fmt: skip
    return f"{said}\n\n{_table(compared)}\n"


def drawn(report: Report) -> float:
    """Draw the charts of a report once; seconds of CPU."""
    begun = time.process_time()
    for figure in report.figures:
        charts.draw.__wrapped__(report, figure)
    return time.process_time() - begun


def built(report: Report, formats: Sequence[str]) -> float:
    """Make the files of a report in every language; seconds of CPU."""
    charts.draw.cache_clear()
    begun = time.process_time()
    files = files_of([replace(report, language=language) for language in LANGUAGES], formats)
    assert len(files) >= len(LANGUAGES)
    return time.process_time() - begun


def _table(compared: Sequence[Comparison]) -> str:
    rows = [("what", "ours", "peer", "ratio", "target", ""), ("---",) * 6, *(one.cells() for one in compared)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _machine() -> str:
    cores = f"{os.cpu_count()} shared cores ({machine.machine()})"
    used = [f"{name} {version(name)}" for name in ("matplotlib", "jinja2", "typst")]
    return ", ".join([cores, machine.system(), f"Python {machine.python_version()}", *used])


if __name__ == "__main__":
    sys.exit(main())
