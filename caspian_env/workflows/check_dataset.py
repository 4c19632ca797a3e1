"""Whether a provider keeps what the seed of its dataset promises: one granule fetched, read and compared.

Nothing is written but the account of the check; a first collection is ``ingest``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.checks import record_check
from caspian_env.errors import CaspianError, NotPublished, SettingsError, TransportError, not_among
from caspian_env.formats.mirror_addresses import join_address, public_address
from caspian_env.model import Dataset, Document, GranuleRef, Listing, Window
from caspian_env.processing.durations import later
from caspian_env.processing.promised_cells import WHERE
from caspian_env.transport import Answer, addresses
from caspian_env.wiring import Platform, source_of
from caspian_env.workflows.keys import missing_key, secrets_of
from caspian_env.workflows.observe import Recorded, Weights, observe
from caspian_env.workflows.receive import receive
from caspian_env.workflows.seed import seed

if TYPE_CHECKING:
    import xarray as xr

DEADLINE_SECONDS = 600.0
LOOK_BACK = timedelta(days=60)  # finds a monthly file that is published within a month
SYNTHETIC_NOTE = "SYNTHETIC.txt"
CANDIDATES = 5  # granules that are asked for until one is there
ABSENT = "not published there"


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise of the seed beside what was found; a proof hangs on those about reading, not on punctuality."""

    what: str
    promised: str
    found: str
    kept: bool
    about_reading: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """The account of a check; it passed, and proves the dataset, when every promise about reading is kept."""

    dataset_id: str
    url: str | None
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether the granule is what the reader and the seed expect, however old it is."""
        return all(finding.kept for finding in self.findings if finding.about_reading)

    @property
    def kept(self) -> bool:
        """Whether every promise is kept."""
        return all(finding.kept for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self) | {"passed": self.passed, "kept": self.kept}


def check_dataset(platform: Platform, name: str) -> Check:
    """Fetch the newest granule of a dataset and compare it with its seed; the account is kept.

    Raises
    ------
    SettingsError
        When there is no such dataset, its key is missing, or the mirror holds synthetic files.
    """
    if name not in platform.seeds.datasets:
        raise not_among([name], "a dataset", platform.seeds.datasets, "caspian-env datasets")
    dataset = platform.seeds.datasets[name]
    if needed := missing_key(platform, dataset):
        raise SettingsError(name, "cannot be checked without its key", needed)
    mirror = platform.settings.mirror
    if platform.synthetic or (mirror and (Path(mirror) / SYNTHETIC_NOTE).is_file()):
        raise SettingsError(name, "cannot be checked on synthetic files", "name another mirror, or none")
    seed(platform)
    url, findings = _examine(platform, dataset)
    check = Check(name, url, tuple(findings))
    with platform.catalog.write() as connection:
        record_check(
            connection, dataset_id=name, checked_at=platform.clock(), url=url, passed=check.passed,
            findings=[asdict(finding) for finding in findings],
        )  # fmt: skip
    return check


def _examine(platform: Platform, dataset: Dataset) -> tuple[str | None, list[Finding]]:
    try:
        refs = _newest_first(platform, dataset)
    except CaspianError as error:
        return None, [Finding("listing", "".join(dataset.hosts[:1]) or "the seeds", str(error), False)]
    told_of_absent: list[tuple[str | None, list[Finding]]] = []
    for ref in refs[:CANDIDATES]:
        url, path, told = _received(platform, dataset, ref)
        if path is not None:
            alone = len(refs) == 1 and ref.location is None
            absent = [replace(one, about_reading=False) for _, found in told_of_absent for one in found]
            return url, told + absent + list(_contents(platform, dataset, ref, path, alone=alone))
        if any(finding.found != ABSENT for finding in told):
            return url, told  # a host that fails is a finding about the host, and the next granule lies there too
        if ref.window is None or not told_of_absent:  # the days before the newest are asked for without a word
            told_of_absent.append((url, told))
    return told_of_absent[0]


def _received(platform: Platform, dataset: Dataset, ref: GranuleRef) -> tuple[str | None, Path | None, list[Finding]]:
    """The address that answered last, the bytes of the first that had the granule, and what was told."""
    url, told = None, []
    for url in addresses(ref, dataset.hosts):
        try:
            answer, kept = receive(platform, dataset, ref, url, None, DEADLINE_SECONDS)
            return answer.url, kept.path if kept else None, [_answered(dataset, ref, answer)]
        except NotPublished:
            told.append(Finding("address", url, ABSENT, False))
        except TransportError as error:
            told.append(Finding("address", url, error.problem, False))
    return url and public_address(url, ref.form), None, told


def _newest_first(platform: Platform, dataset: Dataset) -> list[GranuleRef]:
    """What is listed of the look-back, the newest first; NotPublished when there is nothing."""
    now = platform.clock()
    start = now - max(LOOK_BACK, 2 * (later(now, dataset.update_frequency) - now))
    start -= timedelta(days=dataset.publication_delay_days)
    first = datetime.fromisoformat(dataset.coverage_start).replace(tzinfo=now.tzinfo)
    span = Window(first if platform.settings.mirror or dataset.state != "active" else max(start, first), now)
    refs = list(source_of(dataset).list_granules(span, _Listings(platform, dataset)))
    if not refs:
        raise NotPublished(dataset.id, f"nothing is published for {span}", "look at the provider's page")
    refs.reverse()  # of equal times, and where no time is stated, the one listed last goes first
    return sorted(refs, key=lambda ref: ref.window.start if ref.window else span.start, reverse=True)


@dataclass(frozen=True, slots=True)
class _Listings:
    platform: Platform
    dataset: Dataset

    def listing(self, path: str) -> Listing:
        return self.platform.transport.bound(self.dataset.hosts).listing(path)

    def document(self, path: str, *, form: Mapping[str, str] | None = None) -> Document:
        keys = secrets_of(self.platform, self.dataset)
        return self.platform.transport.bound(self.dataset.hosts, keys).document(path, form=form)


def _answered(dataset: Dataset, ref: GranuleRef, answer: Answer) -> Finding:
    first = public_address(join_address(ref.base or "".join(dataset.hosts[:1]), ref.path), ref.form)
    return Finding("address", first, f"answered: {answer.media_type or 'no media type'}", True)


def _places(dataset: Dataset, raw: Any) -> Iterator[Finding]:
    """The places of a table of several."""
    if "location" not in raw.dims or not dataset.whole_record:
        return
    there = [str(place) for place in raw["location"].values]
    absent = [place for place in dataset.locations if place not in there]
    yield Finding(
        "places", ", ".join(dataset.locations), f"without {', '.join(absent)}" if absent else "all", not absent
    )


def _contents(platform: Platform, dataset: Dataset, ref: GranuleRef, path: Path, *, alone: bool) -> Iterator[Finding]:
    """What is inside the granule, promise by promise; the first error ends the list."""
    try:
        raw = source_of(dataset).read_granule(path)
    except CaspianError as error:
        yield Finding("format", f"readable by sources/{dataset.module}.py", error.problem, False)
        return
    yield Finding("format", f"readable by sources/{dataset.module}.py", "read", True)
    yield from _version(dataset, raw)
    if alone:  # one granule of several may be about a part of the places
        yield from _places(dataset, raw)
    for measured in dataset.variables:
        there = measured.name in raw
        found = f"{raw[measured.name].attrs.get('units', 'without units')}" if there else "absent"
        promised = f"{measured.units or 'its own units'}{' (may be absent)' if measured.optional else ''}"
        yield Finding(f"variable {measured.name}", promised, found, there or measured.optional)
    try:
        recorded = observe(raw, dataset, ref, platform.seeds, Weights(platform.seeds.locations))
    except CaspianError as error:
        yield Finding("values", "observations in customary units", f"{error.subject}: {error.problem}", False)
        return
    if dataset.gives:  # what breaks this promise is an error of the values
        yield Finding("grid has values", WHERE[dataset.gives], "it has", True)
    yield from (_series(row) for row in recorded if row.observed)
    yield from _newest_value(platform, dataset, recorded)


def _version(dataset: Dataset, raw: xr.Dataset) -> Iterator[Finding]:
    found = raw.attrs.get("product_version")
    if dataset.product_version or found:
        same = not dataset.product_version or not found or dataset.product_version in str(found)
        yield Finding("product version", dataset.product_version or "any", str(found or "not stated"), same)


def _series(row: Recorded) -> Finding:
    times = [one.time for one in row.observed]
    values = [one.value for one in row.observed]
    cells = [one.n_cells for one in row.observed if one.n_cells is not None]
    found = f"{len(values)} values, {min(times):%Y-%m-%d}..{max(times):%Y-%m-%d}, {min(values):.6g}..{max(values):.6g}"
    found += f", {min(cells)}..{max(cells)} cells" if cells else ""
    return Finding(f"{row.variable} at {row.location}", row.resolution, found, True)


def _newest_value(platform: Platform, dataset: Dataset, recorded: list[Recorded]) -> Iterator[Finding]:
    newest = max((later(one.time, row.resolution), one.time) for row in recorded for one in row.observed)
    due = later(newest[0], dataset.update_frequency, 2) + timedelta(days=2 * dataset.publication_delay_days)
    if dataset.state == "active":
        promised = f"one every {dataset.update_frequency}, {dataset.publication_delay_days} days late"
        yield Finding("newest value", promised, f"{newest[1]:%Y-%m-%d}", due >= platform.clock(), about_reading=False)
