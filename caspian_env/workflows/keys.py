"""What a source needs of this installation: files, an outline, a key, an optional part; what is sent where the key is there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.util import find_spec

from caspian_env.errors import NotPublished, TransportError
from caspian_env.formats.mirror_addresses import LOCAL
from caspian_env.model import Dataset, Source, Window
from caspian_env.wiring import Platform, source_of

EXTRAS = {"object-storage": "numcodecs"}  # the module that an extra of pyproject.toml brings
EVER = Window(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))


def missing_key(platform: Platform, dataset: Dataset) -> str:
    """What to do to get the files, the outline, the key or the part that a dataset needs, '' when it needs none or has it."""
    if (handed_in := awaited_files(dataset)) and not _are_there(platform, dataset):
        return handed_in
    if awaited := awaited_regions(platform, dataset.locations):
        return f"needs an outline: {awaited}"
    if dataset.extra and not platform.settings.mirror and find_spec(EXTRAS[dataset.extra]) is None:
        return f'needs an optional part: pip install "caspian-env[{dataset.extra}]"'
    key = dataset.key
    if key is None or platform.settings.mirror or key.setting in platform.settings.keys:
        return ""
    return f"needs a key: {key.how_to_get}; then set CASPIAN_ENV_{key.setting}"


def awaited_regions(platform: Platform, places: Iterable[str]) -> str:
    """How to add the regions among some places that nobody has drawn yet, '' where all are drawn."""
    found = [name for name in places if (place := platform.seeds.locations.get(name)) and place.awaits_outline]
    return "; ".join(f"add the region {name}: caspian-env region add FILE.geojson --id {name}" for name in found)


def awaited_files(dataset: Dataset) -> str:
    """How to hand in the files of an installed dataset that no provider has; '' for all others.

    Who declares a dataset of their own has files for it: there, none is a mistake.
    """
    if LOCAL not in dataset.hosts or dataset.theme == "local":
        return ""
    return f"awaits files: put them into the local folder as {dataset.options['files']} (docs/local-data.md)"


def _are_there(platform: Platform, dataset: Dataset) -> bool:
    """Whether the local folder has a file of the dataset; a demonstration never looks."""
    if platform.synthetic or not platform.settings.own_files.is_dir():
        return False
    source: Source = source_of(dataset)
    try:
        return any(True for _ in source.list_granules(EVER, platform.transport.bound(dataset.hosts)))
    except NotPublished:
        return False
    except TransportError:
        return True  # the collection says what is wrong with the folder


def secrets_of(platform: Platform, dataset: Dataset) -> tuple[dict[str, str], dict[str, str]]:
    """The key as a parameter of the form or query, and as a header; empty where there is none, and for a mirror.

    Also empty where the key is for the protocol alone, which changes it for a token.
    """
    key = dataset.key
    if key is None or key.place == "protocol" or platform.settings.mirror or key.setting not in platform.settings.keys:
        return {}, {}
    sent = {key.parameter: key.template.format(platform.settings.keys[key.setting])}
    return ({}, sent) if key.place == "header" else (sent, {})
