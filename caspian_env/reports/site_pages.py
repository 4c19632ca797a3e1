"""What the pages of the site hold: an index, and of each indicator its lines, method, revisions and citation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from caspian_env.model import Indicator
from caspian_env.reports import messages, text
from caspian_env.reports.cf_names import standard_name
from caspian_env.reports.model import Figure, Series, Table
from caspian_env.reports.numbers import Value
from caspian_env.reports.things import Outline, Spot

OF_INDICATOR = "indicator-"  # beginning of the id of its page
LINES = 4  # in one figure, so that each keeps a hue and a label of its own


def printed(value: Value) -> Value:
    """The value with its printed form."""
    return replace(value, printed=text.quantity(value.value, value.decimals, value.unit))


def line(rows: Sequence[Value], dataset: str, variable: str, redistributable: bool) -> Series | None:
    """The values of one place over time, at the start of their periods, or at the end where periods begin together."""
    for moment in ("period_start", "period_end"):
        ordered = sorted(rows, key=lambda value: getattr(value, moment))
        times = [getattr(value, moment) for value in ordered]
        if len(set(times)) == len(times):
            break
    else:
        return None
    first = ordered[0]
    return Series(
        label=first.location_title,
        dataset_id=dataset,
        variable_id=variable,
        location_id=first.location_id,
        location_title=first.location_title,
        unit=first.unit,
        decimals=first.decimals,
        datum_id=first.datum_id,
        datum_title=first.datum_title,
        resolution="P1Y" if (first.period_end - first.period_start).days > 300 else "P1M",
        redistributable=redistributable,
        times=tuple(times),
        values=tuple(value.value for value in ordered),
        std_uncertainty=tuple(value.std_uncertainty for value in ordered),
        status=tuple(value.status for value in ordered),
        qc_flags=tuple(value.qc_flag for value in ordered),
        standard_name=standard_name(first.indicator_id),
    )


STRIPED = ("sst_mean_1y", "t2m_mean_1y")  # definitions whose years are also shown as stripes
CYCLED = 24  # from so many months on the cycle of the year is shown


def figures(
    values: tuple[Value, ...],
    lines: Sequence[Series],
    mapped: tuple[Value, ...] = (),
    outlines: tuple[Outline, ...] = (),
    spots: tuple[Spot, ...] = (),
) -> tuple[Figure, ...]:
    """Over time or the newest values; then a map of the parts of the sea, and the cycle or stripes of the first place."""
    found = _over_time(values, lines)
    if len(mapped) > 1:
        found += (Figure(id="map", kind="map", values=mapped, outlines=outlines, spots=spots),)
    first = next((one for one in lines if messages.joined(one)), None)
    if first is not None and first.resolution == "P1M" and len({at.month for at in first.times}) == 12 and (
        len(first.times) >= CYCLED
    ):  # fmt: skip
        found += (Figure(id="cycle", kind="cycle", lines=(first,)),)
    if first is not None and first.resolution == "P1Y" and values[0].indicator_id.startswith(STRIPED) and (
        len(first.times) > 2
    ):  # fmt: skip
        found += (Figure(id="stripes", kind="stripes", lines=(first,)),)
    return found


def _over_time(values: tuple[Value, ...], lines: Sequence[Series]) -> tuple[Figure, ...]:
    """Lines over time, at most four to a figure, or where periods are few the newest values with their intervals."""
    newest = text.latest(values)
    if not newest:
        return (
            Figure(id="none", kind="lines", title="No number yet", missing="see below what has no number, and why."),
        )
    long = [one for one in lines if len(one.times) > 2]
    if not long:
        return (Figure(id="intervals", kind="intervals", values=newest),)
    title = messages.describe_value(newest[0]).rstrip(".")
    parts = [long[start : start + LINES] for start in range(0, len(long), LINES)]
    return tuple(
        Figure(id=f"lines-{n}", kind="lines", title=title if n == 0 else "", lines=tuple(part))
        for n, part in enumerate(parts)
    )


def method(indicator: Indicator) -> tuple[str, ...]:
    """Why it matters, what it is, its uncertainty, completeness, limits and reference, as the seeds say."""
    parts = (
        indicator.why, f"{text.sentence(indicator.statistic)} Method version {indicator.method_version}.",
        indicator.uncertainty, indicator.completeness, indicator.limits, f"Reference: {indicator.citation}",
    )  # fmt: skip
    return tuple(" ".join(part.split()) for part in parts if part)


def citation(indicator: Indicator, version: str) -> str:
    """How to cite the numbers of an indicator; the datasets behind them are cited under the sources."""
    return (
        f"{indicator.title} ({indicator.id}, version {indicator.method_version}). Computed by caspian-env {version} from"
        " the datasets named under Sources and licences, each to be cited with it."
    )


def revised(rows: Iterable[str]) -> Table:
    """What of an indicator became another value, oldest first."""
    return Table(
        id="revised", caption="Values that became others; the old ones are kept.", head=("Change",),
        rows=tuple((row,) for row in rows), empty="No value of it was revised.",
    )  # fmt: skip
