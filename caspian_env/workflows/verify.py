"""Make an indicator value again from the provider's bytes in the archive, and compare.

What the catalog says is used to select (which time of which granule); every number comes from the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.indicator_values import Computed
from caspian_env.catalog.lineage import Origin
from caspian_env.catalog.observations import Observed
from caspian_env.errors import CaspianError
from caspian_env.model import NOT_EVALUATED, GranuleRef, Indicator
from caspian_env.processing.qc import roll_up
from caspian_env.wiring import Platform, source_of
from caspian_env.workflows.arguments import Argument, Grid, described
from caspian_env.workflows.cube_parts import Areas, Current, assemble
from caspian_env.workflows.evaluate import evaluate
from caspian_env.workflows.explain import Explanation, Input, UsedObservation
from caspian_env.workflows.grid_arguments import field_beside, over_region
from caspian_env.workflows.observe import Weights, observe

if TYPE_CHECKING:
    import xarray as xr

# What a method says about a value; the rest of a row follows from the seeds or the clock.
COMPARED = (
    "value", "reason", "std_uncertainty", "ci_low", "ci_high", "n_valid", "n_expected", "status", "qc_flag",
)  # fmt: skip

Series = tuple[str, str, str, str]
Reading = Mapping[Series, Mapping[datetime, Observed]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the bytes give the stored value again, exactly; ``differences`` say what does not, one clause each."""

    verified: bool
    value: float | None
    n_granules: int
    n_observations: int
    differences: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def verify(platform: Platform, explained: Explanation) -> Verdict:
    """Read every granule behind a value again, check its sha256, observe, compute, and compare without tolerance.

    Quality flags are made anew by the tests; one that a person has set stays as it was set.
    """
    indicator, problem = _indicator_of(platform, explained)
    if indicator is None:
        return Verdict(False, None, 0, 0, (problem,))
    readings, differences = _read_all(platform, explained)
    if differences:
        return Verdict(False, None, len({sha256 for sha256, _ in readings}), 0, tuple(differences))
    by_name = {one.argument: one for one in explained.inputs}
    differences += [f"nothing of {w.argument} was used" for w in indicator.inputs if w.argument not in by_name]
    arguments = []
    for wanted in indicator.inputs:  # the order of the method, which the catalog does not keep
        if one := by_name.get(wanted.argument):
            argument = _argument(platform, one, readings, differences)
            arguments.append(_with_cells(platform, one, argument, wanted.beside) if wanted.grid else argument)
    n_observations = sum(len(argument.frame) for argument in arguments)
    computed = None if differences else _evaluate(indicator, explained, arguments, differences)
    if computed is not None:
        differences += _compare(explained.fields, computed.fields)
    value = computed.fields["value"] if computed else None
    n_granules = len({sha256 for sha256, _ in readings})
    return Verdict(not differences, value, n_granules, n_observations, tuple(differences))


def _indicator_of(platform: Platform, explained: Explanation) -> tuple[Indicator | None, str]:
    """The definition that made the value, if this installation still has its method."""
    indicator = platform.seeds.indicators[explained.fields["indicator_id"]]
    version = explained.fields["method_version"]
    method = explained.method or {"function": indicator.function, "parameters": dict(indicator.parameters)}
    if version != indicator.method_version or method["function"] != indicator.function:
        here = f"{indicator.function} version {indicator.method_version}"
        return None, f"it was made by {method['function']} version {version}, this installation has {here}"
    return replace(indicator, parameters=method["parameters"]), ""


def _read_all(platform: Platform, explained: Explanation) -> tuple[dict[tuple[str, str], Reading], list[str]]:
    """Each granule, read once in each status in which it was published, and what could not be read."""
    readings: dict[tuple[str, str], Reading] = {}
    differences: list[str] = []
    weights = Weights(platform.seeds.locations)
    for observation in (o for one in explained.inputs for o in one.observations):
        key = (observation.origin.sha256, observation.status)
        if key in readings:
            continue
        try:
            readings[key] = _read(platform, observation.origin, observation.status, weights)
        except CaspianError as error:
            readings[key] = {}
            differences.append(str(error))
    return readings, differences


def _read(platform: Platform, origin: Origin, status: str, weights: Weights) -> Reading:
    dataset = platform.seeds.datasets[origin.dataset_id]
    path = platform.archive.verify(origin.sha256)
    raw = source_of(dataset).read_granule(path)
    # The address, not the file, tells the preliminary edition of a daily grid.
    recorded = observe(raw, dataset, GranuleRef(path=origin.url, status=status), platform.seeds, weights)
    return {row.key: {o.time: o for o in row.observed} for row in recorded}


def _argument(
    platform: Platform, one: Input, readings: Mapping[tuple[str, str], Reading], differences: list[str]
) -> Argument:
    """The input as the bytes state it; where they contradict the catalog a difference is noted."""
    import pandas as pd

    series = (one.variable_id, one.location_id, one.resolution, one.datum_id)
    rows: list[tuple[Any, ...]] = []
    for used in one.observations:
        found = readings[used.origin.sha256, used.status].get(series, {}).get(used.time)
        if found is None:
            differences.append(f"granule {used.origin.sha256[:12]}… has no value for {used.time:%F %H:%M}")
            continue
        flag = _flag(used, found, platform.seeds.datasets[one.dataset_id].whole_record)
        differences += _contradictions(used, found, flag)
        rows.append((used.time.replace(tzinfo=None), found.value, found.std_uncertainty, flag, found.status))
    frame = pd.DataFrame.from_records(rows, columns=["time", "value", "std_uncertainty", "qc_flag", "status"])
    index = pd.DatetimeIndex(frame.pop("time"), name="time").as_unit("us")
    table = frame.astype({"std_uncertainty": float}).set_index(index)
    return Argument(
        name=one.argument,
        series_id=one.series_id,
        table=lambda: table,
        units=one.unit,
        resolution=one.resolution,
        datum=one.datum_id,
        licence=platform.seeds.datasets[one.dataset_id].licence,
        known_at=one.known_at,
    )


def _with_cells(platform: Platform, one: Input, argument: Argument, beside: str) -> Argument:
    """The input with the cells of its granules, put side by side as its cube was."""

    def load() -> xr.DataArray:
        dataset, seeds = platform.seeds.datasets[one.dataset_id], platform.seeds
        state = [Current(used.time, used.origin.sha256, used.status) for used in one.observations]
        areas = Areas(dataset, source_of(dataset), platform.archive, seeds.variables)
        cube = assemble(state, areas)
        cells = field_beside(cube, one.variable_id, beside) if beside else cube[one.variable_id]
        return described(over_region(cells, one.location_id, Weights(seeds.locations)), argument, beside=beside)

    return replace(argument, grid=Grid((), load))


def _flag(used: UsedObservation, found: Observed, whole_record: bool) -> int:
    """The flag by the tests made anew; for a part of a series, tests on its neighbours count as they were recorded."""
    if used.override is not None:
        return used.qc_flag
    if whole_record or not used.qc_tests or not found.qc_tests:
        return found.qc_flag
    digits = zip(found.qc_tests, used.qc_tests, strict=True)
    return roll_up("".join(recorded if new == str(NOT_EVALUATED) else new for new, recorded in digits))


def _contradictions(used: UsedObservation, found: Observed, flag: int) -> list[str]:
    pairs = [(name, getattr(used, name), getattr(found, name)) for name in ("value", "std_uncertainty", "status")]
    return [
        f"{name} of {used.time:%F %H:%M}: the catalog has {stored}, the bytes give {again}"
        for name, stored, again in [*pairs, ("qc_flag", used.qc_flag, flag)]
        if stored != again
    ]


def _evaluate(
    indicator: Indicator, explained: Explanation, arguments: list[Argument], differences: list[str]
) -> Computed | None:
    period = explained.fields["period_start"], explained.fields["period_end"]
    try:
        results = evaluate(indicator, arguments, explained.fields["known_from"])
    except CaspianError as error:
        differences.append(str(error))
        return None
    found = [row for row in results if (row.period_start, row.period_end) == period]
    if not found:
        differences.append("the method gives no result for this period")
        return None
    return found[0]


def _compare(stored: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    lines = []
    for name in COMPARED:
        before, after = stored[name], again[name]
        if before != after:
            both = isinstance(before, float) and isinstance(after, float)
            lines.append(
                f"{name}: stored {before!r}, made again {after!r}"
                + (f", differs by {after - before:.3g}" if both else "")
            )
    return lines
