"""What the doctor says: one finding, with its severity and its remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from caspian_env.workflows.outcome import FAILED, OK, PARTIAL

SEVERITIES = ("ok", "note", "warning", "error")


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's result on one subject; an ``ok`` or a ``note`` asks for nothing."""

    severity: str
    check: str
    subject: str
    message: str
    remedy: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def exit_code_of(findings: Iterable[Finding]) -> int:
    """1 for an error, 3 for a warning, 0 otherwise."""
    severities = {finding.severity for finding in findings}
    return FAILED if "error" in severities else PARTIAL if "warning" in severities else OK
