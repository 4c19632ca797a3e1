"""The tables of the catalog, in three parts: reference, provenance, data.

Values are never updated: a correction closes the open vintage (sets ``known_to``) and opens a new one. Two open
vintages of one time are impossible (unique indexes in `partial_indexes`), and triggers refuse any other change of a value.
Times are UTC. Every constraint has a name, so that a migration can speak of it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time: ``timestamptz`` on PostgreSQL, sortable ISO text on SQLite (``2024-11-30 00:00:00[.ffffff]``)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Text on SQLite, where the built-in type would drop the zone."""
        return dialect.type_descriptor(sa.String(26) if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive times; convert the rest to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time {value!r}: the catalog stores UTC")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None).isoformat(sep=" ") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """An aware UTC time on every database."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        moment: datetime = value
        return moment.astimezone(UTC)


def _vintage() -> tuple[sa.Column[Any], sa.Column[Any], sa.CheckConstraint]:
    return (
        sa.Column("known_from", UtcTime, nullable=False, comment="Start of knowledge, UTC, included"),
        sa.Column("known_to", UtcTime, comment="End of knowledge, UTC, excluded; empty while it is what we know"),
        sa.CheckConstraint("known_to IS NULL OR known_to > known_from", name="vintage_not_empty"),
    )


def _one_of(column: str, *words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(w) for w in words)})", name=f"{column}_known")


# ── reference: what is true, loaded from seeds/ ──────────────────────────────────────────────────────────────────────

catalog_property = sa.Table(
    "catalog_property", metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
    comment="Facts about this catalog itself, e.g. whether its data are synthetic",
)  # fmt: skip

variable = sa.Table(
    "variable", metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("long_name", sa.String, nullable=False),
    sa.Column("standard_name", sa.String, comment="CF standard name, where one exists"),
    sa.Column("units", sa.String, nullable=False, comment="Customary units, UDUNITS spelling"),
    sa.Column("cell_methods", sa.String),
    sa.Column("valid_min", sa.Float),
    sa.Column("valid_max", sa.Float),
    sa.Column("note", sa.String, nullable=False, server_default=""),
)  # fmt: skip

datum = sa.Table(
    "datum", metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("epsg", sa.Integer),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False, server_default=""),
)  # fmt: skip

location = sa.Table(
    "location", metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("longitude", sa.Float),
    sa.Column("latitude", sa.Float),
    sa.Column("area_km2", sa.Float),
    sa.Column("geometry_sha256", sa.String),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("elevation_m", sa.Float, comment="Above the ocean; below zero is right on this shore"),
    _one_of("kind", "region", "station", "country", "globe"),
)  # fmt: skip

dataset = sa.Table(
    "dataset", metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("summary", sa.String, nullable=False),
    sa.Column("provider", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("product_version", sa.String),
    sa.Column("licence", sa.String, nullable=False),
    sa.Column("redistributable", sa.Boolean(name="redistributable_flag"), nullable=False),
    sa.Column("citation", sa.String, nullable=False),
    sa.Column("doi", sa.String),
    sa.Column("landing_page", sa.String),
    sa.Column("update_frequency", sa.String, nullable=False),
    sa.Column("publication_delay_days", sa.Integer, nullable=False),
    sa.Column("whole_record", sa.Boolean(name="whole_record_flag"), nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("caveats", sa.String, nullable=False, server_default=""),
    sa.Column("theme", sa.String, nullable=False, server_default=""),
    sa.Column("cannot", sa.String, nullable=False, server_default="", comment="What it cannot give"),
    sa.Column("proven_on", sa.String, nullable=False, server_default="encoded",
              comment="Whether the reader was tried on real bytes of the provider, or on bytes encoded like them"),
    sa.Column("state_since", sa.String, comment="Date from which it is frozen or retired"),
    sa.Column("successor", sa.String, comment="The dataset that follows it"),
    _one_of("state", "active", "frozen", "retired"),
    _one_of("proven_on", "real", "encoded"),
)  # fmt: skip

indicator = sa.Table(
    "indicator", metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("function", sa.String, nullable=False),
    sa.Column("method_version", sa.String, nullable=False),
    sa.Column("units", sa.String, nullable=False),
    sa.Column("statistic", sa.String, nullable=False, comment="What the number is, in words"),
    sa.Column("parameters", sa.String, nullable=False, comment="JSON"),
    sa.Column("decimals", sa.Integer, nullable=False, comment="Decimal places in print"),
    sa.Column("relative_to_datum", sa.Boolean(name="relative_to_datum_flag"), nullable=False,
              comment="Whether the value is a height that means nothing without its datum"),
    sa.Column("citation", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False, server_default=""),
)  # fmt: skip

target = sa.Table(
    "target", metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("country", sa.String, sa.ForeignKey("location.id"), nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("document", sa.String, nullable=False, server_default=""),
    sa.Column("filed_on", sa.String, nullable=False, server_default="", comment="YYYY-MM-DD, or as much as is known"),
    sa.Column("valid_from", sa.String, nullable=False, server_default=""),
    sa.Column("valid_to", sa.String, nullable=False, server_default="", comment="Excluded; empty while it is valid"),
    sa.Column("target_year", sa.Integer, nullable=False),
    sa.Column("base", sa.String, nullable=False),
    sa.Column("base_year", sa.Integer),
    sa.Column("level_pct", sa.Double, comment="Allowed in the target year, in per cent of the base"),
    sa.Column("quantity", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("conditional", sa.String, nullable=False),
    sa.Column("lulucf", sa.String, nullable=False),
    sa.Column("gwp_set", sa.String, nullable=False),
    sa.Column("url", sa.String, nullable=False, server_default=""),
    sa.Column("page", sa.String, nullable=False, server_default=""),
    sa.Column("mark", sa.String, nullable=False),
    sa.Column("unconfirmed", sa.String, nullable=False, server_default="", comment="Columns that nobody read in the document"),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False, server_default=""),
    sa.CheckConstraint("level_pct IS NULL OR (level_pct >= 0 AND level_pct <= 100)", name="level_is_allowed_share"),
    comment="What states promised, since when and until when",
)  # fmt: skip

# ── provenance: who fetched which bytes, when ────────────────────────────────────────────────────────────────────────

run = sa.Table(
    "run", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("workflow", sa.String, nullable=False),
    sa.Column("subject", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("n_expected", sa.Integer, nullable=False, server_default="0"),
    sa.Column("n_fetched", sa.Integer, nullable=False, server_default="0"),
    sa.Column("n_unchanged", sa.Integer, nullable=False, server_default="0"),
    sa.Column("n_rejected", sa.Integer, nullable=False, server_default="0"),
    sa.Column("n_written", sa.Integer, nullable=False, server_default="0"),
    sa.Column("code_version", sa.String, nullable=False),
    sa.Column("settings_hash", sa.String, nullable=False),
    sa.Column("error", sa.String),
    sa.Column("job", sa.String, nullable=False, comment="What is done by one run at a time, e.g. ingest:noaa_oisst_v2_1"),
    sa.Column("scheduled_for", UtcTime, nullable=False, comment="When it was due; when it was asked for, if by hand"),
    sa.Column("attempt", sa.Integer, nullable=False, comment="1, and one more for each that failed before it"),
    sa.Column("origin", sa.String, nullable=False, comment="scheduled, or manual: asked for by a person or by cron"),
    sa.Column("holder", sa.String, comment="The process that does or did it: host, process id, start"),
    sa.Column("lease_until", UtcTime, comment="Others leave the job alone until then"),
    sa.Column("heartbeat_at", UtcTime, comment="When the holder last said that it is alive"),
    sa.Column("window_start", UtcTime, comment="Valid time that was asked for"),
    sa.Column("window_end", UtcTime, comment="Excluded"),
    sa.Column("cause", sa.String, comment="Why it did not do everything: interrupted, handed_back, transient, permanent"),
    sa.UniqueConstraint("job", "scheduled_for", "attempt"),
    _one_of("status", "running", "ok", "partial", "failed", "missed"),
    _one_of("origin", "scheduled", "manual"),
    _one_of("cause", "interrupted", "handed_back", "transient", "permanent"),
    sa.CheckConstraint("status <> 'running' OR (holder IS NOT NULL AND lease_until IS NOT NULL)", name="running_has_lease"),
    sa.CheckConstraint("(window_start IS NULL) = (window_end IS NULL)", name="window_whole"),
)  # fmt: skip

lease = sa.Table(
    "lease", metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("holder", sa.String, nullable=False),
    sa.Column("token", sa.Integer, nullable=False, comment="Grows with every new holder; an old one is worth nothing"),
    sa.Column("lease_until", UtcTime, nullable=False),
    comment="Roles that one process has at a time, such as that of the scheduler",
)  # fmt: skip

granule = sa.Table(
    "granule", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("dataset_id", sa.String, sa.ForeignKey("dataset.id"), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("media_type", sa.String),
    sa.Column("product_version", sa.String, comment="As the granule itself says"),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reason", sa.String, comment="Why it was rejected"),
    sa.UniqueConstraint("dataset_id", "sha256"),
    _one_of("state", "accepted", "rejected"),
    sa.CheckConstraint("state = 'accepted' OR reason IS NOT NULL", name="rejected_says_why"),
)  # fmt: skip

retrieval = sa.Table(
    "retrieval", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.Column("dataset_id", sa.String, sa.ForeignKey("dataset.id"), nullable=False),
    sa.Column("url", sa.String, nullable=False, comment="The provider's address, secrets left out"),
    sa.Column("retrieved_at", UtcTime, nullable=False),
    sa.Column("known_at", UtcTime, nullable=False, comment="From when what it brought is known; earlier for old editions"),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("http_status", sa.Integer),
    sa.Column("etag", sa.String),
    sa.Column("last_modified", sa.String),
    sa.Column("bytes_received", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("granule_id", sa.Integer, sa.ForeignKey("granule.id")),
    sa.Column("error", sa.String),
    _one_of("outcome", "new", "same_bytes", "not_modified", "listed", "not_published", "failed"),
    sa.Index("ix_retrieval_url", "url", "id"),
    sa.Index("ix_retrieval_dataset_id_known_at", "dataset_id", "known_at"),
    sa.Index("ix_retrieval_granule_id", "granule_id"),
)  # fmt: skip

dataset_check = sa.Table(
    "dataset_check", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("dataset_id", sa.String, sa.ForeignKey("dataset.id"), nullable=False),
    sa.Column("checked_at", UtcTime, nullable=False),
    sa.Column("url", sa.String, comment="Secrets left out"),
    sa.Column("passed", sa.Boolean(name="passed_flag"), nullable=False),
    sa.Column("findings", sa.String, nullable=False, comment="JSON: what was found against what the seed promises"),
    sa.Column("code_version", sa.String, nullable=False),
    sa.Index("ix_dataset_check_dataset_id", "dataset_id", "checked_at"),
    comment="Granules that were fetched to see whether the provider keeps what the seed promises",
)  # fmt: skip

# ── data: what was believed, and when ────────────────────────────────────────────────────────────────────────────────

series = sa.Table(
    "series", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("dataset_id", sa.String, sa.ForeignKey("dataset.id"), nullable=False),
    sa.Column("variable_id", sa.String, sa.ForeignKey("variable.id"), nullable=False),
    sa.Column("location_id", sa.String, sa.ForeignKey("location.id"), nullable=False),
    sa.Column("resolution", sa.String, nullable=False, comment="ISO 8601 duration of one value, or 'instant'"),
    sa.Column("datum_id", sa.String, sa.ForeignKey("datum.id"), nullable=False, server_default="none"),
    sa.UniqueConstraint("dataset_id", "variable_id", "location_id", "resolution", "datum_id", name="uq_series_identity"),
)  # fmt: skip

observation = sa.Table(
    "observation", metadata,
    sa.Column("series_id", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("time", UtcTime, primary_key=True, comment="Instant, or start of the period that the value covers"),
    sa.Column("known_from", UtcTime, primary_key=True, comment="Start of knowledge, UTC, included"),
    sa.Column("known_to", UtcTime, comment="End of knowledge, UTC, excluded; empty while it is what we know"),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("std_uncertainty", sa.Double, comment="Standard uncertainty (k=1) as the provider gives it"),
    sa.Column("qc_flag", sa.SmallInteger, nullable=False, comment="QARTOD 1 good 2 not evaluated 3 suspect 4 fail"),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False, comment="What opened this vintage"),
    sa.Column("n_cells", sa.Integer, comment="Grid cells used in a regional mean"),
    sa.Column("area_share", sa.Double, comment="Share of the region's area observed"),
    sa.Column("source_note", sa.String, comment="Source of this one value, where a dataset collects many"),
    sa.Column("qc_tests", sa.String(8), comment="Flag of each QARTOD test, one digit each in the order of processing.qc.TESTS"),
    sa.Column("granule_id", sa.Integer, sa.ForeignKey("granule.id"), nullable=False),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.PrimaryKeyConstraint("series_id", "time", "known_from"),
    sa.CheckConstraint("known_to IS NULL OR known_to > known_from", name="vintage_not_empty"),
    sa.CheckConstraint("qc_flag IN (1, 2, 3, 4, 9)", name="qc_flag_known"),
    sa.CheckConstraint("value = value AND value < 1e300 AND value > -1e300", name="value_finite"),
    _one_of("status", "final", "preliminary", "reported", "estimated"),
    _one_of("kind", "first", "finalised", "corrected", "reprocessed", "restored", "requalified"),
    sqlite_with_rowid=False,
)  # fmt: skip

sa.Index("ix_observation_granule_id", observation.c.granule_id)

qc_override = sa.Table(
    "qc_override", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("series_id", sa.Integer, sa.ForeignKey("series.id"), nullable=False),
    sa.Column("time", UtcTime, nullable=False),
    *_vintage(),
    sa.Column("qc_flag", sa.SmallInteger, nullable=False),
    sa.Column("set_by", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.CheckConstraint("qc_flag IN (1, 2, 3, 4)", name="qc_flag_known"),
    sa.CheckConstraint("set_by <> '' AND reason <> ''", name="signed"),
    comment="Flags set by a person, with name and reason, in place of those of the tests",
)  # fmt: skip

cube_part = sa.Table(
    "cube_part", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("dataset_id", sa.String, sa.ForeignKey("dataset.id"), nullable=False),
    sa.Column("period_start", UtcTime, nullable=False),
    sa.Column("period_end", UtcTime, nullable=False, comment="Excluded"),
    *_vintage(),
    sa.Column("sha256", sa.String(64), nullable=False, comment="Of the NetCDF file"),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False, comment="Hash of the granules and the method it was built from"),
    sa.Column("n_granules", sa.Integer, nullable=False),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.CheckConstraint("period_end > period_start", name="period_not_empty"),
    comment="Parts of the analysis-ready grids, one file a dataset and year in each vintage",
)  # fmt: skip

indicator_value = sa.Table(
    "indicator_value", metadata,
    sa.Column("id", sa.String(32), primary_key=True, comment="Hash of indicator, location, period and known_from"),
    sa.Column("indicator_id", sa.String, sa.ForeignKey("indicator.id"), nullable=False),
    sa.Column("method_version", sa.String, nullable=False),
    sa.Column("location_id", sa.String, sa.ForeignKey("location.id"), nullable=False),
    sa.Column("period_start", UtcTime, nullable=False),
    sa.Column("period_end", UtcTime, nullable=False, comment="Excluded"),
    *_vintage(),
    sa.Column("value", sa.Double, comment="Empty where the rule refuses a number; then reason says why"),
    sa.Column("reason", sa.String),
    sa.Column("unit", sa.String, nullable=False),
    sa.Column("std_uncertainty", sa.Double),
    sa.Column("ci_low", sa.Double),
    sa.Column("ci_high", sa.Double),
    sa.Column("ci_level", sa.Double),
    sa.Column("n_valid", sa.Integer, nullable=False),
    sa.Column("n_expected", sa.Integer, nullable=False),
    sa.Column("status", sa.String, nullable=False, comment="Worst status of the inputs"),
    sa.Column("confidence", sa.String, comment="Assigned by a named person, never by code"),
    sa.Column("qc_flag", sa.SmallInteger, nullable=False),
    sa.Column("datum_id", sa.String, sa.ForeignKey("datum.id"), nullable=False),
    sa.Column("licence", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.CheckConstraint("period_end > period_start", name="period_not_empty"),
    sa.CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name="value_or_reason"),
    sa.CheckConstraint("value IS NULL OR (unit <> '' AND licence <> '' AND n_valid > 0)", name="publishable"),
    sa.CheckConstraint("(ci_low IS NULL) = (ci_high IS NULL) AND (ci_low IS NULL) = (ci_level IS NULL)", name="interval_whole"),
    sa.CheckConstraint("ci_low IS NULL OR (ci_low <= value AND value <= ci_high)", name="interval_holds_value"),
    _one_of("status", "final", "preliminary", "reported", "estimated"),
    _one_of("kind", "first", "revised", "restored", "method_changed"),
)  # fmt: skip

# Values of all vintages: the unique one holds only what is known now, and a new value is held against every vintage.
sa.Index("ix_indicator_value_period", indicator_value.c.indicator_id, indicator_value.c.location_id,
         indicator_value.c.period_start, indicator_value.c.period_end)  # fmt: skip

indicator_input = sa.Table(
    "indicator_input", metadata,
    sa.Column("value_id", sa.String(32), sa.ForeignKey("indicator_value.id", deferrable=True, initially="DEFERRED"),
              primary_key=True),
    sa.Column("argument", sa.String, primary_key=True),
    sa.Column("series_id", sa.Integer, sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("period_start", UtcTime, primary_key=True),
    sa.Column("period_end", UtcTime, nullable=False, comment="Excluded"),
    sa.Column("known_at", UtcTime, nullable=False, comment="The observations used are those known at this moment"),
    comment="Which observations a value is made of",
)  # fmt: skip

manual_value = sa.Table(
    "manual_value", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("quantity", sa.String, nullable=False, comment="Id in seeds/manual.yaml"),
    sa.Column("location_id", sa.String, sa.ForeignKey("location.id"), nullable=False),
    sa.Column("period_start", UtcTime, nullable=False),
    sa.Column("period_end", UtcTime, nullable=False, comment="Excluded"),
    *_vintage(),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("unit", sa.String, nullable=False),
    sa.Column("reported_by", sa.String, nullable=False, comment="Who says so"),
    sa.Column("reported_on", sa.String, nullable=False, comment="When they said so, YYYY-MM-DD"),
    sa.Column("source", sa.String, nullable=False, comment="Where it can be read"),
    sa.Column("licence", sa.String, nullable=False),
    sa.Column("redistributable", sa.Boolean(name="redistributable_flag"), nullable=False),
    sa.Column("note", sa.String, nullable=False, server_default=""),
    sa.Column("signed_by", sa.String, nullable=False, comment="Who put the file together and answers for it"),
    sa.Column("signed_on", sa.String, nullable=False),
    sa.Column("file_sha256", sa.String(64), nullable=False),
    sa.CheckConstraint("period_end > period_start", name="period_not_empty"),
    sa.CheckConstraint("signed_by <> '' AND reported_by <> '' AND source <> ''", name="signed"),
    sa.CheckConstraint("value = value AND value < 1e300 AND value > -1e300", name="value_finite"),
    comment="Numbers of themes without an open feed, as reported by whom and when",
)  # fmt: skip

computation = sa.Table(
    "computation", metadata,
    sa.Column("indicator_id", sa.String, sa.ForeignKey("indicator.id"), primary_key=True),
    sa.Column("location_id", sa.String, sa.ForeignKey("location.id"), primary_key=True),
    sa.Column("fingerprint", sa.String, nullable=False, comment="Hash of inputs, parameters and method version"),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    comment="What each indicator was last computed from, so that only what changed is computed",
)  # fmt: skip

alert = sa.Table(
    "alert", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("rule", sa.String, nullable=False, comment="Id in seeds/alerts.yaml"),
    sa.Column("subject", sa.String, nullable=False, comment="Dataset, job, indicator or revised series"),
    sa.Column("severity", sa.String, nullable=False),
    sa.Column("message", sa.String, nullable=False, comment="As the condition was last seen"),
    sa.Column("raised_at", UtcTime, nullable=False),
    sa.Column("first_seen", UtcTime, nullable=False, comment="When rule and subject met first, in an earlier alert too"),
    sa.Column("last_seen", UtcTime, nullable=False),
    sa.Column("acknowledged_at", UtcTime),
    sa.Column("acknowledged_by", sa.String),
    sa.Column("delivered", sa.String, nullable=False, server_default="{}", comment="JSON: time by channel"),
    sa.Column("resolved_at", UtcTime, comment="When the condition was first seen to be over"),
    _one_of("severity", "note", "warning", "critical"),
    sa.CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_by_somebody"),
    comment="What somebody must be told, once for each rule and subject while it goes on",
)  # fmt: skip

# ── reports: what was printed, and from which vintage ────────────────────────────────────────────────────────────────


# Parts of an edition are written before it, and none after it: an edition that is there is whole.
def _of_edition() -> sa.Column[Any]:
    whole = sa.ForeignKey("report_edition.id", deferrable=True, initially="DEFERRED")
    return sa.Column("edition_id", sa.String, whole, primary_key=True)


report_edition = sa.Table(
    "report_edition", metadata,
    sa.Column("id", sa.String, primary_key=True, comment="Report and number, e.g. bulletin-3"),
    sa.Column("report_id", sa.String, nullable=False, comment="Id in seeds/reports.yaml"),
    sa.Column("number", sa.Integer, nullable=False, comment="1, 2, 3 … of one report"),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("languages", sa.String, nullable=False, comment="With commas between"),
    sa.Column("formats", sa.String, nullable=False, comment="With commas between"),
    sa.Column("as_of", UtcTime, nullable=False, comment="The moment of knowledge that is printed, UTC"),
    sa.Column("frozen_at", UtcTime, nullable=False),
    sa.Column("corrects", sa.String, sa.ForeignKey("report_edition.id"), comment="The edition that this one is an erratum of"),
    sa.Column("erratum", sa.Integer, comment="1, 2, 3 … of the edition that is corrected"),
    sa.Column("reason", sa.String, comment="Why it was corrected"),
    sa.Column("allowed", sa.String, nullable=False, comment="JSON: what would have forbidden to freeze it and was allowed"),
    sa.Column("synthetic", sa.Boolean(name="synthetic_flag"), nullable=False),
    sa.Column("template_hash", sa.String(64), nullable=False, comment="Of the code and templates that print"),
    sa.Column("seeds_hash", sa.String(64), nullable=False, comment="Of the seeds it was made with"),
    sa.Column("code_version", sa.String, nullable=False),
    sa.Column("drawn_by", sa.String, nullable=False, comment="JSON: versions of the libraries that draw"),
    sa.Column("citation", sa.String, nullable=False, comment="How to cite this edition"),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
    sa.UniqueConstraint("report_id", "number"),
    sa.UniqueConstraint("corrects", "erratum"),
    sa.CheckConstraint("(corrects IS NULL) = (erratum IS NULL) AND (corrects IS NULL) = (reason IS NULL)",
                       name="correction_whole"),
    comment="Frozen reports",
)  # fmt: skip

report_value = sa.Table(
    "report_value", metadata,
    _of_edition(),
    sa.Column("printed_id", sa.String, primary_key=True, comment="indicator@location@period, the same in every edition"),
    sa.Column("position", sa.Integer, nullable=False, comment="Order of print"),
    sa.Column("value_id", sa.String(32), sa.ForeignKey("indicator_value.id", deferrable=True, initially="DEFERRED"),
              nullable=False, comment="The vintage of the number"),
    sa.Column("value", sa.Double, comment="Empty where the reason was printed"),
    sa.Column("std_uncertainty", sa.Double),
    sa.Column("ci_low", sa.Double),
    sa.Column("ci_high", sa.Double),
    sa.Column("ci_level", sa.Double),
    sa.Column("decimals", sa.Integer, nullable=False),
    sa.Column("unit", sa.String, nullable=False),
    sa.Column("printed", sa.String, nullable=False, comment="As text, in the first language"),
    sa.Column("reason", sa.String, comment="Printed in place of a number"),
    sa.CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name="value_or_reason"),
    comment="What an edition printed",
)  # fmt: skip

report_file = sa.Table(
    "report_file", metadata,
    _of_edition(),
    sa.Column("name", sa.String, primary_key=True, comment="Below the folder of the edition"),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    comment="Files of an edition; they lie in the home under editions/",
)  # fmt: skip

report_need = sa.Table(
    "report_need", metadata,
    _of_edition(),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("dataset_id", sa.String, sa.ForeignKey("dataset.id"), nullable=False),
    _one_of("kind", "granule", "cube_part"),
    comment="Bytes that the numbers of an edition rest on",
)  # fmt: skip
