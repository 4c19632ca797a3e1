"""Block bootstrap: repeatable, right about the mean of independent values, wider where there is memory."""

from __future__ import annotations

import numpy as np
import pytest

from caspian_env.errors import NotComputable
from caspian_env.processing.bootstrap import block
from tests.processing.series_for_trends import autoregressive


def test_the_same_seed_gives_the_same_interval() -> None:
    values = autoregressive(1, 1, 40, 0.3)[0]
    once, again = (block(values, np.mean, block=4, n=200, seed=9, level=0.9) for _ in range(2))
    assert once == again
    assert once != block(values, np.mean, block=4, n=200, seed=10, level=0.9)
    assert once.estimate == pytest.approx(values.mean())


def test_the_mean_of_independent_values_has_its_standard_error() -> None:
    values = np.random.default_rng(2).normal(size=400)
    found = block(values, np.mean, block=1, n=4000, seed=3)
    assert found.std_uncertainty == pytest.approx(values.std() / 20, rel=0.05)
    assert found.ci_high - found.ci_low == pytest.approx(2 * 1.645 * values.std() / 20, rel=0.08)


def test_blocks_keep_the_memory() -> None:
    values = autoregressive(4, 1, 600, 0.8)[0]
    single, blocks = (block(values, np.mean, block=length, n=1000, seed=5).std_uncertainty for length in (1, 30))
    assert blocks > 2 * single  # sqrt((1 + 0.8)/(1 - 0.8)) = 3


def test_every_replicate_is_made_of_whole_blocks() -> None:
    seen: list[np.ndarray] = []

    def keep(row: np.ndarray) -> float:
        seen.append(row)
        return 0.0

    block(np.arange(10.0), keep, block=4, n=30, seed=6)
    for row in seen[:-1]:
        assert row.size == 10
        for start in (0, 4):
            assert np.diff(row[start : start + 4]).tolist() == [1, 1, 1]


def test_rows_stay_together() -> None:
    pairs = np.column_stack([np.arange(20.0), 2 * np.arange(20.0)])
    found = block(pairs, lambda rows: float((rows[:, 1] - 2 * rows[:, 0]).max()), block=3, n=50, seed=7)
    assert (found.estimate, found.std_uncertainty) == (0.0, 0.0)


@pytest.mark.parametrize(("values", "length"), [([], 1), ([1.0], 1), ([1.0, 2.0, 3.0], 2), ([1.0, np.nan] * 5, 1),
                                                (list(range(9)), 0)])  # fmt: skip
def test_it_refuses(values: list[float], length: int) -> None:
    with pytest.raises(NotComputable):
        block(values, np.mean, block=length, n=10, seed=0)
