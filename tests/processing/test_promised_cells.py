"""A grid that is empty where its seed promises values is told by its share."""

from __future__ import annotations

import numpy as np
import pytest

from caspian_env.processing.promised_cells import LAND, OPEN_SEA, SHORE, broken_promise, ground

KINDS = np.array([OPEN_SEA] * 4 + [LAND] * 4 + [SHORE] * 2, dtype=np.int8)
AT_SEA, ON_LAND = KINDS != LAND, KINDS != OPEN_SEA
FULL, EMPTY = np.ones(10, bool), np.zeros(10, bool)


@pytest.mark.parametrize(
    ("gives", "finite"),
    [
        ("sea", AT_SEA),
        ("sea", KINDS == OPEN_SEA),
        ("sea", FULL),
        ("land", ON_LAND),
        ("land", FULL),
        ("everywhere", FULL),
        ("", EMPTY),
    ],
)
def test_a_promise_is_kept_whatever_the_shore_does(gives: str, finite: np.ndarray) -> None:
    assert broken_promise(gives, finite[None], KINDS) == ""


@pytest.mark.parametrize(
    ("gives", "finite", "said"),
    [
        ("sea", ON_LAND, "values in 0 % of the cells of the open sea"),
        ("land", AT_SEA, "values in 0 % of the cells of the land"),
        ("land", KINDS == SHORE, "values in 0 % of the cells of the land"),
        ("everywhere", AT_SEA, "4 empty cells"),
        ("sea", EMPTY, "is empty"),
    ],
)
def test_a_broken_promise_names_what_was_found(gives: str, finite: np.ndarray, said: str) -> None:
    assert said in broken_promise(gives, finite[None], KINDS)


def test_one_time_is_enough_to_break_it_but_a_time_without_any_value_is_not_about_the_mask() -> None:
    assert broken_promise("sea", np.array([AT_SEA, EMPTY]), KINDS) == ""
    assert "of the open sea" in broken_promise("sea", np.array([AT_SEA, ON_LAND]), KINDS)


def test_half_of_a_kind_may_differ() -> None:
    """Masks of providers differ at islands and inland waters."""
    half = AT_SEA.copy()
    half[[0, 1]] = False
    assert broken_promise("sea", half[None], KINDS) == ""
    half[2] = False
    assert "25 % of the cells of the open sea" in broken_promise("sea", half[None], KINDS)


def test_the_ground_is_told_by_the_shares_of_sea_and_bay() -> None:
    sea, bay = np.array([[1.0, 0.4, 0.0, 0.0]]), np.array([[0.0, 0.0, 0.3, 0.0]])
    assert ground(sea, bay).tolist() == [[OPEN_SEA, SHORE, SHORE, LAND]]
    assert ground(0.6 * sea, bay).tolist() == [[OPEN_SEA, SHORE, SHORE, LAND]], "cells wider than the sea"
