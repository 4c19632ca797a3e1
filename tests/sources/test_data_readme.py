"""The table of the test data names every dataset, with tests that exist and with what its seed says of real bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caspian_env.seeds import load_datasets
from tests.sources.whole_granules import real_files

HERE = Path(__file__).resolve().parent
DATASETS = load_datasets()
TABLE = (HERE.parent / "data" / "README.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines() if line.startswith("| `")]
NEAR = ("whole", "part", "none")


def test_every_dataset_is_named_once_and_nothing_else() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(f"`{name}`" for name in DATASETS)


@pytest.mark.parametrize(("dataset", "tests", "real", "encoded"), ROWS, ids=[row[0].strip("`") for row in ROWS])
def test_a_row_says_what_the_seed_says(dataset: str, tests: str, real: str, encoded: str) -> None:
    name = dataset.strip("`")
    near, _, which = real.partition(": ")
    assert near in NEAR
    assert bool(which) == (near != "none")
    assert (near == "whole") == (DATASETS[name].proven_on == "real")
    for file in tests.split(", "):
        assert (HERE / file.strip("`")).is_file()
    assert encoded
    for kept in (word for word in encoded.split() if word.startswith("`")):
        assert (HERE.parent / "data" / kept.strip("`")).is_file()


def test_what_is_called_whole_is_at_hand(shared: Callable[..., Path]) -> None:
    at_hand = {name for name, _ in real_files(shared("archive").parent)}
    whole = {row[0].strip("`") for row in ROWS if row[2].startswith("whole")}
    kept_with_the_seeds = {"reported_levels", "reported_levels_kazakh"}
    assert whole - at_hand == kept_with_the_seeds
    assert at_hand - whole == {"dahiti_water_level", "ostia"}, (
        "real values in another layout, or of a product beside it"
    )
