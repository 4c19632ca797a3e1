"""Words of probability, at and beside every bound, and the digits an uncertainty leaves."""

from __future__ import annotations

import doctest
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from caspian_env.errors import NotComputable
from caspian_env.processing import likelihood, rounding
from caspian_env.processing.likelihood import of_exceeding, words
from caspian_env.processing.rounding import to_uncertainty


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (1.0, "virtually certain"), (0.991, "virtually certain"), (0.99, "extremely likely"), (0.951, "extremely likely"),
        (0.95, "very likely"), (0.901, "very likely"), (0.9, "likely"), (0.661, "likely"),
        (0.66, "more likely than not"), (0.51, "more likely than not"), (0.5, "about as likely as not"),
        (0.33, "about as likely as not"), (0.329, "unlikely"), (0.1, "unlikely"), (0.099, "very unlikely"),
        (0.01, "very unlikely"), (0.009, "exceptionally unlikely"), (0.0, "exceptionally unlikely"),
    ],
)  # fmt: skip
def test_every_word_has_its_bounds(probability: float, word: str) -> None:
    assert words(probability) == word


@pytest.mark.parametrize("number", [nan, -0.01, 1.01, inf])
def test_what_is_no_probability_has_no_word(number: float) -> None:
    with pytest.raises(NotComputable, match="no probability"):
        words(number)


def test_the_probability_of_a_fall() -> None:
    assert of_exceeding(0.0, 1.0, 1.0) == pytest.approx(0.8413, abs=1e-4)
    assert of_exceeding(0.0, 1.0, 1.0, dof=4) == pytest.approx(stats.t.cdf(1, 4))
    assert of_exceeding(0.0, 1.0, 1.0, dof=inf) == of_exceeding(0.0, 1.0, 1.0)
    with pytest.raises(NotComputable):
        of_exceeding(0.0, 1.0, nan)


@pytest.mark.parametrize(
    ("value", "u", "text"),
    [
        (-28.6312, 0.0312, "-28.63 ± 0.03"), (-8.123, 0.62, "-8.1 ± 0.6"), (-8.123, 0.149, "-8.12 ± 0.15"),
        (355_723, 1_340, "355700 ± 1300"), (10, 1340, "0 ± 1300"), (5.55, 0.0996, "5.55 ± 0.10"),
        (12.3456, 9.96, "12 ± 10"), (-0.001, 0.3, "0.0 ± 0.3"),
    ],
)  # fmt: skip
def test_rounding_to_the_uncertainty(value: float, u: float, text: str) -> None:
    assert str(to_uncertainty(value, u)) == text


@given(value=st.floats(-1e6, 1e6), u=st.floats(1e-6, 1e5))
def test_rounding_moves_nothing_by_more_than_half_its_uncertainty(value: float, u: float) -> None:
    rounded = to_uncertainty(value, u)
    assert abs(rounded.value - value) <= u / 2 + 1e-9
    assert 2 / 3 * u <= rounded.std_uncertainty <= 4 / 3 * u
    again = to_uncertainty(rounded.value, rounded.std_uncertainty)
    assert (again.value, again.decimals) == (rounded.value, rounded.decimals)


@pytest.mark.parametrize(("value", "u"), [(1.0, 0.0), (1.0, -1.0), (nan, 1.0), (1.0, nan), (inf, 1.0), (1.0, inf)])
def test_nothing_to_go_by_is_refused(value: float, u: float) -> None:
    with pytest.raises(NotComputable):
        to_uncertainty(value, u)


def test_the_examples_are_true() -> None:
    assert doctest.testmod(likelihood).failed == 0
    assert doctest.testmod(rounding).failed == 0
