"""What may leave the platform: no row of a provider, and no number that leads back to it, where the licence forbids it.

A ratio of two rows of one series (a change in per cent, progress, a rate, a share) stays the same when the whole series is
multiplied, so no number of such ratios leads back to a row. One absolute number beside them does.
"""

from __future__ import annotations

from caspian_env.model import Indicator
from caspian_env.reports.moved import KEPT_BACK
from caspian_env.wiring import Seeds

# Functions that hand a provider's number on as it is.
REPEATING = frozenset({"country_years.published", "wind.greatest"})
# Functions whose numbers are in units of the rows: with a ratio that is printed, another level or a head count, they give the
# rows back. E_t - L E_base and E_t / E_base are two equations for two rows.
LEADING_BACK = frozenset({"commitments.gap", "country_years.per_head", "country_years.sum_of"})


def kept_back(seeds: Seeds, indicator: Indicator) -> tuple[str, ...]:
    """The datasets whose licences keep the numbers of an indicator back; none where they may go out.

    A number that repeats a row stays here, and one from which the row can be worked out; a ratio of such rows goes out with
    its licence. A mean over a region is made from the cells of a grid, and leads back to none.
    """
    if indicator.function not in REPEATING | LEADING_BACK:
        return ()
    named = dict.fromkeys(given.dataset for given in indicator.inputs)
    return tuple(name for name in named if not seeds.datasets[name].redistributable)


def why_kept_back(seeds: Seeds, indicator: Indicator, datasets: tuple[str, ...]) -> str:
    """The sentence in the place of a number that is kept back: whose it is, under which licence, where to get it."""
    words = []
    for name in datasets:
        dataset = seeds.datasets[name]
        place = dataset.landing_page or (f"https://doi.org/{dataset.doi}" if dataset.doi else dataset.provider)
        words.append(f"{dataset.title} ({dataset.licence}), {place}")
    why = "repeats a row" if indicator.function in REPEATING else "leads back to rows"
    return f"{KEPT_BACK}: it {why} that may not be passed on; get it from {'; '.join(words)}"
