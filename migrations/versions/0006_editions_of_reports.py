"""Frozen editions of reports: what was printed, its files, and the bytes it rests on."""

# Written once and never edited: a change of the tables is a new revision.

import sqlalchemy as sa
from alembic import op

from caspian_env.catalog.tables import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def edition(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("edition_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["report_edition.id"],
            name=op.f(f"fk_{table}_edition_id_report_edition"),
            deferrable=True,
            initially="DEFERRED",
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "report_edition",
        sa.Column("id", sa.String(), nullable=False, comment="Report and number, e.g. bulletin-3"),
        sa.Column("report_id", sa.String(), nullable=False, comment="Id in seeds/reports.yaml"),
        sa.Column("number", sa.Integer(), nullable=False, comment="1, 2, 3 … of one report"),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("languages", sa.String(), nullable=False, comment="With commas between"),
        sa.Column("formats", sa.String(), nullable=False, comment="With commas between"),
        sa.Column("as_of", UtcTime(), nullable=False, comment="The moment of knowledge that is printed, UTC"),
        sa.Column("frozen_at", UtcTime(), nullable=False),
        sa.Column("corrects", sa.String(), nullable=True, comment="The edition that this one is an erratum of"),
        sa.Column("erratum", sa.Integer(), nullable=True, comment="1, 2, 3 … of the edition that is corrected"),
        sa.Column("reason", sa.String(), nullable=True, comment="Why it was corrected"),
        sa.Column(
            "allowed",
            sa.String(),
            nullable=False,
            comment="JSON: what would have forbidden to freeze it and was allowed",
        ),
        sa.Column("synthetic", sa.Boolean(name=op.f("ck_report_edition_synthetic_flag")), nullable=False),
        sa.Column("template_hash", sa.String(64), nullable=False, comment="Of the code and templates that print"),
        sa.Column("seeds_hash", sa.String(64), nullable=False, comment="Of the seeds it was made with"),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("drawn_by", sa.String(), nullable=False, comment="JSON: versions of the libraries that draw"),
        sa.Column("citation", sa.String(), nullable=False, comment="How to cite this edition"),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(corrects IS NULL) = (erratum IS NULL) AND (corrects IS NULL) = (reason IS NULL)",
            name=op.f("ck_report_edition_correction_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["corrects"], ["report_edition.id"], name=op.f("fk_report_edition_corrects_report_edition")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_report_edition_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_edition")),
        sa.UniqueConstraint("report_id", "number", name=op.f("uq_report_edition_report_id_number")),
        sa.UniqueConstraint("corrects", "erratum", name=op.f("uq_report_edition_corrects_erratum")),
        comment="Frozen reports",
    )
    op.create_table(
        "report_value",
        *edition("report_value"),
        sa.Column(
            "printed_id",
            sa.String(),
            nullable=False,
            comment="indicator@location@period, the same in every edition",
        ),
        sa.Column("position", sa.Integer(), nullable=False, comment="Order of print"),
        sa.Column("value_id", sa.String(32), nullable=False, comment="The vintage of the number"),
        sa.Column("value", sa.Double(), nullable=True, comment="Empty where the reason was printed"),
        sa.Column("std_uncertainty", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("ci_level", sa.Double(), nullable=True),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("printed", sa.String(), nullable=False, comment="As text, in the first language"),
        sa.Column("reason", sa.String(), nullable=True, comment="Printed in place of a number"),
        sa.CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name=op.f("ck_report_value_value_or_reason")),
        sa.ForeignKeyConstraint(
            ["value_id"],
            ["indicator_value.id"],
            name=op.f("fk_report_value_value_id_indicator_value"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("edition_id", "printed_id", name=op.f("pk_report_value")),
        comment="What an edition printed",
    )
    op.create_table(
        "report_file",
        *edition("report_file"),
        sa.Column("name", sa.String(), nullable=False, comment="Below the folder of the edition"),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("edition_id", "name", name=op.f("pk_report_file")),
        comment="Files of an edition; they lie in the home under editions/",
    )
    op.create_table(
        "report_need",
        *edition("report_need"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('granule', 'cube_part')", name=op.f("ck_report_need_kind_known")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_report_need_dataset_id_dataset")),
        sa.PrimaryKeyConstraint("edition_id", "kind", "sha256", name=op.f("pk_report_need")),
        comment="Bytes that the numbers of an edition rest on",
    )


def downgrade() -> None:
    for name in ("report_need", "report_file", "report_value", "report_edition"):
        op.drop_table(name)
