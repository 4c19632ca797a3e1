"""What a dataset cannot give, whether it is proven, checks of its promises, and heights of places."""

# Written once and never edited: a change of the tables is a new revision.

import sqlalchemy as sa
from alembic import op

from caspian_env.catalog.tables import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def beside() -> list[sa.Column]:
    return [
        sa.Column("theme", sa.String(), server_default="", nullable=False),
        sa.Column("cannot", sa.String(), server_default="", nullable=False, comment="What it cannot give"),
        sa.Column(
            "proven_on",
            sa.String(),
            server_default="encoded",
            nullable=False,
            comment="Whether the reader was tried on real bytes of the provider, or on bytes encoded like them",
        ),
        sa.Column("state_since", sa.String(), comment="Date from which it is frozen or retired"),
        sa.Column("successor", sa.String(), comment="The dataset that follows it"),
    ]


def upgrade() -> None:
    with op.batch_alter_table("dataset") as table:
        for column in beside():
            table.add_column(column)
        table.create_check_constraint(op.f("ck_dataset_proven_on_known"), "proven_on IN ('real', 'encoded')")
    height = sa.Column("elevation_m", sa.Float(), comment="Above the ocean; below zero is right on this shore")
    op.add_column("location", height)
    op.create_table(
        "dataset_check",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("checked_at", UtcTime(), nullable=False),
        sa.Column("url", sa.String(), nullable=True, comment="Secrets left out"),
        sa.Column("passed", sa.Boolean(name=op.f("ck_dataset_check_passed_flag")), nullable=False),
        sa.Column(
            "findings", sa.String(), nullable=False, comment="JSON: what was found against what the seed promises"
        ),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_dataset_check_dataset_id_dataset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_check")),
        comment="Granules that were fetched to see whether the provider keeps what the seed promises",
    )
    op.create_index("ix_dataset_check_dataset_id", "dataset_check", ["dataset_id", "checked_at"])


def downgrade() -> None:
    op.drop_index("ix_dataset_check_dataset_id", table_name="dataset_check")
    op.drop_table("dataset_check")
    op.drop_column("location", "elevation_m")
    with op.batch_alter_table("dataset") as table:
        table.drop_constraint(op.f("ck_dataset_proven_on_known"), type_="check")
        for column in reversed(beside()):
            table.drop_column(column.name)
