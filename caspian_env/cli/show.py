"""How answers look on a terminal: tables that fit, progress that stays out of pipes, one line on what to do next."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TextIO

import typer

from caspian_env.cli.fitting import as_pairs, drawn, fit, is_squeezed

if TYPE_CHECKING:
    from rich.console import Console

    from caspian_env.catalog.engine import Catalog
    from caspian_env.workflows.outcome import Outcome
    from caspian_env.workflows.run import Summary

Progress = Callable[[str, int, int], None]
MANY_NOTES, MANY_PROBLEMS = 6, 12
LAST_SECONDS = 300.0  # that a pace and an estimate look back on


def console() -> Console:
    """Standard output for what is drawn by rich, whose import a table is not kept waiting for."""
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False, width=None if sys.stdout.isatty() else 160)


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Progress | None]:
    """A bar on standard error while long work goes on; nothing where that is not the terminal of this process."""
    if quiet or not _is_in_front():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    pace = Pace()
    with Bar(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=LAST_SECONDS) as bar:
        task = bar.add_task("starting", total=None, rate="")
        yield lambda subject, done, total: bar.update(
            task, description=subject, completed=done, total=total, rate=pace.of(subject, done)
        )


@dataclass(slots=True)
class Pace:
    """How fast a subject went in the last minutes, in words; it begins anew with each subject."""

    clock: Callable[[], float] = time.monotonic
    subject: str = ""
    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def of(self, subject: str, done: int) -> str:
        """The pace of a subject by now; nothing before there is one."""
        if subject != self.subject:
            self.subject = subject
            self.seen.clear()
        now = self.clock()
        self.seen.append((now, done))
        while self.seen[0][0] < now - LAST_SECONDS and len(self.seen) > 2:
            self.seen.popleft()
        begun, first = self.seen[0]
        if done <= first or now <= begun:
            return ""
        rate = (done - first) / (now - begun)
        return f"{rate:.1f}/s" if rate >= 1 else f"{60 * rate:.1f}/min"


def _is_in_front() -> bool:
    """Whether standard error is a terminal and not that of others: a job in the background or of the service is silent."""
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except OSError:
        return False


def print_json(answer: Any) -> None:
    """An answer a script can read."""
    typer.echo(json.dumps(answer, indent=2, default=_plain, allow_nan=False, ensure_ascii=False))


def show_table(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
    """A table; the columns named in ``right`` hold numbers. Without any heading there is no line of headings.

    On a terminal it is made to fit, and what all its rows repeat may stand in a line above it. In a pipe each row is one line
    (but for breaks in its cells), so that it can be searched and sorted. Where no table fits, each row is a list of its cells.
    """
    texts = [["" if cell is None else _cell(cell) for cell in row] for row in rows]
    room = _room(sys.stdout)
    table = fit(headings, texts, [heading in right for heading in headings], room)
    if room and is_squeezed(table, headings, texts, room):
        typer.echo("\n".join(as_pairs(headings, texts, room)))
        return
    if table.said:
        say(table.said)
    lines = drawn(table)
    if any(headings):
        n = max(heading.count("\n") + 1 for heading in table.headings)
        lines[:n] = [typer.style(line, bold=True) for line in lines[:n]]
    typer.echo("\n".join(lines))  # which leaves out what is bold where nobody sees it


def say(text: str, *, err: bool = False) -> None:
    """Text for a person: on a terminal its lines are broken between words where that is narrower, in a pipe they are left.

    What goes on is set in. Addresses and names of files are never broken, so that they can be copied.
    """
    room = _room(sys.stderr if err else sys.stdout)
    for line in text.split("\n"):
        pieces = [line]
        if room and len(line) > room:
            inset = " " * (len(line) - len(line.lstrip()) + 2)
            pieces = wrap(line, room, subsequent_indent=inset, break_long_words=False, break_on_hyphens=False)
        typer.echo("\n".join(pieces), err=err)


def _room(stream: TextIO) -> int | None:
    """Columns of the terminal; None where a stream is none."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def show_summary(summary: Summary, catalog: Catalog, home: Path | None = None) -> None:
    """What a run did, what is missing, and where to look next; ``home`` if it has to be named to find it again."""
    reported = [summary.reported] if summary.reported.problems else []
    show_outcomes([*summary.collected, summary.cubes, summary.computed, *reported])
    say("" if summary.changed else "nothing new: no observation, granule, cube part or indicator was added")
    show_files(summary.report)
    say(f"database  {_short(catalog.file) if catalog.file else catalog.name}")
    page = next((path for path in summary.report if path.suffix == ".html"), None)
    if summary.exit_code:
        say(
            "next: caspian-env doctor names a remedy for what is marked ! above; caspian-env run again repairs what it can"
        )
    elif page:
        ask = "caspian-env indicator sl_mean_1y_dahiti" + (f" --home {_short(home)}" if home else "")
        say(f"next: open {_short(page)} in a browser, or ask: {ask}")


def show_told(outcome: Outcome, *, to_somebody: bool) -> None:
    """What the alert rules found and who was told of it, in one line, and a line for each channel that failed."""
    if outcome.skipped:
        say(f"alerts    not looked at: {outcome.skipped}")
        return
    nobody = "told to nobody: neither CASPIAN_ENV_SMTP_URL nor CASPIAN_ENV_WEBHOOK_URL is set"
    told = ", ".join(outcome.notes) or ("nothing new was told" if to_somebody else nobody)
    counts = f"{outcome.first} new, {outcome.unchanged} go on, {outcome.withdrawn} are over"
    ask = "; caspian-env alerts lists them" if outcome.first + outcome.unchanged else ""
    say(f"alerts    {counts}; {told}{ask}")
    for problem in outcome.problems:
        say(f"! alerts: {problem}")


def show_outcomes(outcomes: Sequence[Outcome]) -> None:
    """One line each, then every problem and note with its subject."""
    names = ("expected", "fetched", "unchanged", "rejected", "new", "revised", "withdrawn")
    show_table(
        ("what", "outcome", *names),
        [
            (o.subject, o.status, o.expected, o.fetched, o.unchanged, o.rejected, o.first, o.revised, o.withdrawn)
            for o in outcomes
        ],
        right=names,
    )
    for outcome in outcomes:
        if outcome.skipped:
            say(f"- {outcome.subject} skipped: {outcome.skipped}")
        for problem in outcome.problems[:MANY_PROBLEMS]:
            say(f"! {outcome.subject}: {problem.removeprefix(f'{outcome.subject}: ')}")  # as errors begin with theirs
        if len(outcome.problems) > MANY_PROBLEMS:
            more = len(outcome.problems) - MANY_PROBLEMS
            say(f"! {outcome.subject}: … and {more} more of the same kind or others (--json shows all)")
        for note in outcome.notes[:MANY_NOTES]:
            say(f"  {outcome.subject}: {note.removeprefix(f'{outcome.subject}: ')}")
        if len(outcome.notes) > MANY_NOTES:
            say(f"  {outcome.subject}: … and {len(outcome.notes) - MANY_NOTES} more notes (--json shows all)")


def show_files(files: Sequence[Path]) -> None:
    """Where the written files are."""
    for path in files:
        say(f"report    {_short(path)}")


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _cell(cell: Any) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else f"{cell:%Y-%m-%d %H:%M}"
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
