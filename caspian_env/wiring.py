"""The composition root: from settings to the parts a workflow works with."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Any

from caspian_env.archive import Archive
from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.errors import SeedError, SettingsError, nearest_of
from caspian_env.formats.object_store import ObjectStore
from caspian_env.model import Dataset, GranuleRef, Http, Indicator, Source, Window
from caspian_env.processing.cluster import connected
from caspian_env.seeds.whole import Seeds as Seeds
from caspian_env.seeds.whole import load_seeds as load_seeds
from caspian_env.settings import Settings
from caspian_env.transport import Transport

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from caspian_env.cubes import Cubes
    from caspian_env.formats.alike import Alike


CLUSTER_SECONDS = 10
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything a workflow works with; ``synthetic`` marks a demonstration."""

    settings: Settings
    seeds: Seeds
    catalog: Catalog
    archive: Archive
    transport: Transport
    clock: Callable[[], datetime]
    synthetic: bool

    def collected(self) -> list[Dataset]:
        """The datasets that this installation collects: those of the setting, or all active ones.

        Raises
        ------
        SettingsError
            When the setting names something that is no dataset.
        """
        known, chosen = self.seeds.datasets, self.settings.datasets
        if unknown := [name for name in chosen if name not in known]:
            raise SettingsError(
                "datasets",
                f"names {', '.join(unknown)}, no dataset",
                nearest_of(unknown, known, "caspian-env datasets"),
            )
        return [
            dataset for dataset in known.values() if dataset.state == "active" and (dataset.id in chosen or not chosen)
        ]


def now() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)


@contextmanager
def open_platform(
    settings: Settings, *, synthetic: bool = False, clock: Callable[[], datetime] = now
) -> Iterator[Platform]:
    """A platform whose connections are closed at the end of the block."""
    catalog = open_catalog(settings.database_url)
    try:
        with Transport(settings) as transport:
            yield Platform(
                settings=settings,
                # What an institute has measured is real, and never joins a demonstration.
                seeds=load_seeds(own=None if synthetic else settings.own_files),
                catalog=catalog,
                archive=Archive(
                    settings.archive, ObjectStore(settings.store) if settings.store and not synthetic else None
                ),
                transport=transport,
                clock=clock,
                synthetic=synthetic,
            )
    finally:
        catalog.dispose()


def cubes_of(platform: Platform) -> Cubes:
    """Where the parts of cubes lie."""
    from caspian_env.cubes import Cubes

    return Cubes(platform.settings.home / "cubes", platform.archive.store)


def use_dask(settings: Settings) -> None:
    """Send dask work to the cluster of the settings, if they name one; it serves this process until it ends.

    Raises
    ------
    SettingsError
        When the cluster does not answer, or its library is not installed.
    """
    if not settings.dask:
        return
    try:
        from distributed import Client, LocalCluster, default_client
    except ModuleNotFoundError as error:
        raise SettingsError("dask", "its library is not installed", 'pip install "caspian-env[distributed]"') from error
    try:
        known = default_client()
    except ValueError:
        pass
    else:
        if known.status == "running":
            return  # one cluster is enough
        known.close(timeout=CLUSTER_SECONDS)  # its scheduler has gone
    if settings.dask == "local":
        # Processes with one thread each: netCDF-C must not be entered by two threads.
        Client(LocalCluster(processes=True, threads_per_worker=1, dashboard_address=None))
        return
    try:
        Client(settings.dask, timeout=CLUSTER_SECONDS)
    except (OSError, TimeoutError) as error:
        raise SettingsError("dask", f"no scheduler answers at {settings.dask}", "start it, or unset it") from error


def cluster_of(settings: Settings) -> Any | None:
    """The client of the cluster that the settings name; None where they name none or it does not answer, which is logged."""
    if not settings.dask:
        return None
    try:
        use_dask(settings)
    except SettingsError as error:
        _LOG.warning("%s; until then it is done by this process", error)
        return None
    client = connected()
    if client is None:
        _LOG.warning("the cluster at %s has no workers, so this process does the work", settings.dask)
    return client


def source_of(dataset: Dataset) -> Source:
    """The source module of a dataset, with the options of its seed; SeedError when the module is not there."""
    module: Any = _member("sources", dataset.module, dataset.id)
    return _WithOptions(module, dataset.options) if dataset.options else module


def alike_of(dataset: Dataset) -> Alike | None:
    """What the source of a dataset promises of its files, so that they may be read for their numbers alone; or None."""
    promised: Alike | None = getattr(_member("sources", dataset.module, dataset.id), "ALIKE", None)
    return promised


def published_by_of(dataset: Dataset) -> Callable[[bytes, date], bytes] | None:
    """What leaves only the rows published by a day of a table that comes with the platform; None for other sources."""
    module = _member("sources", dataset.module, dataset.id)
    cut: Callable[..., bytes] | None = getattr(module, "published_by", None)
    return partial(cut, options=dataset.options) if cut else None


@dataclass(frozen=True, slots=True)
class _WithOptions:
    """A source module that several datasets share, as the one of them that has these options."""

    module: Any
    options: Mapping[str, Any]

    def list_granules(self, window: Window, http: Http) -> Iterator[GranuleRef]:
        """Granules that may hold values inside ``window``."""
        found: Iterator[GranuleRef] = self.module.list_granules(window, http, options=self.options)
        return found

    def read_granule(self, path: Path) -> xr.Dataset:
        """The granule in the provider's own names and units."""
        read: xr.Dataset = self.module.read_granule(path, options=self.options)
        return read


def indicator_function(indicator: Indicator) -> Callable[..., object]:
    """The pure function of an indicator; SeedError when the seed names one that is not there."""
    module_name, _, function_name = indicator.function.partition(".")
    function = getattr(_member("indicators", module_name, indicator.id), function_name, None)
    if not callable(function):
        raise SeedError(
            indicator.id, f"its function {indicator.function} does not exist", "mend it in seeds/indicators/"
        )
    found: Callable[..., object] = function
    return found


def _member(package: str, name: str, subject: str) -> ModuleType:
    # Membership is tested first: an ImportError after it is the module's own, and must be seen as such.
    parent = import_module(f"caspian_env.{package}")
    if name not in {module.name for module in iter_modules(parent.__path__)}:
        raise SeedError(subject, f"caspian_env/{package}/{name}.py does not exist", "mend the seed or write the module")
    return import_module(f"caspian_env.{package}.{name}")
