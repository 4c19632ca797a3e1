"""Bytes in the layouts of providers of emissions, every number invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

STATES = {"AZE": "Azerbaijan", "IRN": "Iran", "KAZ": "Kazakhstan", "RUS": "Russia", "TKM": "Turkmenistan"}
SIZE = {"AZE": 30.0, "IRN": 500.0, "KAZ": 250.0, "RUS": 1500.0, "TKM": 60.0}  # Mt in the first year, invented
Sheet = Sequence[Sequence[object]]


def as_csv(rows: Iterable[Sequence[object]], *, end: str = "\n", ended: bool = True) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(rows)
    return (text.getvalue() if ended else text.getvalue().removesuffix(end)).encode()


def owid_co2(years: Sequence[int], *, shift: float = 0.0, world: str = "", scale: float = 1.0) -> bytes:
    """The wide table, with a state that is not ours, an aggregate and empty cells; ``scale`` spoils the values a head."""
    header = ["country", "year", "iso_code", "population", "gdp", "co2", "co2_per_capita", "methane", "total_ghg"]
    rows: list[Sequence[object]] = [
        header,
        ["Asia", years[0], "", 1, "", 9, 9, 9, 9],
        ["France", 2000, "FRA", 1, 1, 1, 1, 1, 1],
    ]
    for code, name in STATES.items():
        for n, year in enumerate(years):
            co2 = SIZE[code] + n + shift
            head = round(co2 * 1e6 / 10_000_000 * scale, 3)
            methane = "" if n == 0 else round(co2 / 10, 3)
            rows.append([name, year, code, 10_000_000, "", f"{co2:.3f}", head, methane, round(co2 * 1.5, 3)])
    rows += [["World", year, world, 7e9, "", 30000 + n + shift, round((30000 + n + shift) / 7000 * scale, 3), 8000, 50000]
             for n, year in enumerate(years)]  # fmt: skip
    return as_csv(rows)


def owid_chart(years: Sequence[int], column: str, *, shift: float = 0.0) -> bytes:
    rows: list[Sequence[object]] = [["Entity", "Code", "Year", column]]
    for code, name in {**STATES, "OWID_WRL": "World"}.items():
        size = SIZE.get(code, 50000.0)
        rows += [[name, code, year, (size + n + shift) * 1e6] for n, year in enumerate(years)]
    return as_csv(rows, ended=False)


def owid_mix(years: Sequence[int]) -> bytes:
    """Electricity from renewables, nuclear and fossil fuels, with a country that is not collected at the end."""
    words = "(adapted for visualization of chart elec-fossil-nuclear-renewables)"
    kinds = [f"Electricity from {kind} - TWh {words}" for kind in ("renewables", "nuclear", "fossil fuels")]
    rows: list[Sequence[object]] = [["Entity", "Code", "Year", *kinds]]
    for code, name in {**STATES, "OWID_WRL": "World", "ZWE": "Zimbabwe"}.items():
        rows += [[name, code, year, 10.25 + n, 5, 84.75] for n, year in enumerate(years)]
    return as_csv(rows, ended=False)


def climate_watch(years: Sequence[int], rows: Sequence[tuple[str, str]], *, iso: bool, unit: str = "MtCO₂e") -> bytes:
    header = ["Country", "Data source", "Sector", "Gas", "Unit", *sorted(years, reverse=True)]
    lines: list[Sequence[object]] = [(["ISO"] if iso else []) + header]
    for code, name in {**STATES, "WORLD": "World", "CHN": "China"}.items():
        for sector, gas in rows:
            values = [SIZE.get(code, 40000.0) + n for n, _ in enumerate(years)]
            values_text: list[object] = [*reversed(values[1:]), "N/A"]
            lines.append(([code] if iso else []) + [name, "Climate Watch", sector, gas, unit, *values_text])
    return as_csv(lines, end="\n" if iso else "\r\n", ended=iso)


def workbook(sheets: Mapping[str, Sheet]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def edgar(
    report: int,
    years: Sequence[int],
    *,
    shift: float = 0.0,
    gwp: str = "AR5",
    total_off: float = 0.0,
    no_gdp: bool = False,
) -> bytes:
    """The booklet: totals, an empty row, EU27 and GLOBAL TOTAL; sectors that add up to them."""
    codes = {**STATES, "GLOBAL TOTAL": "GLOBAL TOTAL"}
    shares = {("CO2", "Transport"): 0.5, ("CO2", "Waste"): 0.1, (f"GWP_100_{gwp}_CH4", "Waste"): 0.1,
              (f"GWP_100_{gwp}_CH4", "Fuel Exploitation"): 0.2, (f"GWP_100_{gwp}_N2O", "Agriculture"): 0.1}  # fmt: skip
    size = {code: SIZE.get(code, 50000.0) + shift for code in codes}
    empty, union = [None] * (len(years) + 2), ["EU27", "EU27", *[1.0] * len(years)]

    def table(factor: float) -> Sheet:
        body = [[c, codes[c], *[(size[c] + n) * factor for n, _ in enumerate(years)]] for c in STATES]
        world = ["GLOBAL TOTAL", "GLOBAL TOTAL", *[(size["GLOBAL TOTAL"] + n) * factor for n, _ in enumerate(years)]]
        return [["EDGAR Country Code", "Country", *years], *body, empty, union, empty, world]

    sectors = [["Substance", "Sector", "EDGAR Country Code", "Country", *years]]
    sectors += [[gas, sector, code, name, *[(size[code] + n) * share for n, _ in enumerate(years)]]
                for (gas, sector), share in shares.items() for code, name in codes.items()]  # fmt: skip
    info = [[f"GHG emissions of all world countries, {report} Report"],
            [f"aggregated using Global Warming Potential values from IPCC {gwp} (GWP-100 {gwp})."],
            ["values in GHG_totals_by_country sheet are expressed in Mt CO2eq/yr "]]  # fmt: skip
    return workbook({
        "info": info, "GHG_totals_by_country": table(1.0 + total_off), "GHG_by_sector_and_country": sectors,
        "GHG_per_GDP_by_country": [] if no_gdp else table(0.001), "GHG_per_capita_by_country": table(0.01),
    })  # fmt: skip


def unfccc_profile(name: str, years: Sequence[int], total: Sequence[object], land: Sequence[object]) -> bytes:
    """A profile: notation keys, and the total "with" land use that repeats the one without where there is none."""
    with_land = [
        t + (x if isinstance(x, float) else 0.0) if isinstance(t, float) else t
        for t, x in zip(total, land, strict=True)
    ]
    header = ["GHG emissions, Gg CO2 equivalent", *map(str, years)]
    rows: list[Sequence[object]] = [header, ["Summary Total"]]
    for gas in ("CO2", "GHG"):
        rows += [[f"{gas} emissions without LULUCF / LUCF", *total],
                 [f"{gas} net emissions/removals by LULUCF / LUCF", *land],
                 [f"{gas} net emissions/removals with LULUCF / LUCF", *with_land]]  # fmt: skip
    rows += [["Average annual changes, in percent"], ["GHG emissions without LULUCF / LUCF", *[0.5] * len(years)]]
    gases = [header, ["GHG emissions without LULUCF / LUCF"], ["CO₂", *total], ["CH₄", *[7.0] * len(years)],
             ["GHG emissions with LULUCF / LUCF"], ["CH₄", *[9.0] * len(years)]]  # fmt: skip
    summary = [[None], [f"Emissions Summary for {name}     "]]
    return workbook({"Data_by_sector": rows, "Data_by_gas": gases, "Summary Data": summary})


def unfccc_annex_one(produced: str = "Thursday, 2 November 2023 20:53:26 CET") -> bytes:
    rows = [
        ["Time Series - GHG total without LULUCF, in kt CO₂ equivalent"], [None],
        ["Party", "Base year", "1990", "1991", "Last Inventory Year (1992)", "Change from base year to latest reported year"],
        ["Australia", 1.0, 1.0, 1.0, "—", -1], ["Kazakhstan", 250000.0, 250000.0, 251000.0, "—", -1],
        ["Russian Federation", 1500000.0, 1500000.0, 1501000.0, 1502000.0, 0.1],
        ["Source: UNFCCC GHG Data Interface"], [f"Report produced on {produced}"],
    ]  # fmt: skip
    return workbook({"Sheet1": rows})


def primap(version: str, years: Sequence[int], *, unit: str = "CO2 * gigagram / a") -> bytes:
    """Both scenarios of the national total, a sector, another country and another entity."""
    header = [
        "source",
        "scenario (PRIMAP-hist)",
        "provenance",
        "area (ISO3)",
        "entity",
        "unit",
        "category (IPCC2006_PRIMAP)",
    ]
    rows: list[Sequence[object]] = [[*header, *years]]
    for scenario, factor in (("HISTCR", 1000.0), ("HISTTP", 1100.0)):
        for code in (*STATES, "EARTH", "FRA"):
            for entity, given, share in (
                ("KYOTOGHG (AR6GWP100)", unit, 1.0),
                ("CH4", "CH4 * gigagram / a", 0.01),
                ("CO2", unit, 0.8),
            ):
                for category in ("M.0.EL", "1"):
                    values = [(SIZE.get(code, 50000.0) + n) * factor * share for n, _ in enumerate(years)]
                    rows.append(
                        [f"PRIMAP-hist_v{version}_final", scenario, "derived", code, entity, given, category, *values]
                    )
    return as_csv(rows)


def ndcs(documents: Sequence[Sequence[str]], *, capitals: bool = False) -> bytes:
    header = [
        "code", "party", "title", "fileType", "language", "version", "status", "submissionDate", "encodedAbsUrl",
        "originalFilename",
    ]  # fmt: skip
    return as_csv([[name[0].upper() + name[1:] if capitals else name for name in header], *documents])


def gml(gas: str, unit: str, rows: Sequence[str], *, header: str, created: str = "Thu Feb  5 04:05:10 2026") -> bytes:
    amount = "micromol" if unit == "ppm" else "nanomol"
    comments = [
        "# USE OF NOAA GML DATA", "#", f"# File Creation: {created}", "#",
        f"# {gas} expressed as a mole fraction in dry air, {amount}/mol, abbreviated as {unit}",
    ]  # fmt: skip
    return "\n".join([*comments, header, "", *rows, ""]).encode()
