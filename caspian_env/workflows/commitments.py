"""What the littoral states promised, set against what each source says they emit; for commands, exports and reports.

`commitments` returns a row for each target that is promised at a moment (`TargetProgress`), with a line for each source
(`SourceLine`). A status word is given by the rules of ``seeds/commitments.yaml``, with the numbers beside it; sources on
another basis are shown and never counted. Declarations of many states are context and never compliance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.editions import SeriesEdition, edition_of_series
from caspian_env.catalog.indicator_values import newest_results, read_indicator
from caspian_env.errors import CaspianError
from caspian_env.model import Indicator, Variable
from caspian_env.processing import pledged
from caspian_env.seeds.commitments import Rules, load_rules
from caspian_env.seeds.targets import Pledge, Target
from caspian_env.wiring import Platform

if TYPE_CHECKING:
    from caspian_env.catalog.engine import Connection

ON_TRACK, INSUFFICIENT, CANNOT_BE_SAID = "on track", "insufficient", "cannot be said"
NO_EDITION = "no edition, collected on"  # the day on which an archive had it, where it was read from one
SETS = ("SAR", "AR4", "AR5", "AR6")


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source's numbers for one target; all of one edition, so of one basis.

    ``edition`` is the product version that the file states, or says that it states none. ``counted`` tells whether it is on
    the target's basis; ``why_not`` why it is not. Values are in ``unit`` (Mt of carbon dioxide equivalent a year), rates in
    percent a year; ``projected`` is the target year at the rate of the last ten years. ``met`` tells whether the newest
    ``year`` is at or below what is allowed. None is a number that there is not: no progress stands in the base year itself.
    """

    source: str
    title: str
    dataset_id: str
    variable_id: str
    edition: str
    granule_sha256: str
    known_from: datetime
    retrieved_at: datetime
    licence: str
    redistributable: bool
    gwp_set: str
    lulucf: str
    unit: str
    year: int
    value: float
    base_value: float | None
    allowed: float | None
    change_pct: float | None
    progress_pct: float | None
    gap: float | None
    required_cut_pct: float | None
    rate_pct: float | None
    projected: float | None
    met: bool | None
    word: str
    counted: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class TargetProgress:
    """A target that is promised, its status word, and the sources beside it, those that count first.

    ``met_by`` of ``n_counted`` sources on its basis are at or below what it allows now. ``low`` and ``high`` are the ends of
    the progress (percent) over all sources with one, whatever their basis. ``sentence`` says it in words.
    """

    target: Target
    country_title: str
    word: str
    sentence: str
    met_by: int
    n_counted: int
    low: float | None
    high: float | None
    sources: tuple[SourceLine, ...]


@dataclass(frozen=True, slots=True)
class Commitments:
    """Everything promised at a moment; ``reconstructed`` where a source's edition was collected long after it was known."""

    as_of: datetime | None
    reconstructed: bool
    targets: tuple[TargetProgress, ...]
    pledges: tuple[Pledge, ...]


def commitments(platform: Platform, connection: Connection, as_of: datetime | None = None) -> Commitments:
    """Targets and pledges as promised now or at ``as_of``, with what was known of emissions then.

    Parameters
    ----------
    platform : Platform
        Seeds and clock.
    connection : Connection
        A read-only transaction of its catalog.
    as_of : datetime, optional
        The moment of knowledge, UTC.
    """
    moment = as_of or platform.clock()
    rules, seeds = load_rules(), platform.seeds
    targets = [one for one in seeds.targets.values() if one.valid_at(moment.date()) and one.country != "globe"]
    sources = _Sources(platform, connection, rules, as_of)
    rows = tuple(_progress(one, sources, moment) for one in targets)
    lines = [line for row in rows for line in row.sources]
    return Commitments(
        as_of=as_of,
        reconstructed=any(line.retrieved_at - line.known_from > timedelta(days=1) for line in lines),
        targets=rows,
        pledges=tuple(one for one in seeds.pledges.values() if one.valid_at(moment.date())),
    )


class _Sources:
    """What is known of emissions at a moment, each series read once."""

    def __init__(self, platform: Platform, connection: Connection, rules: Rules, as_of: datetime | None) -> None:
        self.platform, self.connection, self.rules, self.as_of = platform, connection, rules, as_of
        ids = [i.id for i in platform.seeds.indicators.values() if i.target or i.definition == "ghg_rate_10y"]
        self.newest = newest_results(connection, ids, as_of=as_of)
        self.years: dict[tuple[str, str], dict[int, float]] = {}

    def totals(self, source: str, country: str) -> dict[int, float]:
        """Emissions by year."""
        if (source, country) not in self.years:
            rows = read_indicator(self.connection, f"ghg_total_1y_{source}", location_id=country, as_of=self.as_of)
            self.years[source, country] = {row.period_start.year: row.value for row in rows if row.value is not None}
        return self.years[source, country]

    def number(self, indicator: str, country: str, year: int) -> float | None:
        """The value of an indicator, if its newest is of that year."""
        row = self.newest.get((indicator, country))
        return row.value if row is not None and row.period_start.year == year else None

    def edition(self, indicator: Indicator, country: str) -> SeriesEdition:
        """The edition of the series behind an indicator."""
        given = indicator.inputs[0]
        found = edition_of_series(self.connection, given.dataset, given.variable, country, self.as_of)
        if found is None:
            raise CaspianError(indicator.id, "has values, but no observation behind them", "caspian-env doctor")
        return found


def _progress(target: Target, sources: _Sources, moment: datetime) -> TargetProgress:
    found = (_line(target, name, sources, moment) for name in sources.rules.sources)
    lines = _without_superseded([line for line in found if line is not None])
    counted = [line for line in lines if line.counted]
    word, why = _judge(target, counted)
    met_by = sum(line.met is True for line in counted)
    progress = [line.progress_pct for line in lines if line.progress_pct is not None]
    return TargetProgress(
        target=target,
        country_title=sources.platform.seeds.locations[target.country].title,
        word=word,
        sentence=_sentence(word, why, met_by, counted, lines),
        met_by=met_by,
        n_counted=len(counted),
        low=min(progress, default=None),
        high=max(progress, default=None),
        sources=tuple(sorted(lines, key=lambda line: not line.counted)),
    )


def _line(target: Target, source: str, sources: _Sources, moment: datetime) -> SourceLine | None:
    seeds, country = sources.platform.seeds, target.country
    total = seeds.indicators[f"ghg_total_1y_{source}"]
    years = sources.totals(source, country)
    if not years:
        return None
    year = max(years)
    variable, dataset = seeds.variables[total.inputs[0].variable], seeds.datasets[total.inputs[0].dataset]
    edition = sources.edition(total, country)
    base = years.get(target.base_year or -1)
    allowed = None if base is None or target.level_pct is None else pledged.allowed(base, target.level_pct)
    rate = sources.number(f"ghg_rate_10y_{source}", country, year)
    projected = _carried(years[year], rate, target, year)
    why_not = _other_basis(target, variable) or _too_old(year, moment, sources.rules)
    word = CANNOT_BE_SAID
    if allowed and projected is not None:
        word = ON_TRACK if projected <= allowed else INSUFFICIENT
    return SourceLine(
        source=source,
        title=dataset.title,
        dataset_id=dataset.id,
        variable_id=variable.id,
        edition=edition.product_version or f"{NO_EDITION} {edition.known_at:%F}",
        granule_sha256=edition.sha256,
        known_from=edition.known_at,
        retrieved_at=edition.retrieved_at,
        licence=dataset.licence,
        redistributable=dataset.redistributable,
        gwp_set=variable.gwp_set,
        lulucf=variable.lulucf,
        unit=total.units,
        year=year,
        value=years[year],
        base_value=base,
        allowed=allowed,
        change_pct=100 * (years[year] / base - 1) if base else None,
        progress_pct=sources.number(f"ndc_progress_1y_{target.id}_{source}", country, year),
        # in the base year too, where the indicator has no value
        gap=None if allowed is None else pledged.gap(years[year], allowed),
        required_cut_pct=sources.number(f"ndc_required_cut_1y_{target.id}_{source}", country, year),
        rate_pct=rate,
        projected=projected,
        met=None if allowed is None else years[year] <= allowed,
        word=word,
        counted=not why_not and allowed is not None,
        why_not=why_not or ("" if allowed is not None else "it has no value of the base year"),
    )


def _carried(value: float, rate: float | None, target: Target, year: int) -> float | None:
    """Emissions of the target year if the mean rate of ten years goes on."""
    if rate is None or target.target_year is None or target.target_year < year:
        return None
    carried: float = value * (1 + rate / 100) ** (target.target_year - year)
    return carried


def _other_basis(target: Target, variable: Variable) -> str:
    """Why a source is not on the basis of a target; '' where it is."""
    if target.lulucf == "unknown":
        return "whether the target includes land use is not known"
    if variable.lulucf not in (("included", "excluded") if target.lulucf == "both" else (target.lulucf,)):
        return f"land use is {target.lulucf} in the target and {variable.lulucf} in the source"
    if target.gwp_set in SETS and variable.gwp_set != target.gwp_set:
        return f"potentials are {target.gwp_set} in the target and {variable.gwp_set} in the source"
    return ""


def _too_old(year: int, moment: datetime, rules: Rules) -> str:
    return f"its newest year is {year}" if moment.year - year > rules.newest_within_years else ""


def _without_superseded(lines: Sequence[SourceLine]) -> list[SourceLine]:
    """A series that its provider no longer continues gives way to the one that reaches further in a newer edition."""
    newest: Mapping[str, tuple[int, str]] = {
        line.dataset_id: (line.year, line.edition) for line in sorted(lines, key=lambda one: (one.known_from, one.year))
    }
    return [
        line
        for line in lines
        if line.year >= newest[line.dataset_id][0] or line.edition == newest[line.dataset_id][1]
    ]  # fmt: skip


def _judge(target: Target, counted: Sequence[SourceLine]) -> tuple[str, str]:
    """The word of a target, and the reason where it cannot be said."""
    if target.base == "business_as_usual":
        return CANNOT_BE_SAID, "the base is business as usual, of which the document has no series"
    if target.level_pct is None or target.base_year is None:
        return CANNOT_BE_SAID, "its figure is not known"
    if target.kind == "disputed":
        return CANNOT_BE_SAID, "whether it is absolute or per unit of product is disputed"
    if target.kind == "intensity":
        return CANNOT_BE_SAID, "it is one per unit of product"
    if not counted:
        return CANNOT_BE_SAID, "no source is on its basis"
    if target.level_pct == 0:
        return CANNOT_BE_SAID, "no constant rate leads to zero"
    words = {line.word for line in counted}
    if len(words) == 1:
        return words.pop(), ""
    return CANNOT_BE_SAID, "the sources on its basis differ"


def _sentence(
    word: str, why: str, met_by: int, counted: Sequence[SourceLine], lines: Sequence[SourceLine]
) -> str:  # fmt: skip
    """The word with what it rests on: how many sources count, how many meet the target, how many stand beside."""
    parts = [f"{word}: {why}" if why else word]
    if counted:
        of = _number(len(counted))
        parts.append(f"met by one source of {of}" if met_by == 1 else f"met by {_number(met_by)} of {of} sources")
    if beside := len(lines) - len(counted):
        parts.append(f"{_number(beside)} on another basis shown beside, not counted")
    return "; ".join(parts)


def _number(count: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if count < len(words) else str(count)


def as_dict(row: TargetProgress) -> dict[str, Any]:
    """A row for ``--json``: the target's columns, then the verdict and the lines of the sources."""
    from dataclasses import asdict

    return {**asdict(row), "target": {**asdict(row.target), "cut_pct": row.target.cut_pct}}
