"""What forbids to freeze a report: numbers on its page that must not be published as they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from caspian_env.errors import SettingsError, Unpublishable
from caspian_env.reports import text
from caspian_env.reports.model import Report
from caspian_env.reports.moved import KEPT_BACK
from caspian_env.reports.numbers import Refusal, Value, value_id

REASONS = {
    "refused": "its own rule refuses the number",
    "flagged": "an input is suspect or failed quality control",
    "no_uncertainty": "it has neither an interval nor a standard uncertainty",
    "unproven": "its source was never tried on real bytes of the provider",
    "synthetic": "the catalog holds invented demonstration data",
    "missing_bytes": "the archive does not hold the bytes that it rests on",
}
GOOD, NOT_EVALUATED = 1, 2
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that must not be published: the reason as ``--allow`` names it, what it concerns, and why in words."""

    reason: str
    subject: str
    why: str


def obstacles(report: Report, missing: Iterable[str] = ()) -> list[Obstacle]:
    """Everything on the page of a report that forbids to freeze it, in the order of print.

    Only the newest period of each indicator and place is on the page; the older ones are rows of its files, which carry
    flag, status and reason beside each.

    Parameters
    ----------
    missing : iterable of str
        sha256 of bytes that the report rests on and the archive does not hold.
    """
    found = [Obstacle("synthetic", report.id, REASONS["synthetic"])] if report.synthetic else []
    found += [obstacle for value in text.latest(report.values) for obstacle in _of_value(value)]
    found += [
        Obstacle("refused", value_id(r.indicator_id, r.location_id, r.period_start, r.period_end), r.reason)
        for r in _refused_on_page(report)
    ]
    found += [Obstacle("unproven", s.dataset_id, REASONS["unproven"]) for s in report.sources if not s.proven]
    found += [Obstacle("missing_bytes", sha256, REASONS["missing_bytes"]) for sha256 in missing]
    return found


def check_allowed(allow: Sequence[str]) -> None:
    """SettingsError when something is allowed that is no reason; a reason may be followed by ``:SUBJECT``."""
    for one in allow:
        if one.partition(":")[0] not in REASONS:
            raise SettingsError("--allow", f"{one!r} is no reason", f"one of {', '.join(REASONS)}, or REASON:SUBJECT")


def sort_out(report_id: str, found: Sequence[Obstacle], allow: Sequence[str]) -> list[dict[str, str]]:
    """The obstacles that were allowed, to be recorded in the edition.

    Raises
    ------
    Unpublishable
        When there is one that was not allowed; its notes are the obstacles, a line each.
    """
    forbidden = [obstacle for obstacle in found if not _is_allowed(obstacle, allow)]
    if forbidden:
        counts = Counter(obstacle.reason for obstacle in forbidden)
        remedy = f"mend them, or record that it is meant with {' '.join(f'--allow {reason}' for reason in counts)}"
        told = ", ".join(f"{n} {reason}" for reason, n in counts.items())
        error = Unpublishable(report_id, f"must not be frozen: {told}", remedy)
        for reason, n in counts.items():
            mine = [o for o in forbidden if o.reason == reason]
            for one in mine[:SHOWN]:
                error.add_note(f"  {reason}  {one.subject}: {one.why.rstrip('. ')}")
            if n > SHOWN:
                error.add_note(f"  {reason}  and {n - SHOWN} more")
        raise error
    return [asdict(obstacle) for obstacle in found]


def _of_value(value: Value) -> Iterator[Obstacle]:
    if value.qc_flag not in (GOOD, NOT_EVALUATED):
        yield Obstacle("flagged", value.value_id, f"quality flag {text.qc(value.qc_flag)}")
    if value.std_uncertainty is None and value.ci_low is None:
        yield Obstacle("no_uncertainty", value.value_id, REASONS["no_uncertainty"])


def _refused_on_page(report: Report) -> tuple[Refusal, ...]:
    return tuple(one for one in text.latest(report.refusals) if not one.reason.startswith(KEPT_BACK))


def _is_allowed(obstacle: Obstacle, allow: Sequence[str]) -> bool:
    for one in allow:
        reason, _, subject = one.partition(":")
        if reason == obstacle.reason and re.match(
            re.escape(subject) + r"($|[@/])" if subject else "", obstacle.subject
        ):
            return True
    return False
