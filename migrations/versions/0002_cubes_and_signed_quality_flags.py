"""cubes and signed quality flags."""

# Written once and never edited: a change of the tables is a new revision.

import sqlalchemy as sa
from alembic import op

from caspian_env.catalog.tables import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cube_part",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("period_start", UtcTime(), nullable=False),
        sa.Column("period_end", UtcTime(), nullable=False, comment="Excluded"),
        sa.Column("known_from", UtcTime(), nullable=False, comment="Start of knowledge, UTC, included"),
        sa.Column(
            "known_to",
            UtcTime(),
            nullable=True,
            comment="End of knowledge, UTC, excluded; empty while it is what we know",
        ),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="Of the NetCDF file"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column(
            "fingerprint",
            sa.String(length=64),
            nullable=False,
            comment="Hash of the granules and the method it was built from",
        ),
        sa.Column("n_granules", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("known_to IS NULL OR known_to > known_from", name=op.f("ck_cube_part_vintage_not_empty")),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_cube_part_period_not_empty")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_cube_part_dataset_id_dataset")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_cube_part_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cube_part")),
        comment="Parts of the analysis-ready grids, one file a dataset and year in each vintage",
    )
    with op.batch_alter_table("cube_part", schema=None) as batch_op:
        batch_op.create_index(
            "uq_cube_part_open",
            ["dataset_id", "period_start"],
            unique=True,
            sqlite_where=sa.text("known_to IS NULL"),
            postgresql_where=sa.text("known_to IS NULL"),
        )

    op.create_table(
        "qc_override",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("known_from", UtcTime(), nullable=False, comment="Start of knowledge, UTC, included"),
        sa.Column(
            "known_to",
            UtcTime(),
            nullable=True,
            comment="End of knowledge, UTC, excluded; empty while it is what we know",
        ),
        sa.Column("qc_flag", sa.SmallInteger(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("set_by <> '' AND reason <> ''", name=op.f("ck_qc_override_signed")),
        sa.CheckConstraint("known_to IS NULL OR known_to > known_from", name=op.f("ck_qc_override_vintage_not_empty")),
        sa.CheckConstraint("qc_flag IN (1, 2, 3, 4)", name=op.f("ck_qc_override_qc_flag_known")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_qc_override_series_id_series")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qc_override")),
        comment="Flags set by a person, with name and reason, in place of those of the tests",
    )
    with op.batch_alter_table("qc_override", schema=None) as batch_op:
        batch_op.create_index(
            "uq_qc_override_open",
            ["series_id", "time"],
            unique=True,
            sqlite_where=sa.text("known_to IS NULL"),
            postgresql_where=sa.text("known_to IS NULL"),
        )

    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "qc_tests",
                sa.String(length=8),
                nullable=True,
                comment="Flag of each QARTOD test, one digit each in the order of processing.qc.TESTS",
            )
        )
        # The primary key answers every question as of a date; this index only made writing slower.
        batch_op.drop_index("ix_observation_known_from")
    _observation_key(
        "INCLUDE (known_to, value, std_uncertainty, qc_flag, status, kind, n_cells, area_share, source_note,"
        " qc_tests, granule_id, run_id)"
    )


def downgrade() -> None:
    _observation_key("")  # first: PostgreSQL drops a key together with a column that it carries
    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.create_index("ix_observation_known_from", ["series_id", "known_from"], unique=False)
        batch_op.drop_column("qc_tests")

    with op.batch_alter_table("qc_override", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_qc_override_open",
            sqlite_where=sa.text("known_to IS NULL"),
            postgresql_where=sa.text("known_to IS NULL"),
        )

    op.drop_table("qc_override")
    with op.batch_alter_table("cube_part", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_cube_part_open", sqlite_where=sa.text("known_to IS NULL"), postgresql_where=sa.text("known_to IS NULL")
        )

    op.drop_table("cube_part")


def _observation_key(carried: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE observation DROP CONSTRAINT pk_observation,"
            f" ADD CONSTRAINT pk_observation PRIMARY KEY (series_id, time, known_from) {carried}"
        )
