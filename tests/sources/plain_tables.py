"""Every dataset of rows read again in a few lines of pandas, without any reader of the platform.

Real provider files where the shared archive has them, and bytes written in the provider's encoding where not. Each
function gives what a catalog must hold of the bytes: all of it and nothing else, so that a fill shows as one value too many.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import xlrd

from caspian_env.seeds import load_datasets

from .emission_files import edgar, primap
from .test_caspcom_gauges import LINK, PAGE, WHOLE, ZIP
from .test_clms_lake_water_level import address, asked_first, body, product, series
from .test_energy import ember
from .test_ghcn_daily import BASE as GHCN
from .test_ghcn_daily import HEADER, ONE, STATIONS, TWO
from .test_noaa_gsod import ANZALI, BAKU
from .test_noaa_gsod import ONE as GSOD_ONE
from .test_noaa_gsod import TWO as GSOD_TWO
from .test_noaa_gsod import address as gsod_address
from .test_primap_hist import V27
from .test_psmsl_rlr import TEXT, URL
from .test_theia_hydroweb import BOTH
from .test_theia_hydroweb import URL as HYDROWEB

Find = Callable[..., Path]
Files = Mapping[str, bytes]
Values = dict[tuple[str, str, str], float]  # by variable, place and moment (UTC)
DATASETS = load_datasets()
DATA = Path(__file__).resolve().parent.parent / "data"
SEEDS = DATA.parent.parent / "seeds"
STATES = {
    "Azerbaijan": "AZE",
    "Iran": "IRN",
    "Kazakhstan": "KAZ",
    "Russia": "RUS",
    "Turkmenistan": "TKM",
    "World": "globe",
}
PLACES = {**{code: code for code in STATES.values()}, "WORLD": "globe", "EARTH": "globe", "GLOBAL TOTAL": "globe"}


class Case(NamedTuple):
    """Bytes by their public address, and what a catalog must hold of them."""

    files: Callable[[Find, Path], Files]
    expected: Callable[[Files], Values]
    window: str | None = None
    within: float = 1e-9


def archived(*paths: str) -> Callable[[Find, Path], Files]:
    """Real files, each named by its vintage and its address."""

    def files(shared: Find, _: Path) -> Files:
        return {
            "https://" + p.partition("/")[2].replace("%3F", "?"): shared("archive", *p.split("/")).read_bytes()
            for p in paths
        }

    return files


def given(content: Files) -> Callable[[Find, Path], Files]:
    """Bytes written here."""
    return lambda shared, folder: content


def names(dataset: str) -> dict[str, str]:
    """What the seed calls the columns of the provider."""
    return {measured.name: measured.variable for measured in DATASETS[dataset].variables}


def stacked(table: pd.DataFrame, variable: str, *, factor: float = 1.0) -> Values:
    """Of a table of places by years; the empty cells are no values."""
    numbers = table.apply(pd.to_numeric, errors="coerce").stack().dropna()
    return {
        (variable, str(place), f"{int(year)}-01-01 00:00"): value * factor for (place, year), value in numbers.items()
    }


def by_rows(frame: pd.DataFrame, columns: Mapping[str, str], factor: float = 1.0) -> Values:
    """Of a table with a row for each ``place`` and ``year``."""
    wide = {
        variable: frame.pivot(index="place", columns="year", values=c) for c, variable in columns.items() if c in frame
    }
    return {
        key: value for variable, table in wide.items() for key, value in stacked(table, variable, factor=factor).items()
    }


def only(files: Files) -> io.BytesIO:
    (content,) = files.values()
    return io.BytesIO(content)


def gml(dataset: str, place: str) -> Callable[[Files], Values]:
    def expected(files: Files) -> Values:
        frame = pd.read_csv(only(files), comment="#")
        months = frame["month"] if "month" in frame else pd.Series(1, index=frame.index)
        return {
            (variable, place, f"{year}-{month:02d}-01 00:00"): value
            for column, variable in names(dataset).items()
            for year, month, value in zip(frame["year"], months, frame[column], strict=True)
            if value > 0  # fills are -9.99 and -99.99
        }

    return expected


def gistemp(files: Files) -> Values:
    frame = pd.read_csv(only(files), skiprows=1, na_values="***", index_col="Year").iloc[:, :12].stack().dropna()
    return {
        ("air_temperature_anomaly", "globe", f"{pd.to_datetime(f'{month} {year}'):%Y-%m-%d %H:%M}"): value
        for (year, month), value in frame.items()
    }


def owid(dataset: str, code: str = "iso_code", factor: float = 1.0) -> Callable[[Files], Values]:
    def expected(files: Files) -> Values:
        frame = pd.read_csv(only(files)).rename(columns={"Year": "year", "Entity": "country"})
        frame["place"] = frame["country"].map(STATES)
        columns = names(dataset)
        if dataset == "owid_total_ghg":
            columns = {str(frame.columns[3]): columns["total_ghg"]}
        elif dataset == "owid_electricity_mix":
            columns = dict(zip(frame.columns[3:6], map(columns.get, ("renewables", "nuclear", "fossil")), strict=True))
        return by_rows(frame[frame["place"].notna()], columns, factor)

    return expected


def edgar_ghg(files: Files) -> Values:
    sheets = pd.read_excel(only(files), sheet_name=None)
    variables, code = names("edgar_ghg"), "EDGAR Country Code"

    def years(frame: pd.DataFrame) -> pd.DataFrame:
        table = frame[frame[code].isin(PLACES)].groupby(code).sum(numeric_only=True)
        return table.rename(index=PLACES)

    gases = sheets["GHG_by_sector_and_country"]
    methane = gases[gases["Substance"] == "GWP_100_AR5_CH4"]
    tables = {
        "total": sheets["GHG_totals_by_country"], "per_capita": sheets["GHG_per_capita_by_country"],
        "per_gdp": sheets["GHG_per_GDP_by_country"], "ch4": methane, "ch4_waste": methane[methane["Sector"] == "Waste"],
        "co2": gases[gases["Substance"] == "CO2"],
    }  # fmt: skip
    return {
        key: value for name, table in tables.items() for key, value in stacked(years(table), variables[name]).items()
    }


def unfccc(files: Files) -> Values:
    variables, found = names("unfccc_ghg"), {}
    for url, content in files.items():
        if "time_series" in url:
            table = pd.read_excel(io.BytesIO(content), header=2, index_col=0).loc[["Kazakhstan", "Russian Federation"]]
            table.columns = table.columns.str.extract(r"^(?:Last Inventory Year \()?(\d{4})\)?$", expand=False)
            table = table.loc[:, table.columns.notna()].rename(index={"Russian Federation": "RUS", "Kazakhstan": "KAZ"})
            found |= stacked(table, variables["ghg_without_lulucf"], factor=1e-3)
            continue
        code = url.split("/")[-2]
        sector = pd.read_excel(io.BytesIO(content), sheet_name="Data_by_sector", index_col=0, nrows=8)
        gas = pd.read_excel(io.BytesIO(content), sheet_name="Data_by_gas", index_col=0, nrows=11)
        rows = {"ch4_without_lulucf": gas.loc["CH₄"]}
        for short in ("GHG", "CO2"):
            land = sector.loc[f"{short} net emissions/removals by LULUCF / LUCF"]
            rows[f"{short.lower()}_without_lulucf"] = sector.loc[f"{short} emissions without LULUCF / LUCF"]
            net = sector.loc[f"{short} net emissions/removals with LULUCF / LUCF"]
            rows[f"{short.lower()}_with_lulucf"] = net.where(pd.to_numeric(land, errors="coerce").notna())
        for name, row in rows.items():
            row = row[[str(year).isdigit() for year in row.index]]
            found |= stacked(row.to_frame(code).T, variables[name], factor=1e-3)
    return found


def climate_watch(files: Files) -> Values:
    frame = pd.read_csv(only(files), na_values=["N/A", "false"])
    found: Values = {}
    for column, variable in names("climate_watch").items():
        sector, gas, *potential = column.split(", ")
        if bool(potential) != (gas != "CO2"):  # the file is in AR5, which carbon dioxide does not need
            continue
        rows = frame[(frame["Sector"] == sector) & (frame["Gas"] == gas)].set_index("Country").filter(regex=r"^\d{4}$")
        found |= stacked(rows[rows.index.isin(STATES)].rename(index=STATES), variable)
    return found


def primap_hist(files: Files) -> Values:
    frame = pd.read_csv(only(files))
    frame = frame[(frame["category (IPCC2006_PRIMAP)"] == "M.0.EL") & frame["area (ISO3)"].isin(PLACES)]
    found: Values = {}
    for column, variable in names("primap_hist").items():
        entity, scenario = column.split(", ")
        rows = frame[(frame["entity"] == entity) & (frame["scenario (PRIMAP-hist)"] == scenario)]
        table = rows.set_index("area (ISO3)").filter(regex=r"^\d{4}$").rename(index=PLACES)
        found |= stacked(table, variable, factor=1e-3)
    return found


def ndcs(files: Files) -> Values:
    frame = pd.read_csv(only(files)).rename(columns=str.lower)
    frame = frame[frame["code"].isin(list(STATES.values())) & (frame["filetype"] != "Translation")]
    (variable,) = names("ndc_registry").values()
    counts = frame.groupby(["code", "submissiondate"]).size()
    return {(variable, code, f"{day} 00:00"): float(n) for (code, day), n in counts.items()}


def world_bank(files: Files) -> Values:
    found = {}
    for url, content in files.items():
        variable = names("world_bank")[url.partition("indicator/")[2].partition("?")[0]]
        frame = pd.DataFrame(json.loads(content)[1]).dropna(subset="value")
        for row in frame.itertuples():
            found[variable, row.countryiso3code, f"{row.date}-01-01 00:00"] = float(row.value)
    return found


def ember_electricity(files: Files) -> Values:
    frame = pd.read_csv(only(files))
    wanted = {
        ("Total Generation", "TWh"): "electricity_generation",
        ("Renewables", "%"): "renewable_share_of_electricity_generation",
        ("CO2 intensity", "gCO2/kWh"): "carbon_intensity_of_electricity",
        ("Wind", "GW"): "wind_electricity_capacity",
        ("Solar", "GW"): "solar_electricity_capacity",
    }
    frame["variable"] = [wanted.get(key) for key in zip(frame["Variable"], frame["Unit"], strict=True)]
    frame["place"] = frame["Area"].map(STATES)
    kept = frame.dropna(subset=["variable", "place", "Value"])
    return {(r.variable, r.place, f"{r.Year}-01-01 00:00"): r.Value for r in kept.itertuples()}


def irena(files: Files) -> Values:
    frame = pd.read_csv(only(files), encoding="latin-1", skiprows=2)
    short = {**STATES, "Iran (Islamic Republic of)": "IRN", "Russian Federation": "RUS"}
    found: Values = {}
    for indicator, table in frame.set_index("Region/country/area").groupby("Indicator"):
        years = table.drop(columns="Indicator")
        years = years.loc[:, (years != 0).any()]  # a year of zeros for the whole world is not published yet
        variable = f"renewable_share_of_electricity_{'capacity' if 'capacity' in indicator else 'generation'}"
        found |= stacked(years[years.index.isin(short)].rename(index=short), variable)
    return found


def nd_gain(dataset: str) -> Callable[[Files], Values]:
    (variable,) = names(dataset).values()

    def expected(files: Files) -> Values:
        frame = pd.read_csv(only(files), index_col="ISO3").filter(regex=r"^\d{4}$")
        return stacked(frame[frame.index.isin(list(STATES.values()))], variable)

    return expected


def gwm(files: Files) -> Values:
    """By columns counted from the left; of two missions in one minute the later one, and of two states the final one."""
    rows = [line.split() for line in only(files).read().decode().splitlines() if line[:4] in ("TOPE", "POSD", "JASN")]
    rows.sort(key=lambda row: row[-1] == "0")
    found: Values = {}
    for column, name, fill in ((5, "relative_height", 999.99), (14, "egm2008_height", 9999.99)):
        (measured,) = [m for m in DATASETS["nasa_gwm_lake"].variables if m.name == name]
        for row in (row for row in rows if row[3] != "99" and float(row[column]) != fill):
            moment = pd.to_datetime(f"{row[2]} {row[3]}:{row[4]}", format="%Y%m%d %H:%M")
            found[f"{measured.variable} {measured.datum}", "gwm_lake_000270", f"{moment:%Y-%m-%d %H:%M}"] = float(
                row[column]
            )
    return found


def dahiti(files: Files) -> Values:
    frame = pd.DataFrame(json.load(only(files))["data"])
    frame = frame.rename(columns={"date": "datetime", "water_level": "height", "wse": "height"})
    moments = pd.to_datetime(frame["datetime"])
    variable = names("dahiti_water_level")["height"]
    return {
        (variable, "caspian_sea", f"{m:%Y-%m-%d %H:%M}"): float(v)
        for m, v in zip(moments, frame["height"], strict=True)
    }


def reported(place: str, dataset: str) -> Callable[[Files], Values]:
    (variable,) = names(dataset).values()

    def expected(_: Files) -> Values:
        frame = pd.read_csv(SEEDS / "reported_levels.csv")
        rows = frame[frame["place"] == place]
        return {(variable, place, f"{r.year}-01-01 00:00"): r.level_m for r in rows.itertuples()}

    return expected


def hydroweb(files: Files) -> Values:
    (variable,) = names("theia_hydroweb").values()
    found = {}
    with zipfile.ZipFile(only(files)) as archive:
        for lake, place in (("caspian", "caspian_sea"), ("kara_bogaz_gol", "kara_bogaz_gol")):
            (name,) = [n for n in archive.namelist() if f"_{lake}." in n]
            frame = pd.read_csv(archive.open(name), sep=";", comment="#", skiprows=1, header=None)
            for row in frame[frame[3] < 9999].itertuples():
                found[variable, place, f"{row[2].replace('/', '-')} {row[3]}"] = row[4]
    return found


def clms(files: Files) -> Values:
    (variable,) = names("clms_lake_water_level").values()
    (content,) = [c for url, c in files.items() if "$value" in url]
    frame = pd.DataFrame(json.loads(content)["data"])
    column = next(c for c in frame if "height" in c and "uncertainty" not in c)
    kept = frame[frame[column] < 9999]
    return {(variable, "caspian_sea", r["datetime"].replace("/", "-")): r[column] for _, r in kept.iterrows()}


def clms_files(shared: Find, folder: Path) -> Files:
    return {asked_first(): body({"value": [product()]}), address("11111111-2222"): body(series())}


def caspcom(files: Files) -> Values:
    posts = {
        "BAKU": ("baku", -28.0, "BS77"),
        "JILOY": ("jiloy", -28.0, "BS77"),
        "ANZALI": ("anzali", -26.075, "caspcom_iran"),
    }
    variable, found = names("caspcom_gauges")["level_baltic"], {}
    with zipfile.ZipFile(io.BytesIO(files[ZIP])) as archive:
        for name in archive.namelist():
            stem = name.rpartition("/")[2]
            post = next((told for word, told in posts.items() if stem.startswith(word) and "_av" in stem), None)
            if post is None:
                continue
            place, zero, datum = post
            content = archive.read(name)
            if name.endswith(".xls"):
                sheet = xlrd.open_workbook(file_contents=content).sheet_by_index(0)
                rows = [sheet.row_values(n) for n in range(8, sheet.nrows)]
            else:
                rows = pd.read_excel(io.BytesIO(content), header=None, skiprows=8).to_numpy().tolist()
            for row in rows:
                for month, cell in enumerate(row[1:13], 1):
                    number = pd.to_numeric(str(cell).replace(",", "."), errors="coerce")
                    if pd.notna(number):
                        found[f"{variable} {datum}", f"caspcom_{place}", f"{int(row[0])}-{month:02d}-01 00:00"] = (
                            zero + number / 100
                        )
    return found


def gauge_levels(files: Files) -> Values:
    variable, found = names("gauge_levels_hourly")["level_bs77"], {}
    for content in files.values():
        for row in pd.read_csv(io.BytesIO(content)).to_dict("records"):
            moment = f"{pd.to_datetime(row['time'], utc=True):%Y-%m-%d %H:%M}"
            for column, datum in (("level_bs77", "BS77"), ("level_iran", "caspcom_iran")):
                if pd.notna(row.get(column)):
                    found[f"{variable} {datum}", row["post"], moment] = row[column]
    return found


def psmsl(files: Files) -> Values:
    (variable,) = names("psmsl_rlr").values()
    found = {}
    for url, content in files.items():
        place = f"psmsl_{url.rpartition('/')[2].partition('.')[0]}"
        frame = pd.read_csv(io.BytesIO(content), sep=";", header=None)
        for row in frame[frame[1] != -99999].itertuples():
            month = pd.Period(year=int(row[1]), month=round(row[1] % 1 * 12 + 0.5), freq="M")
            found[variable, place, f"{month.start_time:%Y-%m-%d %H:%M}"] = row[2] / 1000
    return found


def ghcn(files: Files) -> Values:
    variables, found = names("ghcn_daily"), {}
    for url, content in files.items():
        if url.endswith(".csv"):
            frame = pd.read_csv(io.BytesIO(content), dtype={"Q_FLAG": str, "M_FLAG": str, "DATE": str})
            frame = frame[
                frame["ELEMENT"].isin(list(variables)) & frame["Q_FLAG"].isna() & (frame["DATA_VALUE"] != -9999)
            ]
            frame = frame[frame["M_FLAG"] != "P"]  # "missing presumed zero" was never measured
            for row in frame.itertuples():
                moment = f"{pd.Timestamp(row.DATE):%Y-%m-%d %H:%M}"
                found[variables[row.ELEMENT], f"ghcn_{row.ID}", moment] = row.DATA_VALUE / 10
    return found


def gsod(files: Files) -> Values:
    """Knots of tenths are tenths of m/s again, but for the mean; the count is as it stands."""
    places, found = {ANZALI: "ghcn_IRM00040718", BAKU: "wmo_37864"}, {}
    for content in files.values():
        frame = pd.read_csv(io.BytesIO(content), dtype={"STATION": str}, na_values={"MXSPD": [999.9], "WDSP": [999.9]})
        for row in frame.itertuples():
            at = places[row.STATION], f"{row.DATE} 00:00"
            if pd.notna(row.MXSPD):
                found["wind_speed_maximum", *at] = round(row.MXSPD * 1.852 / 3.6, 1)
                found["wind_speed", *at] = row.WDSP * 1.852 / 3.6
            found["wind_reports", *at] = row.WDSP_ATTRIBUTES
    return found


_GML = "gml.noaa.gov/webdata/ccgg/trends/"
_BANK = "api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/indicator/{}%3Fformat=json&per_page=1000"
_GAIN = "2025-06/gain.nd.edu/our-work/country-index/download-data/resources/"
_PROFILE = "2022-10/di.unfccc.int/ghg_profiles/nonAnnexOne/{0}/{0}_ghg_profile.xlsx"
_ANNEX_ONE = (
    "2023-11/di.unfccc.int/time_series/"
    "Time%20Series%20-%20GHG%20total%20without%20LULUCF%2C%20in%20kt%20CO%E2%82%82%20equivalent.xlsx"
)
_IRENA = "2024-06/pxweb.irena.org/api/v1/en/IRENASTAT/Power%20Capacity%20and%20Generation/RESHARE_2024_H1.px"
_CHART = "2024-12/ourworldindata.org/grapher/total-ghg-emissions.csv"
_WATCH = "2026-01/www.climatewatchdata.org/api/v1/data/historical_emissions/download.csv"
_NDCS = "2026-08/raw.githubusercontent.com/openclimatedata/ndcs/main/data/ndcs.csv"
_EMBER = "https://files.ember-energy.org/public-downloads/yearly_full_release_long_format.csv"
_EDGAR = "https://edgar.jrc.ec.europa.eu/booklet/EDGAR_2024_GHG_booklet_2024.xlsx"
_LAKE = "https://earth.gsfc.nasa.gov/gwm/timeseries/lake000270.10d.2.txt"
_DAHITI = "2023-08/dahiti.dgfi.tum.de/api/v2/download-water-level/%3Fdahiti_id=39&format=json"

_POSTS = {
    "local:gauge_levels/aktau.csv": b"time,post,level_bs77\n2024-01-01 00:00,caspcom_aktau,-29.31\n"
    b"2024-01-01 01:00,caspcom_aktau,\n2024-01-01 02:00,caspcom_aktau,-29.3\n",
    "local:gauge_levels/south-2024.csv": b"time,post,level_bs77,level_iran\n2024-01-01T03:30+03:30,caspcom_anzali,,-27.4\n"
    b"2024-01-01T04:00+04:00,caspcom_lankaran,-29.2,\n",
}

CASES: dict[str, Case] = {
    "nasa_gistemp": Case(archived("2025-08/data.giss.nasa.gov/gistemp/tabledata_v4/GLB.Ts+dSST.csv"), gistemp),
    "noaa_gml_co2": Case(archived(f"2026-02/{_GML}co2/co2_mm_mlo.csv"), gml("noaa_gml_co2", "mauna_loa")),
    "noaa_gml_ch4": Case(archived(f"2026-02/{_GML}ch4/ch4_mm_gl.csv"), gml("noaa_gml_ch4", "globe")),
    "noaa_gml_n2o": Case(archived(f"2025-08/{_GML}n2o/n2o_mm_gl.csv"), gml("noaa_gml_n2o", "globe")),
    "noaa_gml_co2_global": Case(archived(f"2025-08/{_GML}co2/co2_mm_gl.csv"), gml("noaa_gml_co2_global", "globe")),
    "noaa_gml_co2_global_annual": Case(
        archived(f"2025-08/{_GML}co2/co2_annmean_gl.csv"), gml("noaa_gml_co2_global_annual", "globe")
    ),
    "owid_co2": Case(archived("2025-12/owid-public.owid.io/data/co2/owid-co2-data.csv"), owid("owid_co2")),
    "owid_total_ghg": Case(archived(_CHART), owid("owid_total_ghg", "Code", 1e-6)),
    "owid_electricity_mix": Case(archived(_CHART.replace("total-ghg-emissions", "elec-fossil-nuclear-renewables")),
                                 owid("owid_electricity_mix", "Code")),
    "owid_energy": Case(archived("2026-01/owid-public.owid.io/data/energy/owid-energy-data.csv"), owid("owid_energy")),
    "edgar_ghg": Case(given({_EDGAR: edgar(2024, [1990, 1991, 1992])}), edgar_ghg),
    "unfccc_ghg": Case(archived(*(_PROFILE.format(code) for code in ("AZE", "IRN", "TKM")), _ANNEX_ONE), unfccc),
    "climate_watch": Case(archived(_WATCH), climate_watch),
    "primap_hist": Case(given({V27: primap("2.7", [1990, 1991])}), primap_hist),
    "ndc_registry": Case(archived(_NDCS), ndcs),
    "world_bank": Case(archived(*(f"2026-03/{_BANK.format(code)}" for code in ("SP.POP.TOTL", "NY.GDP.MKTP.CD"))), world_bank),
    "ember_electricity": Case(given({_EMBER: ember().encode()}), ember_electricity),
    "irena_renewables": Case(archived(_IRENA), irena),
    "nd_gain": Case(archived(f"{_GAIN}gain/gain.csv"), nd_gain("nd_gain")),
    **{f"nd_gain_{theme}": Case(archived(f"{_GAIN}vulnerability/{theme}.csv"), nd_gain(f"nd_gain_{theme}"))
       for theme in ("water", "ecosystems", "infrastructure")},
    "nasa_gwm_lake": Case(given({_LAKE: (DATA / "nasa_gwm_lake" / "lake000270.10d.2.txt").read_bytes()}), gwm),
    "dahiti_water_level": Case(archived(_DAHITI), dahiti),
    "reported_levels": Case(given({}), reported("caspian_sea", "reported_levels")),
    "reported_levels_kazakh": Case(given({}), reported("kazakh_sector", "reported_levels_kazakh")),
    "theia_hydroweb": Case(given({HYDROWEB: BOTH}), hydroweb),
    "clms_lake_water_level": Case(clms_files, clms),
    "caspcom_gauges": Case(given({PAGE: LINK.format("2025/06").encode(), ZIP: WHOLE}), caspcom),
    "gauge_levels_hourly": Case(given(_POSTS), gauge_levels),
    "psmsl_rlr": Case(given({URL.format(n): TEXT.encode() for n in (41, 42)}), psmsl),
    "ghcn_daily": Case(
        given({f"{GHCN}ghcnd-stations.txt": STATIONS.encode(), f"{GHCN}csv/by_station/XX000000001.csv": (HEADER + ONE).encode(),
               f"{GHCN}csv/by_station/XX000000002.csv": (HEADER + TWO).encode()}), ghcn,
    ),
    "noaa_gsod": Case(
        given({gsod_address(ANZALI, 2023): GSOD_ONE.encode(), gsod_address(BAKU, 2024): GSOD_TWO.encode()}), gsod
    ),
}  # fmt: skip
