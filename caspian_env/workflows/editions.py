"""Editions of one product that lie at several addresses: the newest wins, and an older one never follows a newer.

A source whose files say which edition they are puts it into ``attrs["edition"]``: a date, a year or a version number.
It is recorded at the end of the granule's product version, so that the next collection knows how far we are. Two
editions are compared number by number: 2024 lies before 2024-09-05, and 2.6.1 before 2.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from caspian_env.archive import Kept
from caspian_env.catalog.provenance import NO_NEWER_EDITION, latest_known
from caspian_env.errors import BackwardsKnowledge, BadGranule, OlderEdition, SettingsError
from caspian_env.model import Dataset, Source, as_utc
from caspian_env.transport import Answer
from caspian_env.wiring import Platform

if TYPE_CHECKING:
    import xarray as xr

Order = tuple[int, ...]

_RECORDED = re.compile(r"(?:^|, )edition (\d[\d.-]*)$")


@dataclass(frozen=True, slots=True)
class Arrived:
    """New bytes from one address, and whether an address before it has answered too."""

    answer: Answer
    kept: Kept
    after_another: bool


def product_version(raw: xr.Dataset, dataset: Dataset) -> str | None:
    """What is recorded as the product version: that of the file or the seed, and the edition."""
    version, edition = raw.attrs.get("product_version") or dataset.product_version, raw.attrs.get("edition")
    return ", ".join(filter(None, (version, edition and f"edition {edition}"))) or None


def refuse_older(version: str | None, known: Iterable[str], *, dataset: str, after_another: bool) -> None:
    """Raise OlderEdition if a newer edition is known, or the same one has come from an address that goes first."""
    stated = edition_of(version)
    newest = max((edition_of(one) for one in known), default="", key=in_order)
    if not stated or not newest:
        return
    if in_order(stated) < in_order(newest) or (after_another and in_order(stated) == in_order(newest)):
        problem = f"edition {stated} is {NO_NEWER_EDITION} {newest}, which is known"
        raise OlderEdition(dataset, problem, "import archived editions with --known-at, oldest first")


def known_by(known_at: datetime | None, now: datetime) -> datetime | None:
    """When an archived edition became known, in UTC; None where it is learnt now.

    Raises
    ------
    SettingsError
        When that is in the future: everything learnt until then would be older than what is known.
    """
    known = as_utc(known_at) if known_at else None
    if known and known > now:
        problem = f"{known:%F %H:%M} UTC is in the future; it is {now:%F %H:%M} UTC"
        raise SettingsError("--known-at", problem, "give the day on which the edition was had")
    return known


def known_after_all(platform: Platform, dataset: Dataset, known_at: datetime | None) -> datetime | None:
    """The same as `known_by`, where nothing newer is known of the dataset; BackwardsKnowledge where something is."""
    known = known_by(known_at, platform.clock())
    if known is None:
        return None
    with platform.catalog.read() as connection:
        latest = latest_known(connection, dataset.id)
    if latest is not None and known < latest:
        raise BackwardsKnowledge(
            dataset.id,
            f"an edition of {known:%F} lies behind what is known since {latest:%F}",
            "import archived editions oldest first, before newer ones",
        )
    return known


def newest_first(arrived: list[Arrived], source: Source) -> list[Arrived]:
    """The same, the newest edition first; those that cannot be read come last, to be set aside with their reason."""
    if len(arrived) < 2:
        return arrived
    return sorted(arrived, key=lambda one: in_order(_edition_inside(one, source)), reverse=True)


def edition_of(version: str | None) -> str:
    """The edition in a recorded product version, '' where it names none."""
    found = _RECORDED.search(version or "")
    return found.group(1) if found else ""


def in_order(edition: str) -> Order:
    """The numbers by which editions are compared."""
    return tuple(int(number) for number in re.findall(r"\d+", edition))


def _edition_inside(one: Arrived, source: Source) -> str:
    try:
        return str(source.read_granule(one.kept.path).attrs.get("edition", ""))
    except BadGranule:
        return ""
    except Exception:  # damaged bytes: they are read once more, and refused with what was wrong
        return ""
