"""The doctor: every check in its order, each finding with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from caspian_env.errors import CaspianError
from caspian_env.wiring import Platform
from caspian_env.workflows import examine_data, examine_database, examine_surroundings
from caspian_env.workflows.finding import Finding

Progress = Callable[[str, int, int], None]


def doctor(
    platform: Platform, *, deep: bool = False, network: bool = False, progress: Progress | None = None
) -> list[Finding]:
    """Examine database, archive, runs, sources, disk, clock and settings; nothing is changed.

    Parameters
    ----------
    deep : bool
        Whether to read every archived byte, and every index of a large SQLite file.
    network : bool
        Whether to ask the hosts of the datasets if they answer.
    """
    findings = _checked("schema", platform.catalog.name, lambda: examine_database.check_schema(platform))
    usable = not any(finding.severity == "error" for finding in findings)
    checks: list[tuple[str, Callable[[], Iterable[Finding]]]] = []
    if usable:
        checks = [
            ("integrity", lambda: examine_database.check_integrity(platform, deep=deep)),
            ("schema", lambda: examine_database.check_views_and_triggers(platform)),
            ("writing", lambda: examine_database.check_writing(platform)),
            ("leases", lambda: examine_database.check_leases(platform)),
            ("runs", lambda: examine_database.check_runs(platform)),
            ("archive", lambda: examine_data.check_archive(platform, deep=deep, progress=progress)),
            ("sources", lambda: examine_data.check_sources(platform)),
            ("sources", lambda: examine_data.check_preliminary(platform)),
            ("clock", lambda: examine_surroundings.check_clock(platform)),
        ]
    checks += [
        ("disk", lambda: examine_surroundings.check_disk(platform, growth=usable)),
        ("settings", lambda: examine_surroundings.check_settings(platform)),
    ]
    if network:
        checks.append(("hosts", lambda: examine_surroundings.check_hosts(platform)))
    for name, check in checks:
        findings += _checked(name, name, check)
    return findings


def _checked(name: str, subject: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """The findings of one check; one that cannot be made is a finding, and the others go on."""
    return list(_caught(name, subject, check))


def _caught(name: str, subject: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except CaspianError as error:
        yield Finding("error", name, error.subject, error.problem, error.remedy)
    except Exception as error:
        # What is broken can break in any way, e.g. a database file that is none; the other checks must still be made.
        line = " ".join(str(error).split())[:160]
        yield Finding(
            "error",
            name,
            subject,
            f"could not be examined: {type(error).__name__}: {line}",
            "look at this part by hand",
        )
