"""The catalog in Python: series and indicators as xarray, tables and SQL as pandas, all of them read-only.

>>> import caspian_env as ce
>>> cat = ce.connect("caspian-synthetic.db")
>>> level = cat.series("dahiti_water_level", window="2025-06-01/2025-07-01")
>>> level["water_surface_height_above_reference_datum"].sizes
Frozen({'time': 3})
>>> cat.close()

Reading asks nothing but the documented views, so that a reader's role on PostgreSQL is enough.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.published import described, facts, published_indicator, published_series
from caspian_env.catalog.query import ask, open_reader
from caspian_env.errors import CatalogError, SettingsError
from caspian_env.model import Window, as_utc
from caspian_env.processing.cf_attributes import dataset_attrs, definition_attrs, indicator_attrs, series_attrs
from caspian_env.processing.cf_dataset import cf_dataset
from caspian_env.settings import Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    Moment = str | date | datetime  # pandas.Timestamp is a datetime


def connect(
    url: str | Path | None = None, as_of: Moment | None = None, home: str | Path | None = None
) -> CatalogReader:
    """A catalog opened for reading; nothing that is asked of it can change it.

    Parameters
    ----------
    url : str or Path, optional
        Address of the database (``sqlite:///FILE``, ``postgresql://…``), or the path of a SQLite file. By default
        the one of the settings, as the command line finds it.
    as_of : str, date or datetime, optional
        Answer everything as it was known then, UTC; a call can name another moment.
    home : str or Path, optional
        Home whose database is meant, when there is no ``url``.

    Raises
    ------
    CatalogError
        When there is no catalog.

    Examples
    --------
    >>> with ce.connect("caspian-synthetic.db", as_of="2024-11-11") as then:
    ...     newest = then.series("dahiti_water_level")["time"].max()
    >>> str(newest.values)[:10]
    '2024-10-30'
    """
    address = str(url) if url is not None and "://" in str(url) else None
    file = Path(url).absolute() if url is not None and address is None else None
    settings = load_settings(home=Path(home) if home else file.parent if file else None)
    if url is not None:
        settings = replace(settings, database_url=address or f"sqlite:///{file}")
    moment = _moment(as_of)
    catalog = open_reader(settings.database_url)
    try:
        return CatalogReader(catalog, moment, facts(catalog).get("synthetic") == "yes", settings)
    except CatalogError:
        catalog.dispose()
        raise


@dataclass(frozen=True, slots=True)
class CatalogReader:
    """What `connect` gives: the catalog, the moment it answers for (None is now), whether its data are synthetic."""

    catalog: Catalog
    as_of: datetime | None
    synthetic: bool
    settings: Settings = field(repr=False)  # its database address may hold a password

    def series(
        self,
        dataset: str,
        variable: str | None = None,
        region: str | None = None,
        datum: str | None = None,
        as_of: Moment | None = None,
        window: str | Window | None = None,
        history: bool = False,
    ) -> xr.Dataset:
        """The values of one quantity of a dataset, with CF attributes and all that is known about each value.

        Parameters
        ----------
        dataset, variable, region, datum : str
            What is meant, by ids; a name may be left out where only one fits. Several regions become a dimension.
        as_of : str, date or datetime, optional
            What was known then, UTC.
        window : str or Window, optional
            Valid time ``START/END``, END excluded.
        history : bool
            Every vintage there was until ``as_of``, along a dimension ``vintage``, with known_from and known_to.

        Returns
        -------
        xarray.Dataset
            The values under their variable id, dimension ``time`` (naive, UTC) or ``location, time``; ancillary
            variables std_uncertainty, qc_flag, status, known_from and, for a regional mean, n_cells and area_share.

        Raises
        ------
        CatalogError
            When no series, or no value, or more than one quantity or datum fits.

        Examples
        --------
        >>> sst = cat.series("noaa_ersst_v5", region="north_caspian", window="2025-06-01/2025-09-01")
        >>> sst.to_pandas()[["sea_surface_temperature", "status"]].round(1)
                    sea_surface_temperature status
        time
        2025-06-01                     20.6  final
        2025-07-01                     23.9  final
        2025-08-01                     24.3  final
        >>> sst.attrs["Conventions"], sst["sea_surface_temperature"].attrs["units"]
        ('CF-1.11', 'degree_Celsius')
        """
        moment = _moment(as_of) or self.as_of
        found = published_series(
            self.catalog, dataset, variable=variable, location=region, datum=datum, as_of=moment, history=history,
            window=Window.parse(window) if isinstance(window, str) else window,
        )  # fmt: skip
        return cf_dataset(
            found.about["variable_id"],
            found.rows,
            value_attrs=series_attrs(found.about, found.dataset),
            global_attrs=dataset_attrs(found.dataset, as_of=moment, synthetic=self.synthetic),
            history=history,
        )

    def indicator(
        self, id: str, region: str | None = None, as_of: Moment | None = None, history: bool = False
    ) -> xr.Dataset:
        """The values of an indicator, with interval, completeness, status and quality flag.

        Periods that the indicator's rule refuses are not here; view ``v_refusal`` says which, and why.

        Parameters
        ----------
        id : str
            Indicator id.
        region : str, optional
            Location id; several locations become a dimension.
        as_of, history
            As for `series`.

        Returns
        -------
        xarray.Dataset
            The values under the indicator's id; ``time`` is the start of the period, ``period_end`` its end.

        Raises
        ------
        CatalogError
            When there is no such indicator, or no value of it was known.

        Examples
        --------
        >>> mean = cat.indicator("sl_mean_1y_dahiti")
        >>> mean.to_pandas()[["sl_mean_1y_dahiti", "ci_low", "ci_high", "n_valid"]].tail(2).round(2)
                    sl_mean_1y_dahiti  ci_low  ci_high  n_valid
        time
        2024-01-01             -28.63  -28.68   -28.58       12
        2025-01-01             -28.83  -28.88   -28.78       12
        >>> mean["sl_mean_1y_dahiti"].attrs["water_surface_reference_datum"]
        'dahiti_39'
        """
        moment = _moment(as_of) or self.as_of
        found = published_indicator(self.catalog, id, location=region, as_of=moment, history=history)
        return cf_dataset(
            id,
            found.rows,
            value_attrs=indicator_attrs(found.about, found.rows),
            global_attrs=definition_attrs(found.about, found.rows, as_of=moment, synthetic=self.synthetic),
            history=history,
        )

    def trend(
        self,
        series: str,
        variable: str | None = None,
        region: str | None = None,
        datum: str | None = None,
        as_of: Moment | None = None,
        start: int | None = None,
        end: int | None = None,
        level: float = 0.9,
    ) -> pd.DataFrame:
        """What may be said about the trend of a dataset's annual means, or of an indicator: see the command ``trend``.

        Parameters
        ----------
        series : str
            Dataset id or indicator id.
        variable, region, datum, as_of
            As for `series`.
        start, end : int, optional
            First and last year.
        level : float
            Probability content of the intervals.

        Returns
        -------
        pandas.DataFrame
            A row for each location and method; attrs ``unit`` and ``sentences``, one for each location.

        Examples
        --------
        >>> warming = cat.trend("noaa_ersst_v5", region="south_caspian")
        >>> warming.loc[("south_caspian", "OLS, n_eff"), ["estimate", "ci_low", "ci_high"]].astype(float).round(3).to_list()
        [0.037, 0.032, 0.043]
        """
        import pandas as pd

        from caspian_env.workflows.trend import trend

        found = trend(
            self.catalog, series, variable=variable, location=region, datum=datum,
            as_of=_moment(as_of) or self.as_of, start=start, end=end, level=level,
        )  # fmt: skip
        rows = [{"location": one.location, **asdict(line)} for one in found for line in one.verdict.lines]
        frame = pd.DataFrame.from_records(rows).set_index(["location", "method"])
        frame.attrs["unit"] = found[0].unit
        frame.attrs["sentences"] = {one.location: one.verdict.sentence for one in found}
        return frame

    def cube(self, dataset: str, as_of: Moment | None = None) -> xr.Dataset:
        """The grid of a gridded dataset over the study area, lazily opened: see `caspian_env.workflows.cube.open_cube`.

        It needs the files of the home, and on PostgreSQL the rights of the service: a reader's role sees no cubes.
        """
        from caspian_env.wiring import open_platform
        from caspian_env.workflows.cube import open_cube

        with open_platform(self.settings) as platform:
            return open_cube(platform, dataset, _moment(as_of) or self.as_of)

    def datasets(self) -> pd.DataFrame:
        """Every dataset with licence and citation, as view ``v_dataset`` has it, by dataset id.

        Examples
        --------
        >>> cat.datasets().loc["noaa_gml_co2", "provider"]
        'NOAA Global Monitoring Laboratory'
        """
        return self._described("v_dataset", "dataset_id")

    def indicators(self) -> pd.DataFrame:
        """Every indicator's definition, as view ``v_indicator_definition`` has it, by indicator id.

        Examples
        --------
        >>> cat.indicators().loc["sl_rate_10y_dahiti", "unit"]
        'cm year-1'
        """
        return self._described("v_indicator_definition", "indicator_id")

    def sql(
        self,
        query: str,
        params: Mapping[str, Any] | None = None,
        *,
        limit: int | None = 100_000,
        seconds: float = 60.0,
    ) -> pd.DataFrame:
        """The answer to a question on the documented views; parameters are written ``:name``.

        A parameter that is a date or time, or reads like one, is a moment in UTC. ``:as_of`` may be used without
        giving it: it is the moment that the catalog was opened for, else now.

        Returns
        -------
        pandas.DataFrame
            With ``attrs["truncated"]``; a warning says so too when there were more than ``limit`` rows.

        Raises
        ------
        CatalogError
            When the question is wrong, would change something, or takes longer than ``seconds``.

        Examples
        --------
        >>> cat.sql("SELECT count(*) AS n FROM v_indicator WHERE status = :status", {"status": "estimated"})["n"] > 0
        0    True
        Name: n, dtype: bool
        """
        import pandas as pd

        given = {"as_of": self.as_of or datetime.now(UTC), **(params or {})}
        answer = ask(self.catalog, query, given, limit=limit, seconds=seconds)
        frame = pd.DataFrame.from_records(list(answer.rows), columns=list(answer.columns))
        frame.attrs["truncated"] = answer.truncated
        if answer.truncated:
            warnings.warn(f"only the first {limit} rows are here; limit=None gives all", UserWarning, stacklevel=2)
        return frame

    def close(self) -> None:
        """Close every connection."""
        self.catalog.dispose()

    def __enter__(self) -> CatalogReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _described(self, view: str, key: str) -> pd.DataFrame:
        import pandas as pd

        with self.catalog.read() as connection:
            return pd.DataFrame.from_records(described(connection, view)).set_index(key)


def _moment(given: Moment | None) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError as error:
        raise SettingsError("as_of", f"cannot read {given!r}", "write for example 2024-11-11") from error
    if isinstance(moment, datetime):
        return as_utc(moment)
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
