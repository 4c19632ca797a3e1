"""What the doctor says: one finding, with its severity and its remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from caspian_env.workflows.outcome import FAILED, OK, PARTIAL


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's result on one subject; an ``ok`` or a ``note`` asks for nothing.

    ``cause`` is what it has in common with others of its check, '' where it stands alone.
    """

    severity: str
    check: str
    subject: str
    message: str
    remedy: str = ""
    cause: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def gathered(findings: Iterable[Finding]) -> list[Finding]:
    """One finding in place of all that have their severity, check and cause in common, which names their subjects.

    A host that is down concerns all its datasets: that is one thing to see to. It stands where the first of them stood.
    """
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for number, one in enumerate(findings):
        key = (one.severity, one.check, one.cause) if one.cause else (str(number),)
        groups.setdefault(key, []).append(one)
    return [_together(group) if len(group) > 1 else group[0] for group in groups.values()]


def _together(group: list[Finding]) -> Finding:
    first, names = group[0], ", ".join(one.subject for one in group)
    remedy = first.remedy.replace(f"ingest {first.subject}", "run")  # which asks all of them
    return replace(first, subject=names, message=first.cause, remedy=remedy)


def exit_code_of(findings: Iterable[Finding]) -> int:
    """1 for an error, 3 for a warning, 0 otherwise."""
    severities = {finding.severity for finding in findings}
    return FAILED if "error" in severities else PARTIAL if "warning" in severities else OK
