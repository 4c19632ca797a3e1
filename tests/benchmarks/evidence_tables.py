"""How often tests and intervals keep what they promise, measured: writes the tables of docs/evidence.md.

    python -m tests.benchmarks.evidence_tables            # prints the tables
    python -m tests.benchmarks.evidence_tables --write    # and puts them into docs/evidence.md

Synthetic AR(1) series with fixed seeds. A run takes some minutes on one processor.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from scipy import stats

from caspian_env.errors import NotComputable
from caspian_env.processing import breaks, kendall, trends
from caspian_env.processing.memory import LINE, MEAN, corrected, lag_one
from caspian_env.processing.statistics import increment_rate

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence.md"
SEED = 20_261_125
RUNS = {30: 4000, 100: 1000}
COVERAGE_RUNS, WIDE_RUNS = 3000, 5000

Outside = Callable[[np.ndarray], bool]
Memory = Callable[[np.ndarray, np.ndarray], float]

# The figures of the scientific basis, in the order of METHODS and of COLUMNS: 1000 runs at n = 30, 400 at n = 100;
# coverage from 1500 runs.
STATED_ALARMS = {
    (30, 0.0): (5.5, 4.6, 4.3, 5.5, 9.4, 4.1), (30, 0.3): (12.9, 8.1, 6.6, 13.1, 15.3, 4.6),
    (30, 0.6): (31.6, 10.8, 7.5, 28.8, 23.1, 5.4), (30, 0.8): (49.5, 13.5, 7.7, 46.9, 34.1, 8.9),
    (30, 0.95): (67.6, 24.0, 14.3, 64.7, 49.5, 21.0), (100, 0.0): (5.8, 5.0, 5.0, 6.5, 10.3, 5.5),
    (100, 0.3): (14.5, 4.5, 4.0, 12.8, 11.3, 3.0), (100, 0.6): (30.8, 8.5, 6.5, 29.8, 19.2, 6.2),
    (100, 0.8): (51.0, 6.8, 5.0, 48.8, 25.5, 5.5), (100, 0.95): (74.8, 14.0, 7.5, 71.8, 40.0, 12.2),
}  # fmt: skip
STATED_COVERAGE = {5: (50, 73, 88, 99.8), 10: (33, 86, 84, 92), 20: (24, 93, 85, 95), 30: (21, 95, 83, 94)}


def autoregressive(key: Iterable[int], runs: int, n: int, rho: float) -> np.ndarray:
    """Stationary AR(1) series with unit innovations; the seed is the key, so a row of a table does not move another."""
    noise = np.random.default_rng([SEED, *key]).normal(size=(runs, n))
    noise[:, 0] /= np.sqrt(1 - rho**2)
    for step in range(1, n):
        noise[:, step] += rho * noise[:, step - 1]
    return noise


def plain_ols(values: np.ndarray, *, memory: Memory | None = None) -> tuple[float, float, float]:
    """Slope and 95 % interval for independent residuals; with ``memory`` n_eff from that estimate of their correlation.

    With `corrected` it is the line of the scientific basis, whose correlation is corrected as about a mean.
    """
    x = np.arange(values.size) - (values.size - 1) / 2
    slope = float(x @ values) / float(x @ x)
    residual = values - values.mean() - slope * x
    r = max(0.0, memory(residual, x)) if memory else 0.0
    dof = max(1.0, values.size * (1 - r) / (1 + r) - 2)
    reach = stats.t.ppf(0.975, dof) * np.sqrt(residual @ residual / dof / (x @ x))
    return slope, slope - reach, slope + reach


def leaves_out_zero(values: np.ndarray, *, memory: Memory | None = None) -> bool:
    _, low, high = plain_ols(values, memory=memory)
    return not low <= 0 <= high


def line_leaves_out_zero(values: np.ndarray) -> bool:
    found = trends.ols(values, level=0.95)
    return not found.ci_low <= 0 <= found.ci_high


def sen_leaves_out_zero(values: np.ndarray) -> bool:
    found = trends.sen(values, level=0.95)
    return not found.ci_low <= 0 <= found.ci_high


def alarm(test: Callable[[np.ndarray], kendall.Test]) -> Outside:
    """A test as yes or no at 5 %; where it refuses there is no alarm."""

    def outside(values: np.ndarray) -> bool:
        try:
            return test(values).p < 0.05
        except NotComputable:
            return False

    return outside


METHODS: dict[str, Outside] = {
    "OLS": leaves_out_zero,
    "OLS n_eff": lambda values: leaves_out_zero(values, memory=lag_one),
    "OLS n_eff, r1 corrected": lambda values: leaves_out_zero(values, memory=corrected),
    "Mann-Kendall": alarm(kendall.mann_kendall),
    "Hamed-Rao": alarm(kendall.hamed_rao),
    "**pre-whitened**": alarm(kendall.prewhitened),
    "Sen, with memory": sen_leaves_out_zero,
    "**OLS n_eff, r1 corrected for a line**": line_leaves_out_zero,
}
COLUMNS = (
    "OLS", "OLS n_eff, r1 corrected", "mean increment", "**mean increment, AR adjusted**", "OLS n_eff, r1 corrected for a line",
)  # fmt: skip


def false_alarms() -> str:
    """The share of trendless series in which a method sees a trend at nominal 5 %."""
    rows = []
    for (n, rho), stated in STATED_ALARMS.items():
        series = autoregressive((1, n, round(100 * rho)), RUNS[n], n, rho)
        found = [100 * float(np.mean([method(row) for row in series])) for method in METHODS.values()]
        cells = [f"{f:.1f} ({s:.1f})" for f, s in zip(found, stated, strict=False)]
        rows.append([f"{n}, {rho:g}", *cells, *(f"{f:.1f}" for f in found[len(stated) :])])
    return table(["n, rho", *METHODS], rows)


def coverage() -> str:
    """How often nominal 95 % intervals hold the true mean rate of an integrated series."""
    rows = []
    for m, stated in STATED_COVERAGE.items():
        increments = autoregressive((2, m), COVERAGE_RUNS, m, 0.35) + 1.0
        levels = np.cumsum(np.c_[np.zeros(len(increments)), increments], axis=1)
        found = 100 * np.mean([held(row) for row in levels], axis=0)
        cells = [f"{f:.1f} ({s:g})" for f, s in zip(found, stated, strict=False)]
        rows.append([str(m), *cells, *(f"{f:.1f}" for f in found[len(stated) :])])
    return table(["increments", *COLUMNS], rows)


def held(levels: np.ndarray) -> tuple[bool, ...]:
    """Whether each interval of the rate holds 1, in the order of COLUMNS."""
    steps = np.diff(levels)
    reach = stats.t.ppf(0.975, steps.size - 1) * steps.std(ddof=1) / np.sqrt(steps.size)
    line, rate = trends.ols(levels, level=0.95), increment_rate(levels, level=0.95)
    ends = [
        plain_ols(levels)[1:], plain_ols(levels, memory=corrected)[1:], (steps.mean() - reach, steps.mean() + reach),
        (rate.ci_low, rate.ci_high), (line.ci_low, line.ci_high),
    ]  # fmt: skip
    return tuple(bool(low <= 1 <= high) for low, high in ends)


def wide_coverage() -> str:
    """Coverage of what the platform publishes, for weak and strong memory, with a known trend."""
    rows = []
    for rho in (0.0, 0.35, 0.6, 0.8):
        noise = autoregressive((3, round(100 * rho)), WIDE_RUNS, 30, rho)
        trended = noise + 0.05 * np.arange(30)
        lines = [
            np.array([(one.ci_low, one.ci_high) for one in (line(row, level=0.95) for row in trended)])
            for line in (trends.ols, trends.sen)
        ]
        lines.insert(1, np.array([plain_ols(row, memory=corrected)[1:] for row in trended]))
        shares = [np.mean((ends[:, 0] <= 0.05) & (ends[:, 1] >= 0.05)) for ends in lines]
        first, second = (np.median(ends[:, 1] - ends[:, 0]) for ends in lines[:2])
        levels = np.cumsum(np.c_[np.zeros(WIDE_RUNS), noise[:, 1:]], axis=1)
        used = bounds(levels)
        careful = bounds(levels, careful=True)
        shares += [np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0)) for ends in (used, careful)]
        wider = np.median(careful[:, 1] - careful[:, 0]) / np.median(used[:, 1] - used[:, 0])
        rows.append([f"{rho:g}", *(f"{100 * share:.1f}" for share in shares), f"{first / second:.2f}", f"{wider:.2f}"])
    names = [
        "**OLS, r1 corrected for a line**", "as for a mean", "**Sen, with memory**", "**mean increment, AR adjusted**",
        "**the same, careful**", "median width of the line, against that for a mean", "of the careful one, against the other",
    ]  # fmt: skip
    return table(["rho", *names], rows)


def memory_left() -> str:
    """Mean error of the lag-1 correlation of what a line leaves: as it is, and with either correction."""
    rows = []
    for n in (15, 30, 60):
        x = np.arange(n) - (n - 1) / 2
        for rho in (0.0, 0.35, 0.6, 0.8):
            noise = autoregressive((6, n, round(100 * rho)), 20_000, n, rho)
            residual = noise - noise.mean(axis=1, keepdims=True)
            residual -= np.outer(residual @ x / (x @ x), x)
            r1 = float(np.mean((residual[:, 1:] * residual[:, :-1]).sum(axis=1) / (residual**2).sum(axis=1)))
            found = [r1, *((n * r1 + fitted) / (n - 4) for fitted in (MEAN, LINE))]
            rows.append([f"{n}, {rho:g}", *(f"{r - rho:+.3f}" for r in found), f"{-(2 + 4 * rho) / n:+.3f}"])
    heads = ["r1", "(n r1 + 1) / (n - 4)", "**(n r1 + 2) / (n - 4)**", "what that takes for the bias, -(2 + 4 rho)/n"]
    return table(["n, rho", *heads], rows)


def candidates() -> str:
    """Coverage and mean width of three intervals of the mean increment, by number of increments and memory."""
    rows = []
    for m in (9, 19, 29):
        for rho in (0.0, 0.35, 0.6, 0.8):
            noise = autoregressive((5, m, round(100 * rho)), WIDE_RUNS, m, rho)
            levels = np.cumsum(np.c_[np.zeros(WIDE_RUNS), noise], axis=1)
            three = [bounds(levels), bounds(levels, careful=True), np.array([strongest(row) for row in levels])]
            first = float(np.mean(three[0][:, 1] - three[0][:, 0]))
            cells = [
                f"{100 * np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0)):.1f}, "
                f"{float(np.mean(ends[:, 1] - ends[:, 0])) / first:.2f}"
                for ends in three
            ]
            rows.append([f"{m}, {rho:g}", *cells])
    return table(["increments, rho", "version 1", "**careful, version 2**", "(m r1 + 2) / (m - 6)"], rows)


def bounds(levels: np.ndarray, *, careful: bool = False) -> np.ndarray:
    """Both ends of the nominal 95 % interval of the mean rate of each series."""
    rates = [increment_rate(row, level=0.95, careful=careful) for row in levels]
    return np.array([(one.ci_low, one.ci_high) for one in rates])


def strongest(levels: np.ndarray) -> tuple[float, float]:
    """The mean increment with r = (m r1 + 2)/(m - 6), and n_eff in the variance as well; the platform does not use it."""
    steps = np.diff(levels)
    m, rate = steps.size, float(steps.mean())
    r1 = lag_one(steps - rate, np.arange(float(m)))
    r = min(0.9, max(0.0, (m * r1 + 2) / (m - 6)))
    dof = max(1.0, m * (1 - r) / (1 + r) - 1)
    reach = float(stats.t.ppf(0.975, dof) * np.sqrt(((steps - rate) ** 2).sum() / dof / m))
    return rate - reach, rate + reach


def break_search() -> str:
    """How often the search by BIC sees a break where there is none, and how often an interval holds a true one."""
    rows = []
    for rho in (0.0, 0.35):
        noise = autoregressive((4, round(100 * rho)), 1000, 100, rho)
        seen = np.mean([bool(breaks.bai_perron(row).last_index) for row in noise])
        shifted = noise + np.where(np.arange(100) > 39, 2.0 / np.sqrt(1 - rho**2), 0.0)
        inside = [[_holds(row, memory=memory) for row in shifted] for memory in (False, True)]
        rows.append([f"{rho:g}", *(f"{100 * share:.1f}" for share in (seen, *np.mean(inside, axis=1)))])
    return table(
        ["rho", "a break is seen without one", "interval holds the break", "the same, allowing for memory"], rows
    )


def _holds(values: np.ndarray, *, memory: bool) -> bool:
    found = breaks.bai_perron(values, max_breaks=1, allow_for_memory=memory)
    return bool(found.last_index) and found.intervals95[0][0] <= 39 <= found.intervals95[0][1]


def table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


SECTIONS = {
    "false-alarms": false_alarms, "coverage": coverage, "published": wide_coverage, "memory": memory_left,
    "candidates": candidates, "breaks": break_search,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/evidence.md")
    parser.add_argument("--only", choices=SECTIONS, nargs="+", default=list(SECTIONS), help="the tables to make")
    wanted = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    for name in wanted.only:
        make = SECTIONS[name]
        begun = time.process_time()
        made = make()
        print(f"## {name}, {time.process_time() - begun:.0f} s of processor\n\n{made}\n", flush=True)  # noqa: T201
        page, count = re.subn(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, t=made: m[1] + t + "\n" + m[2], page, flags=re.DOTALL
        )
        if count != 1:
            raise SystemExit(f"{PAGE} has no place for {name}")
    if wanted.write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
