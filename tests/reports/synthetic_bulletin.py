"""A bulletin written by hand: every number in it is synthetic, made only to show each case once."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from caspian_env.reports import text
from caspian_env.reports.model import Figure, ReferenceLevel, Report, Section, Series, Source
from caspian_env.reports.numbers import GranuleLine, Refusal, Value
from caspian_env.reports.tables import reported_levels
from caspian_env.reports.voice import Voice


def utc(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def granules(dataset: str, n: int = 1) -> tuple[GranuleLine, ...]:
    return tuple(
        GranuleLine(sha256=f"{i:04x}".rjust(64, "a"), url=f"https://data.example/{dataset}/{i}.nc", dataset_id=dataset)
        for i in range(n)
    )


def source(dataset: str, **changes: Any) -> Source:
    given = {
        "title": f"Title of {dataset}", "provider": f"Provider of {dataset}", "citation": f"Citation of {dataset}",
        "licence": f"Licence of {dataset}", "redistributable": True, "landing_page": f"https://data.example/{dataset}",
        "newest_observation": utc(2026, 10, 30), "granule_sha256": "f" * 64, "granule_url": "https://data.example/f",
    }  # fmt: skip
    return Source(dataset_id=dataset, **given | changes)


def value(indicator: str = "sl_mean_1y", **changes: Any) -> Value:
    given: dict[str, Any] = {
        "title": "Annual mean level", "statistic": "mean of twelve monthly means", "location_id": "caspian_sea",
        "location_title": "Caspian Sea", "period_start": utc(2025), "period_end": utc(2026), "value": -28.7123,
        "unit": "m", "decimals": 2, "std_uncertainty": 0.03, "ci_low": -28.7623, "ci_high": -28.6623, "ci_level": 0.9,
        "n_valid": 12, "n_expected": 12, "status": "final", "qc_flag": 1, "datum_id": "dahiti_39",
        "datum_title": "Datum of DAHITI target 39", "method_version": "1", "licence": "cite the provider",
        "granules": granules("dahiti_water_level"), "headline": "level_mean",
    }  # fmt: skip
    return Value(indicator_id=indicator, **given | changes)


def change(**changes: Any) -> Value:
    given = {"title": "Observed change", "period_start": utc(2021), "period_end": utc(2026), "value": -19.64,
             "unit": "cm year-1", "decimals": 1, "std_uncertainty": 1.06, "ci_low": -21.4, "ci_high": -17.9,
             "headline": "level_change"}  # fmt: skip
    return value("sl_change_5y", **given | changes)


def rate(years: int = 10, **changes: Any) -> Value:
    given = {"title": f"Rate over {years} years", "period_start": utc(2026 - years), "period_end": utc(2026), "value": -7.13,
             "unit": "cm year-1", "decimals": 1, "std_uncertainty": 3.2, "ci_low": -13.02, "ci_high": -1.24,
             "headline": "mean_rate"}  # fmt: skip
    return value(f"sl_rate_{years}y", **given | changes)


def anomaly(**changes: Any) -> Value:
    given = {"title": "Annual sea surface temperature anomaly", "statistic": "against 1991-2020", "value": 1.12,
             "unit": "degree_Celsius", "decimals": 1, "ci_low": 0.9, "ci_high": 1.3, "status": "preliminary",
             "datum_id": "none", "datum_title": "", "granules": granules("noaa_oisst_v2_1", 365),
             "headline": "sst_anomaly"}  # fmt: skip
    return value("sst_anomaly_1y", **given | changes)


def refusal(**changes: Any) -> Refusal:
    given: dict[str, Any] = {
        "indicator_id": "sst_trend", "title": "Trend of the surface", "location_id": "kara_bogaz_gol",
        "location_title": "Kara-Bogaz-Gol", "period_start": utc(1991), "period_end": utc(2021), "unit": "degree_Celsius",
        "reason": "only 12 of 30 years are complete", "n_valid": 12, "n_expected": 30,
    }  # fmt: skip
    return Refusal(**given | changes)


def altimetry(**changes: Any) -> Series:
    """Ten-day heights of 2020 to 2025 with a hole of 80 days, a flagged spike and a preliminary end."""
    times = [utc(2020) + timedelta(days=10 * i) for i in range(210) if not 100 <= i < 108]
    n = len(times)
    levels = [-28.0 - 0.1 * i / 36 + 0.15 * math.sin(i / 36 * math.tau) - (2.0 if i == 60 else 0.0) for i in range(n)]
    given: dict[str, Any] = {
        "label": "Synthetic altimetry", "dataset_id": "nasa_gwm_lake",
        "variable_id": "water_surface_height_above_reference_datum",
        "location_id": "caspian_sea", "location_title": "Caspian Sea", "unit": "m", "decimals": 2, "datum_id": "EGM2008",
        "datum_title": "EGM2008 height", "resolution": "instant", "redistributable": True, "times": tuple(times),
        "values": tuple(levels), "std_uncertainty": (0.05,) * n, "status": ("final",) * (n - 6) + ("preliminary",) * 6,
        "qc_flags": tuple(3 if i == 60 else 1 for i in range(n)), "granule_sha256": ("b" * 64,) * n,
    }  # fmt: skip
    given |= changes
    return Series(**{"standard_name": given["variable_id"] if given["unit"] != "1" else ""} | given)


def reported() -> Series:
    return altimetry(
        label="reported", dataset_id="reported_levels", datum_id="BS77", datum_title="Baltic 1977 height", resolution="P1Y",
        times=(utc(1977), utc(1995), utc(2020)), values=(-29.0, -26.6, -28.2), std_uncertainty=(None,) * 3,
        status=("reported",) * 3, qc_flags=(2,) * 3, source_notes=("A synthetic almanac, 2021-07-30",) * 3,
        granule_sha256=("c" * 64,) * 3,
    )  # fmt: skip


def surface(name: str, base: float) -> Series:
    n = 44
    return altimetry(
        label=name, dataset_id="noaa_oisst_v2_1", variable_id="sea_surface_temperature", location_id=name, location_title=name,
        unit="degree_Celsius", decimals=1, datum_id="none", datum_title="", resolution="P1Y",
        times=tuple(utc(1982 + i) for i in range(n)), values=tuple(base + 0.03 * i + 0.3 * math.sin(2.4 * i) for i in range(n)),
        std_uncertainty=(0.2,) * n, status=("final",) * (n - 1) + ("preliminary",), qc_flags=(1,) * n, granule_sha256=(),
    )  # fmt: skip


def bulletin(**changes: Any) -> Report:
    withheld = altimetry(label="Synthetic DAHITI", dataset_id="dahiti_water_level", datum_id="dahiti_39", redistributable=False,
                         datum_title="Datum of DAHITI target 39", granule_sha256=("d" * 64,) * 202)  # fmt: skip
    given: dict[str, Any] = {
        "id": "bulletin", "rows_name": "observations",
        "title": "Caspian Sea monthly bulletin", "synthetic": True, "as_of": utc(2026, 11, 25),
        "level": (altimetry(), withheld, reported()),
        "surface": (surface("North Caspian", 11.5), surface("Middle Caspian", 13.9), surface("South Caspian", 17.6)),
        "values": (
            value(period_start=utc(2024), period_end=utc(2025)), value(), change(), rate(10), rate(30, ci_high=0.4), anomaly(),
            anomaly(location_id="north_caspian", location_title="North Caspian"),
            value("co2_mean_1y", title="Annual mean carbon dioxide at Mauna Loa", location_id="mauna_loa",
                  location_title="Mauna Loa", value=426.91, unit="1e-6", ci_low=426.7, ci_high=427.1, datum_id="none",
                  datum_title="", granules=granules("noaa_gml_co2"), headline="co2"),
        ),
        "refusals": (refusal(),),
        "sources": (
            source("nasa_gwm_lake"), source("dahiti_water_level", redistributable=False, licence="non-commercial use, cite"),
            source("reported_levels"), source("noaa_oisst_v2_1"), source("noaa_gml_co2"),
        ),
        "reference_levels": (
            ReferenceLevel(label="1977 minimum", value=-29.01, unit="m", decimals=2, datum_id="BS77", source="an almanac"),
            ReferenceLevel(label="1995 maximum", value=-26.62, unit="m", decimals=2, datum_id="BS77", source="an almanac"),
        ),
        "code_version": "0.1.0",
    }  # fmt: skip
    given |= changes
    level, surface_lines, references = (given.pop(name) for name in ("level", "surface", "reference_levels"))
    shown = {"values": text.latest(given["values"]), "shows": tuple(value.indicator_id for value in given["values"])}
    sections = (
        Section(
            id="level",
            heading="Water level",
            figures=(level_figure(level, references),),
            tables=(reported_levels("reported", level, Voice(given.get("language", "en"))),),
        ),
        Section(id="surface", heading="Sea surface temperature", figures=(surface_figure(surface_lines),)),
        Section(id="indicators", heading="Latest indicators", **shown),
    )
    return Report(**{"sections": sections} | given)


def level_figure(lines: tuple[Series, ...], references: tuple[ReferenceLevel, ...] = ()) -> Figure:
    return Figure(id="level", kind="level", lines=lines, references=references)


def surface_figure(lines: tuple[Series, ...]) -> Figure:
    return Figure(id="surface", kind="lines", lines=lines, missing="" if lines else "no surface is known")


def genuine() -> Report:
    """The same bulletin, as it would look if it were not synthetic."""
    return replace(bulletin(), synthetic=False)
