"""the first tables."""

# Written once and never edited: a change of the tables is a new revision.

import sqlalchemy as sa
from alembic import op

from caspian_env.catalog.tables import UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalog_property",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_catalog_property")),
        comment="Facts about this catalog itself, e.g. whether its data are synthetic",
    )
    op.create_table(
        "dataset",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("product_version", sa.String(), nullable=True),
        sa.Column("licence", sa.String(), nullable=False),
        sa.Column("redistributable", sa.Boolean(name="redistributable_flag"), nullable=False),
        sa.Column("citation", sa.String(), nullable=False),
        sa.Column("doi", sa.String(), nullable=True),
        sa.Column("landing_page", sa.String(), nullable=True),
        sa.Column("update_frequency", sa.String(), nullable=False),
        sa.Column("publication_delay_days", sa.Integer(), nullable=False),
        sa.Column("whole_record", sa.Boolean(name="whole_record_flag"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("caveats", sa.String(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('active', 'frozen', 'retired')", name=op.f("ck_dataset_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
    )
    op.create_table(
        "datum",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("epsg", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datum")),
    )
    op.create_table(
        "indicator",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("method_version", sa.String(), nullable=False),
        sa.Column("units", sa.String(), nullable=False),
        sa.Column("statistic", sa.String(), nullable=False, comment="What the number is, in words"),
        sa.Column("parameters", sa.String(), nullable=False, comment="JSON"),
        sa.Column("decimals", sa.Integer(), nullable=False, comment="Decimal places in print"),
        sa.Column(
            "relative_to_datum",
            sa.Boolean(name="relative_to_datum_flag"),
            nullable=False,
            comment="Whether the value is a height that means nothing without its datum",
        ),
        sa.Column("citation", sa.String(), nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator")),
    )
    op.create_table(
        "location",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("area_km2", sa.Float(), nullable=True),
        sa.Column("geometry_sha256", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('region', 'station', 'country', 'globe')", name=op.f("ck_location_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("n_expected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("n_fetched", sa.Integer(), server_default="0", nullable=False),
        sa.Column("n_unchanged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("n_rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("n_written", sa.Integer(), server_default="0", nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("settings_hash", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'ok', 'partial', 'failed', 'missed')", name=op.f("ck_run_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_table(
        "variable",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("long_name", sa.String(), nullable=False),
        sa.Column("standard_name", sa.String(), nullable=True, comment="CF standard name, where one exists"),
        sa.Column("units", sa.String(), nullable=False, comment="Customary units, UDUNITS spelling"),
        sa.Column("cell_methods", sa.String(), nullable=True),
        sa.Column("valid_min", sa.Float(), nullable=True),
        sa.Column("valid_max", sa.Float(), nullable=True),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variable")),
    )
    op.create_table(
        "computation",
        sa.Column("indicator_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False, comment="Hash of inputs, parameters and method version"),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name=op.f("fk_computation_indicator_id_indicator")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_computation_location_id_location")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_computation_run_id_run")),
        sa.PrimaryKeyConstraint("indicator_id", "location_id", name=op.f("pk_computation")),
        comment="What each indicator was last computed from, so that only what changed is computed",
    )
    op.create_table(
        "granule",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("product_version", sa.String(), nullable=True, comment="As the granule itself says"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True, comment="Why it was rejected"),
        sa.CheckConstraint("state = 'accepted' OR reason IS NOT NULL", name=op.f("ck_granule_rejected_says_why")),
        sa.CheckConstraint("state IN ('accepted', 'rejected')", name=op.f("ck_granule_state_known")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_granule_dataset_id_dataset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_granule")),
        sa.UniqueConstraint("dataset_id", "sha256", name=op.f("uq_granule_dataset_id_sha256")),
    )
    op.create_table(
        "indicator_value",
        sa.Column(
            "id", sa.String(length=32), nullable=False, comment="Hash of indicator, location, period and known_from"
        ),
        sa.Column("indicator_id", sa.String(), nullable=False),
        sa.Column("method_version", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("period_start", UtcTime(), nullable=False),
        sa.Column("period_end", UtcTime(), nullable=False, comment="Excluded"),
        sa.Column("known_from", UtcTime(), nullable=False, comment="Start of knowledge, UTC, included"),
        sa.Column(
            "known_to",
            UtcTime(),
            nullable=True,
            comment="End of knowledge, UTC, excluded; empty while it is what we know",
        ),
        sa.Column(
            "value", sa.Double(), nullable=True, comment="Empty where the rule refuses a number; then reason says why"
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("std_uncertainty", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("ci_level", sa.Double(), nullable=True),
        sa.Column("n_valid", sa.Integer(), nullable=False),
        sa.Column("n_expected", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False, comment="Worst status of the inputs"),
        sa.Column("confidence", sa.String(), nullable=True, comment="Assigned by a named person, never by code"),
        sa.Column("qc_flag", sa.SmallInteger(), nullable=False),
        sa.Column("datum_id", sa.String(), nullable=False),
        sa.Column("licence", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('first', 'revised', 'restored', 'method_changed')", name=op.f("ck_indicator_value_kind_known")
        ),
        sa.CheckConstraint(
            "status IN ('final', 'preliminary', 'reported', 'estimated')", name=op.f("ck_indicator_value_status_known")
        ),
        sa.CheckConstraint(
            "value IS NULL OR (unit <> '' AND licence <> '' AND n_valid > 0)",
            name=op.f("ck_indicator_value_publishable"),
        ),
        sa.CheckConstraint(
            "(ci_low IS NULL) = (ci_high IS NULL) AND (ci_low IS NULL) = (ci_level IS NULL)",
            name=op.f("ck_indicator_value_interval_whole"),
        ),
        sa.CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name=op.f("ck_indicator_value_value_or_reason")),
        sa.CheckConstraint(
            "ci_low IS NULL OR (ci_low <= value AND value <= ci_high)",
            name=op.f("ck_indicator_value_interval_holds_value"),
        ),
        sa.CheckConstraint(
            "known_to IS NULL OR known_to > known_from", name=op.f("ck_indicator_value_vintage_not_empty")
        ),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_indicator_value_period_not_empty")),
        sa.ForeignKeyConstraint(["datum_id"], ["datum.id"], name=op.f("fk_indicator_value_datum_id_datum")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicator.id"], name=op.f("fk_indicator_value_indicator_id_indicator")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_indicator_value_location_id_location")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_indicator_value_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_value")),
    )
    with op.batch_alter_table("indicator_value", schema=None) as batch_op:
        batch_op.create_index(
            "uq_indicator_value_open",
            ["indicator_id", "location_id", "period_start", "period_end"],
            unique=True,
            sqlite_where=sa.text("known_to IS NULL"),
            postgresql_where=sa.text("known_to IS NULL"),
        )

    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("variable_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=False, comment="ISO 8601 duration of one value, or 'instant'"),
        sa.Column("datum_id", sa.String(), server_default="none", nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_series_dataset_id_dataset")),
        sa.ForeignKeyConstraint(["datum_id"], ["datum.id"], name=op.f("fk_series_datum_id_datum")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_series_location_id_location")),
        sa.ForeignKeyConstraint(["variable_id"], ["variable.id"], name=op.f("fk_series_variable_id_variable")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint(
            "dataset_id", "variable_id", "location_id", "resolution", "datum_id", name="uq_series_identity"
        ),
    )
    op.create_table(
        "indicator_input",
        sa.Column("value_id", sa.String(length=32), nullable=False),
        sa.Column("argument", sa.String(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("period_start", UtcTime(), nullable=False),
        sa.Column("period_end", UtcTime(), nullable=False, comment="Excluded"),
        sa.Column(
            "known_at", UtcTime(), nullable=False, comment="The observations used are those known at this moment"
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_indicator_input_series_id_series")),
        sa.ForeignKeyConstraint(
            ["value_id"],
            ["indicator_value.id"],
            name=op.f("fk_indicator_input_value_id_indicator_value"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("value_id", "argument", "series_id", "period_start", name=op.f("pk_indicator_input")),
        comment="Which observations a value is made of",
    )
    op.create_table(
        "observation",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("time", UtcTime(), nullable=False, comment="Instant, or start of the period that the value covers"),
        sa.Column("known_from", UtcTime(), nullable=False, comment="Start of knowledge, UTC, included"),
        sa.Column(
            "known_to",
            UtcTime(),
            nullable=True,
            comment="End of knowledge, UTC, excluded; empty while it is what we know",
        ),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column(
            "std_uncertainty", sa.Double(), nullable=True, comment="Standard uncertainty (k=1) as the provider gives it"
        ),
        sa.Column(
            "qc_flag", sa.SmallInteger(), nullable=False, comment="QARTOD 1 good 2 not evaluated 3 suspect 4 fail"
        ),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="What opened this vintage"),
        sa.Column("n_cells", sa.Integer(), nullable=True, comment="Grid cells used in a regional mean"),
        sa.Column("area_share", sa.Double(), nullable=True, comment="Share of the region's area observed"),
        sa.Column(
            "source_note", sa.String(), nullable=True, comment="Source of this one value, where a dataset collects many"
        ),
        sa.Column("granule_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('first', 'finalised', 'corrected', 'reprocessed', 'restored', 'requalified')",
            name=op.f("ck_observation_kind_known"),
        ),
        sa.CheckConstraint(
            "status IN ('final', 'preliminary', 'reported', 'estimated')", name=op.f("ck_observation_status_known")
        ),
        sa.CheckConstraint("known_to IS NULL OR known_to > known_from", name=op.f("ck_observation_vintage_not_empty")),
        sa.CheckConstraint("qc_flag IN (1, 2, 3, 4, 9)", name=op.f("ck_observation_qc_flag_known")),
        sa.CheckConstraint(
            "value = value AND value < 1e300 AND value > -1e300", name=op.f("ck_observation_value_finite")
        ),
        sa.ForeignKeyConstraint(["granule_id"], ["granule.id"], name=op.f("fk_observation_granule_id_granule")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_observation_run_id_run")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_observation_series_id_series")),
        sa.PrimaryKeyConstraint("series_id", "time", "known_from", name=op.f("pk_observation")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.create_index("ix_observation_granule_id", ["granule_id"], unique=False)
        batch_op.create_index("ix_observation_known_from", ["series_id", "known_from"], unique=False)
        batch_op.create_index(
            "uq_observation_open",
            ["series_id", "time"],
            unique=True,
            sqlite_where=sa.text("known_to IS NULL"),
            postgresql_where=sa.text("known_to IS NULL"),
        )

    op.create_table(
        "retrieval",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False, comment="The provider's address, secrets left out"),
        sa.Column("retrieved_at", UtcTime(), nullable=False),
        sa.Column(
            "known_at",
            UtcTime(),
            nullable=False,
            comment="From when what it brought is known; earlier for old editions",
        ),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("bytes_received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("granule_id", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('new', 'same_bytes', 'not_modified', 'listed', 'not_published', 'failed')",
            name=op.f("ck_retrieval_outcome_known"),
        ),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_retrieval_dataset_id_dataset")),
        sa.ForeignKeyConstraint(["granule_id"], ["granule.id"], name=op.f("fk_retrieval_granule_id_granule")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_retrieval_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrieval")),
    )
    with op.batch_alter_table("retrieval", schema=None) as batch_op:
        batch_op.create_index("ix_retrieval_dataset_id_known_at", ["dataset_id", "known_at"], unique=False)
        batch_op.create_index("ix_retrieval_granule_id", ["granule_id"], unique=False)
        batch_op.create_index("ix_retrieval_url", ["url", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("retrieval", schema=None) as batch_op:
        batch_op.drop_index("ix_retrieval_url")
        batch_op.drop_index("ix_retrieval_granule_id")
        batch_op.drop_index("ix_retrieval_dataset_id_known_at")

    op.drop_table("retrieval")
    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_observation_open",
            sqlite_where=sa.text("known_to IS NULL"),
            postgresql_where=sa.text("known_to IS NULL"),
        )
        batch_op.drop_index("ix_observation_known_from")
        batch_op.drop_index("ix_observation_granule_id")

    op.drop_table("observation")
    op.drop_table("indicator_input")
    op.drop_table("series")
    with op.batch_alter_table("indicator_value", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_indicator_value_open",
            sqlite_where=sa.text("known_to IS NULL"),
            postgresql_where=sa.text("known_to IS NULL"),
        )

    op.drop_table("indicator_value")
    op.drop_table("granule")
    op.drop_table("computation")
    op.drop_table("variable")
    op.drop_table("run")
    op.drop_table("location")
    op.drop_table("indicator")
    op.drop_table("datum")
    op.drop_table("dataset")
    op.drop_table("catalog_property")
