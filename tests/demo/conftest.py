from __future__ import annotations

from pathlib import Path

import pytest

from caspian_env import demo


@pytest.fixture(scope="session")
def editions(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """One folder for each edition, written once for all tests that only read."""
    folders = {edition: tmp_path_factory.mktemp(f"edition{edition}") for edition in demo.EDITIONS}
    for edition, folder in folders.items():
        demo.write_mirror(folder, edition)
    return folders
