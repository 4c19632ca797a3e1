"""What may leave the platform: numbers that only repeat a provider's rows do not, where the licence forbids to pass rows on."""

from __future__ import annotations

from caspian_env.model import Indicator
from caspian_env.reports.moved import KEPT_BACK
from caspian_env.wiring import Seeds

# Functions that hand a provider's number on as it is.
REPEATING = frozenset({"country_years.published"})


def kept_back(seeds: Seeds, indicator: Indicator) -> tuple[str, ...]:
    """The datasets whose licences keep the numbers of an indicator back; none where they may go out.

    A number that is made from such rows goes out with its licence; one that repeats a row stays here. A mean over a region
    is made from the cells of a grid, and repeats none.
    """
    if not _repeats(indicator):
        return ()
    named = dict.fromkeys(given.dataset for given in indicator.inputs)
    return tuple(name for name in named if not seeds.datasets[name].redistributable)


def _repeats(indicator: Indicator) -> bool:
    """Whether a number is that of the provider: as it is, or its distance from a target of zero."""
    to_zero = indicator.function == "commitments.gap" and indicator.parameters.get("level_pct") == 0
    return to_zero or indicator.function in REPEATING


def why_kept_back(seeds: Seeds, datasets: tuple[str, ...]) -> str:
    """The sentence in the place of a number that is kept back: whose it is, under which licence, where to get it."""
    words = []
    for name in datasets:
        dataset = seeds.datasets[name]
        place = dataset.landing_page or (f"https://doi.org/{dataset.doi}" if dataset.doi else dataset.provider)
        words.append(f"{dataset.title} ({dataset.licence}), {place}")
    return f"{KEPT_BACK}: it repeats a row that may not be passed on; get it from {'; '.join(words)}"
