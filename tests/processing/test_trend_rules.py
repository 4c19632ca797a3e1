"""What may be said about a trend: at, below and above every limit."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from caspian_env.processing import kendall, trends
from caspian_env.processing.statistics import increment_rate
from caspian_env.processing.trend_rules import CHANGE, HAMED_RAO, INCREMENT, OLS, PREWHITENED, SEN, STEP, judged


def noise(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def warming(n: int) -> np.ndarray:
    return noise(n) * 0.2 + 0.05 * np.arange(n)


def test_every_line_is_that_of_its_module() -> None:
    values = warming(30)
    found = judged(1991, values, integrated=False)
    lines = {line.method: line for line in found.lines}
    assert list(lines) == [OLS, SEN, PREWHITENED, HAMED_RAO, STEP]
    ols, sen = trends.ols(values), trends.sen(values)
    assert (lines[OLS].estimate, lines[OLS].ci_low) == pytest.approx((ols.estimate, ols.ci_low))
    assert (lines[SEN].estimate, lines[SEN].ci_high) == pytest.approx((sen.estimate, sen.ci_high))
    assert lines[PREWHITENED].p == kendall.prewhitened(values).p
    assert lines[HAMED_RAO].z == kendall.hamed_rao(values).z
    assert (found.first_year, found.last_year, found.n_valid, found.n_expected) == (1991, 2020, 30, 30)
    assert all("included" in line.note for line in found.lines if np.isfinite(line.ci_low)), "what an interval includes"
    assert found.sentence.startswith("rising: both")


def test_a_step_beside_the_line_is_named_with_its_year() -> None:
    """Synthetic: a station that was moved after 2004 reads 0.8 degrees more, and would be called warming."""
    moved = noise(30) * 0.2 + np.where(np.arange(30) > 13, 0.8, 0.0)
    found = judged(1991, moved, integrated=False)
    step = {line.method: line for line in found.lines}[STEP]
    assert step.p < 0.05 and step.note.startswith("most likely after 2004")
    assert found.sentence.startswith("rising") and found.sentence.endswith("ask for its cause first")
    steady = judged(1991, warming(30), integrated=False)
    assert {line.method: line for line in steady.lines}[STEP].p > 0.05 and "step" not in steady.sentence
    moved[20] = np.nan
    holed = {line.method: line for line in judged(1991, moved, integrated=False).lines}[STEP]
    assert holed.note.startswith("most likely after 2004")


def test_a_level_goes_by_its_increments() -> None:
    levels = np.cumsum(noise(30) * 3 - 8)
    found = judged(1996, levels, integrated=True)
    lines = {line.method: line for line in found.lines}
    assert list(lines) == [INCREMENT, OLS, SEN, PREWHITENED, HAMED_RAO]
    rate = increment_rate(levels, careful=True)
    assert (lines[INCREMENT].estimate, lines[INCREMENT].ci_high) == (rate.estimate, rate.ci_high)
    short = judged(2007, levels[-19:], integrated=True).lines[0]
    assert short.ci_high == increment_rate(levels[-19:]).ci_high, "the careful interval begins with the words"
    assert isnan(lines[SEN].ci_low)
    assert "only describes" in lines[OLS].note
    assert found.sentence.startswith("falling: the 90%")


def test_no_trend_below_ten_years() -> None:
    found = judged(2016, warming(9), integrated=False)
    assert [line.method for line in found.lines] == [CHANGE]
    assert found.lines[0].estimate == pytest.approx((warming(9)[8] - warming(9)[0]) / 8)
    assert "no trend below 10 years" in found.sentence
    assert len(judged(2016, warming(10), integrated=False).lines) == 2


def test_no_word_of_significance_below_twenty_years() -> None:
    short, long = judged(2001, warming(19), integrated=False), judged(2001, warming(20), integrated=False)
    assert {line.method for line in short.lines} == {OLS, SEN}
    assert short.sentence == "19 years: no word of significance below 20"
    assert PREWHITENED in {line.method for line in long.lines}
    assert "rising" in long.sentence


def test_four_fifths_of_the_years_must_be_there() -> None:
    values = warming(20)
    values[3:7] = np.nan
    assert judged(2001, values, integrated=False).sentence.startswith("rising")
    values[7] = np.nan
    refused = judged(2001, values, integrated=False)
    assert refused.sentence == "no trend: 15 of 20 years have a value, 80% are needed"
    assert [line.method for line in refused.lines] == [CHANGE]


@pytest.mark.parametrize("empty", [slice(0, 3), slice(27, 30)])
def test_both_ends_of_the_period_need_a_value(empty: slice) -> None:
    values = warming(30)
    values[empty] = np.nan
    assert "first or in the last 10%" in judged(1991, values, integrated=False).sentence
    values[empty.start + 1] = 1.0
    assert "first or" not in judged(1991, values, integrated=False).sentence


def test_a_gap_leaves_a_level_without_a_rate() -> None:
    levels = np.cumsum(noise(30) - 8)
    levels[12] = np.nan
    found = judged(1996, levels, integrated=True)
    assert isnan(found.lines[0].estimate)
    assert found.sentence == "no rate: a value of the period is missing: choose a period without gaps"


def test_a_century_of_level_has_regimes_and_no_line() -> None:
    increments = np.repeat([-2.0, 13.0, -9.0], [56, 18, 29]) + noise(103) * 1.5
    found = judged(1921, np.r_[0.0, np.cumsum(increments)], integrated=True)
    assert [(line.first_year, line.last_year) for line in found.lines] == [(1921, 1977), (1977, 1995), (1995, 2024)]
    assert {line.method for line in found.lines} == {INCREMENT}
    assert found.lines[0].note.startswith("ends 1977, 95 % interval 19")
    assert "no line through 104 years" in found.sentence
    assert judged(1880, warming(104), integrated=False).lines[0].method == OLS


def test_words_come_from_interval_and_test_together() -> None:
    assert judged(1991, noise(30, 5), integrated=False).sentence == "no trend can be told from zero at 90%"
    assert "falling" in judged(1991, -warming(30), integrated=False).sentence


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 30])
def test_nothing_is_said_about_nothing(values: list[float]) -> None:
    found = judged(1991, np.array(values), integrated=True)
    assert found.lines == ()
    assert found.sentence.startswith("no trend")


def test_all_equal_has_no_trend() -> None:
    for integrated in (True, False):
        found = judged(1991, np.full(30, -28.3), integrated=integrated)
        assert found.lines[0].estimate == pytest.approx(0, abs=1e-12)
        assert "zero" in found.sentence
