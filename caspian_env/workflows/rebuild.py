"""Print a frozen report again from the catalog as of its vintage, and compare two editions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caspian_env.catalog.migrate import require_current
from caspian_env.catalog.report_editions import Edition, FileRow, files_of, find_edition
from caspian_env.reports.moved import Moved, moved
from caspian_env.reports.page import without_bare_rates
from caspian_env.settings import VERSION
from caspian_env.wiring import Platform
from caspian_env.workflows.check_report import printed_of
from caspian_env.workflows.edition_store import file_rows
from caspian_env.workflows.freeze import named, printed_rows
from caspian_env.workflows.printed_by import drawn_by, seeds_hash, template_hash
from caspian_env.workflows.report import fill_report, write_files
from caspian_env.workflows.report_files import files_of as printed_files


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The files of an edition printed again: which are the same byte for byte, which are not, and what may be why."""

    edition: Edition
    same: tuple[str, ...]
    different: tuple[str, ...]
    causes: tuple[str, ...]
    written: tuple[Path, ...]

    @property
    def is_same(self) -> bool:
        """Whether every file came out as it was frozen."""
        return not self.different

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "edition": self.edition.id, "identical": self.is_same, "same": self.same, "different": self.different,
            "causes": self.causes, "written": [str(path) for path in self.written],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """What two editions printed otherwise: numbers that moved, and those that only one of them has."""

    old: Edition
    new: Edition
    moved: tuple[Moved, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    made_by: Mapping[str, tuple[str, str]]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "old": self.old.id, "new": self.new.id, "as_of": [self.old.as_of, self.new.as_of],
            "moved": [{"value_id": m.value_id, "kinds": m.kinds, "sentence": m.sentence} for m in self.moved],
            "only_old": self.only_old, "only_new": self.only_new, "made_by": self.made_by,
        }  # fmt: skip


def rebuild(platform: Platform, edition_id: str, *, out: Path | None = None) -> Rebuilt:
    """Print an edition again and compare it with the checksums that were stored when it was frozen.

    Its numbers come from the catalog as of the frozen moment, its words from seeds and templates of this installation;
    no clock and no network is asked. With ``out`` the files are written there, whatever the comparison says.
    """
    require_current(platform.catalog)
    with platform.catalog.read() as connection:
        edition = find_edition(connection, edition_id)
        stored = files_of(connection, edition.id)
        reports = [
            named(
                without_bare_rates(
                    fill_report(connection, platform, edition.report_id, as_of=edition.as_of, language=language)
                ),
                edition,
            )
            for language in edition.languages.split(",")
        ]
        printed = {row.printed_id: row.value_id for row in printed_rows(connection, reports[0], edition.as_of)}
        frozen = {one.value_id: one for one in printed_of(connection, edition.id)}
    files = printed_files(reports, edition.formats.split(","))
    same, different = _compare(stored, file_rows(files))
    causes = _causes(platform, edition, set(printed) ^ set(frozen)) if different else []
    written = write_files(out, files, f"the edition {edition.id}") if out else []
    return Rebuilt(edition, tuple(same), tuple(different), tuple(causes), tuple(written))


def diff(platform: Platform, old_id: str, new_id: str) -> Difference:
    """What the second edition printed otherwise than the first."""
    require_current(platform.catalog)
    with platform.catalog.read() as connection:
        old, new = find_edition(connection, old_id), find_edition(connection, new_id)
        was = {one.value_id: one for one in printed_of(connection, old.id)}
        now = {one.value_id: one for one in printed_of(connection, new.id)}
    both = [one for name, one in was.items() if name in now]
    names = ("code_version", "template_hash", "seeds_hash", "drawn_by", "languages", "formats")
    made_by = {n: (getattr(old, n), getattr(new, n)) for n in names if getattr(old, n) != getattr(new, n)}
    return Difference(
        old, new, tuple(moved(both, now)), tuple(n for n in was if n not in now), tuple(n for n in now if n not in was),
        made_by,
    )  # fmt: skip


def _compare(stored: list[FileRow], made: list[FileRow]) -> tuple[list[str], list[str]]:
    was, now = {file.name: file for file in stored}, {file.name: file for file in made}
    names = sorted(was.keys() | now.keys())
    return [n for n in names if was.get(n) == now.get(n)], [n for n in names if was.get(n) != now.get(n)]


def _causes(platform: Platform, edition: Edition, other_numbers: set[str]) -> list[str]:
    """What differs between then and now of all that a page is made of."""
    found = []
    if edition.code_version != VERSION:
        found.append(f"it was printed by caspian-env {edition.code_version}, this is {VERSION}")
    if edition.template_hash != template_hash():
        found.append("the code or the templates that print are others now")
    if edition.seeds_hash != seeds_hash(platform):
        found.append("the seeds are others now")
    if edition.drawn_by != _libraries():
        found.append(f"the libraries that draw are others now: {_libraries()} instead of {edition.drawn_by}")
    if other_numbers:
        listed = ", ".join(sorted(other_numbers)[:3])
        found.append(f"{len(other_numbers)} numbers are known of that moment that were not, or the other way: {listed}")
    return found or ["none that is recorded: please report this"]


def _libraries() -> str:
    return json.dumps(drawn_by(), sort_keys=True)
