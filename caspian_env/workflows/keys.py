"""Keys of sources: whether one is missing, and what is sent where it is there."""

from __future__ import annotations

from caspian_env.model import Dataset
from caspian_env.wiring import Platform


def missing_key(platform: Platform, dataset: Dataset) -> str:
    """What to do to get the key that a dataset needs, '' when it needs none or has it."""
    key = dataset.key
    if key is None or platform.settings.mirror or key.setting in platform.settings.keys:
        return ""
    return f"needs a key: {key.how_to_get}; then set CASPIAN_ENV_{key.setting}"


def secrets_of(platform: Platform, dataset: Dataset) -> tuple[dict[str, str], dict[str, str]]:
    """The key as a parameter of the form or query, and as a header; empty where there is none, and for a mirror."""
    key = dataset.key
    if key is None or platform.settings.mirror or key.setting not in platform.settings.keys:
        return {}, {}
    sent = {key.parameter: key.template.format(platform.settings.keys[key.setting])}
    return ({}, sent) if key.place == "header" else (sent, {})
