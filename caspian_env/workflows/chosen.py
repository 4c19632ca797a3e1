"""Which datasets a collection is about: those named in the call, those of the settings, or all active ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caspian_env.errors import not_among
from caspian_env.model import Dataset
from caspian_env.wiring import Platform
from caspian_env.workflows.freshness import standing


def left_out(platform: Platform) -> dict[str, str]:
    """The datasets that the setting names and that are collected only by name, each with the reason."""
    datasets = [platform.seeds.datasets[name] for name in platform.settings.datasets]
    return {
        one.id: f"{standing(one)}, so that nothing new is expected; caspian-env ingest {one.id} collects what there is"
        for one in datasets
        if one.state != "active"
    }


def of_what_is_collected(platform: Platform, rows: Sequence[Any]) -> list[Any]:
    """Rows that have a ``job``, without the collections of datasets that this installation does not collect any more."""
    collected = {f"ingest:{dataset.id}" for dataset in platform.collected()}
    return [row for row in rows if not row.job.startswith("ingest:") or row.job in collected]


def choose(platform: Platform, only: Sequence[str]) -> list[Dataset]:
    """The datasets named, or all that this installation collects; SettingsError for a name that is none."""
    known = platform.seeds.datasets
    if unknown := [name for name in only if name not in known]:
        raise not_among(unknown, "a dataset", known, "caspian-env datasets")
    return [known[name] for name in dict.fromkeys(only)] if only else platform.collected()
