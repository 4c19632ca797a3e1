"""The doctor looks around: disk space and its forecast, the clock, settings and keys, and whether hosts answer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from caspian_env.catalog.health import archive_growth, latest_moment
from caspian_env.errors import NotPublished, RefusedAnswer, TransportError
from caspian_env.formats.disk import MAKE_ROOM, NO_ROOM_BYTES
from caspian_env.model import Dataset
from caspian_env.notify import wrong_channels
from caspian_env.wiring import Platform
from caspian_env.workflows.examine_data import megabytes
from caspian_env.workflows.finding import Finding
from caspian_env.workflows.keys import awaited_regions

LEAST_BYTES, LEAST_SHARE = 1_000_000_000, 0.02
LEAST_DAYS = 90  # to buy and build in a disk
LOOK_BACK, LEAST_LOOK_BACK = timedelta(days=90), timedelta(days=7)
AHEAD = timedelta(minutes=5)
DAY = timedelta(days=1)
HOST_SECONDS, HOST_BYTES = 15.0, 1_000_000


def check_disk(platform: Platform, *, growth: bool = True) -> Iterator[Finding]:
    """Free space on every disk the platform writes to, and when the archive will have used its own at its present rate."""
    settings, database = platform.settings, platform.catalog.file
    of_archive = _there(settings.archive)
    places = [settings.home, settings.archive, settings.home / "cubes", settings.reports]
    disks = {
        _there(place).stat().st_dev: _there(place) for place in reversed([*places, *([database] if database else [])])
    }
    for folder in reversed(disks.values()):
        rate = _bytes_a_day(platform) if growth and folder.stat().st_dev == of_archive.stat().st_dev else None
        yield _room(folder, rate, growth)


def _room(folder: Path, rate: float | None, growth: bool) -> Finding:
    usage = shutil.disk_usage(folder)
    said = f"{megabytes(usage.free)} free"
    if not os.access(folder, os.W_OK):
        remedy = "mount the disk for writing, or give this user the right to write there"
        return Finding("error", "disk", str(folder), f"nothing can be written here; {said}", remedy)
    days = usage.free / rate if rate else None
    if rate:
        said += f"; the archive grows by {megabytes(rate)} a day, which is enough for {min(days or 0, 99_999):.0f} days"
    elif growth:
        said += "; nothing was collected for long enough to say how the archive grows"
    if usage.free < NO_ROOM_BYTES:
        return Finding("error", "disk", str(folder), f"the disk is full: {said}", MAKE_ROOM)
    scarce = usage.free < min(LEAST_BYTES, LEAST_SHARE * usage.total) or (days is not None and days < LEAST_DAYS)
    remedy = "caspian-env archive prune; then a larger disk" if scarce else ""
    return Finding("warning" if scarce else "ok", "disk", str(folder), said, remedy)


def _there(place: Path) -> Path:
    """A folder that is there: the place itself, or the nearest one above it."""
    return next(folder for folder in (place, *place.absolute().parents) if folder.is_dir())


def check_clock(platform: Platform) -> Iterator[Finding]:
    """Whether the catalog knows of a time that this machine has not reached yet."""
    with platform.catalog.read() as connection:
        latest = latest_moment(connection)
    now = platform.clock()
    if latest is not None and latest > now + AHEAD:
        message = f"it is {now:%F %H:%M} UTC here, but the catalog holds entries of {latest:%F %H:%M} UTC"
        yield Finding(
            "error",
            "clock",
            "clock",
            message,
            "set the clock (NTP); wait until it has passed that time before collecting",
        )
    else:
        yield Finding("ok", "clock", "clock", f"{now:%F %H:%M} UTC, later than every entry of the catalog")


def check_settings(platform: Platform) -> Iterator[Finding]:
    """Settings and keys: present or not, never shown."""
    settings, name = platform.settings, "settings"
    yield from _keys(platform)
    yield from _unnamed(platform)
    if not settings.contact:
        remedy = "set CASPIAN_ENV_CONTACT, so that a provider can write to you before it blocks you"
        yield Finding("note", name, "CASPIAN_ENV_CONTACT", "is not set", remedy)
    if settings.mirror:
        yield Finding("note", name, "CASPIAN_ENV_MIRROR", "is set: a mirror is read and no provider is asked",
                      "unset it to ask the providers")  # fmt: skip
    if settings.smtp_url and not settings.alert_to:
        yield Finding(
            "warning", name, "CASPIAN_ENV_ALERT_TO", "is not set, so nobody gets the e-mails", "name the recipients"
        )
    wrong = list(wrong_channels(settings.smtp_url, settings.webhook_url))
    for error in wrong:
        problem = f"{error.problem}, so nobody is told of alerts this way"
        yield Finding("warning", name, error.subject, problem, error.remedy)
    if wrong:
        return
    channels = [word for word, given in (("e-mail", settings.smtp_url), ("webhook", settings.webhook_url)) if given]
    yield Finding("ok", name, "alerts", f"are told by {' and '.join([*channels, 'caspian-env alerts'])}")


def _unnamed(platform: Platform) -> Iterator[Finding]:
    """What the institute declared itself, and its list of datasets leaves out: mostly forgotten, so worth a line."""
    chosen = platform.settings.datasets
    own = [one.id for one in platform.seeds.datasets.values() if one.theme == "local" and one.state == "active"]
    if chosen and (left := [name for name in own if name not in chosen]):
        are = "is" if len(left) == 1 else "are"
        it = "it" if len(left) == 1 else "them"
        message = f"{are} declared in {platform.settings.own_files.name}/, and no run collects {it}"
        remedy = (
            f"name {it} in CASPIAN_ENV_DATASETS (datasets in caspian-env.toml), or in caspian-env ingest ID each time"
        )
        yield Finding("note", "settings", ", ".join(left), message, remedy)


def _keys(platform: Platform) -> Iterator[Finding]:
    """A line for each key that a dataset collected here asks for; with a mirror no key is used, so none is missing."""
    settings, name = platform.settings, "settings"
    asked = {dataset.key.setting for dataset in platform.seeds.datasets.values() if dataset.key}
    wanted: dict[str, list[Dataset]] = {}
    for dataset in platform.collected():
        if dataset.key and not awaited_regions(platform, dataset.locations):
            wanted.setdefault(dataset.key.setting, []).append(dataset)
    for key, datasets in wanted.items():
        served = ", ".join(dataset.id for dataset in datasets)
        if key in settings.keys:
            yield Finding("ok", name, f"CASPIAN_ENV_{key}", f"is set, for {served}")
        elif not settings.mirror:
            how = "; ".join(dict.fromkeys(dataset.key.how_to_get for dataset in datasets if dataset.key))
            are = "is" if len(datasets) == 1 else "are"
            yield Finding("note", name, f"CASPIAN_ENV_{key}", f"is not set, so {served} {are} not collected", how)
    for key in sorted(set(settings.keys) - asked):
        yield Finding(
            "note", name, f"CASPIAN_ENV_{key}", "is set, but no dataset asks for it", "look for a slip in the name"
        )


def check_hosts(platform: Platform) -> Iterator[Finding]:
    """Whether every host of the active datasets answers at all; one request each, 15 seconds at the most.

    Where a mirror is read no provider is asked: then it is the mirror that answers or not, for all of them.
    """
    served: dict[str, list[str]] = {}
    for dataset in platform.collected():
        for host in dataset.hosts:
            if host.startswith("http"):
                served.setdefault(host, []).append(dataset.id)
    asked, remedy = {host: host for host in served}, "look at network, proxy and the provider's page"
    if platform.settings.mirror and served:
        mirror = _without_password(platform.settings.mirror)
        asked, remedy = {mirror: next(iter(served))}, "look at the network, and whether the mirror is up"
        served = {mirror: list(dict.fromkeys(name for names in served.values() for name in names))}
    with ThreadPoolExecutor(8) as workers:
        answers = list(workers.map(lambda address: _problem_of(platform, address), asked.values()))
    for host, problem in zip(asked, answers, strict=True):
        if problem:
            yield Finding("warning", "hosts", host, f"{problem} (for {', '.join(served[host])})", remedy)
        else:
            yield Finding("ok", "hosts", host, "answers")


def _without_password(mirror: str) -> str:
    """A mirror as it may be shown: the folder, or scheme and host of the address."""
    parts = urlsplit(mirror)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if "://" in mirror else mirror


def _problem_of(platform: Platform, host: str) -> str:
    """What is wrong with a host, '' when it answers anything: its base address need not be a page."""
    try:
        with platform.transport.get(host, max_bytes=HOST_BYTES, deadline_seconds=HOST_SECONDS):
            return ""
    except NotPublished:
        return ""
    except RefusedAnswer as error:
        return error.problem if "certificate" in error.problem else ""
    except TransportError as error:
        return error.problem


def _bytes_a_day(platform: Platform) -> float | None:
    now = platform.clock()
    with platform.catalog.read() as connection:
        grown, first = archive_growth(connection, now - LOOK_BACK)
    if first is None or now - first < LEAST_LOOK_BACK:
        return None
    return grown / (min(now - first, LOOK_BACK) / DAY) or None
