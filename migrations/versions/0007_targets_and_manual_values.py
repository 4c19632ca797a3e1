"""Targets of states, and numbers that people report."""

# Written once and never edited: a change of the tables is a new revision.

import sqlalchemy as sa
from alembic import op

from caspian_env.catalog.tables import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = {"sqlite_where": sa.text("known_to IS NULL"), "postgresql_where": sa.text("known_to IS NULL")}


def text(name: str, comment: str | None = None) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=False, comment=comment)


def may_be_empty(name: str, comment: str | None = None) -> sa.Column:
    return sa.Column(name, sa.String(), server_default="", nullable=False, comment=comment)


def upgrade() -> None:
    op.create_table(
        "target",
        text("id"),
        text("country"),
        text("title"),
        may_be_empty("document"),
        may_be_empty("filed_on", "YYYY-MM-DD, or as much as is known"),
        may_be_empty("valid_from"),
        may_be_empty("valid_to", "Excluded; empty while it is valid"),
        sa.Column("target_year", sa.Integer(), nullable=False),
        text("base"),
        sa.Column("base_year", sa.Integer(), nullable=True),
        sa.Column(
            "level_pct", sa.Double(), nullable=True, comment="Allowed in the target year, in per cent of the base"
        ),
        text("quantity"),
        text("kind"),
        text("conditional"),
        text("lulucf"),
        text("gwp_set"),
        may_be_empty("url"),
        may_be_empty("page"),
        text("mark"),
        may_be_empty("unconfirmed", "Columns that nobody read in the document"),
        text("source"),
        may_be_empty("note"),
        sa.CheckConstraint(
            "level_pct IS NULL OR (level_pct >= 0 AND level_pct <= 100)", name=op.f("ck_target_level_is_allowed_share")
        ),
        sa.ForeignKeyConstraint(["country"], ["location.id"], name=op.f("fk_target_country_location")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        comment="What states promised, since when and until when",
    )
    op.create_table(
        "manual_value",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        text("quantity", "Id in seeds/manual.yaml"),
        text("location_id"),
        sa.Column("period_start", UtcTime(), nullable=False),
        sa.Column("period_end", UtcTime(), nullable=False, comment="Excluded"),
        sa.Column("known_from", UtcTime(), nullable=False, comment="Start of knowledge, UTC, included"),
        sa.Column(
            "known_to",
            UtcTime(),
            nullable=True,
            comment="End of knowledge, UTC, excluded; empty while it is what we know",
        ),
        sa.Column("value", sa.Double(), nullable=False),
        text("unit"),
        text("reported_by", "Who says so"),
        text("reported_on", "When they said so, YYYY-MM-DD"),
        text("source", "Where it can be read"),
        text("licence"),
        sa.Column("redistributable", sa.Boolean(name=op.f("ck_manual_value_redistributable_flag")), nullable=False),
        may_be_empty("note"),
        text("signed_by", "Who put the file together and answers for it"),
        text("signed_on"),
        sa.Column("file_sha256", sa.String(64), nullable=False),
        sa.CheckConstraint("known_to IS NULL OR known_to > known_from", name=op.f("ck_manual_value_vintage_not_empty")),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_manual_value_period_not_empty")),
        sa.CheckConstraint(
            "signed_by <> '' AND reported_by <> '' AND source <> ''", name=op.f("ck_manual_value_signed")
        ),
        sa.CheckConstraint(
            "value = value AND value < 1e300 AND value > -1e300", name=op.f("ck_manual_value_value_finite")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_manual_value_location_id_location")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manual_value")),
        comment="Numbers of themes without an open feed, as reported by whom and when",
    )
    op.create_index(
        "uq_manual_value_open",
        "manual_value",
        ["quantity", "location_id", "period_start", "period_end"],
        unique=True,
        **OPEN,
    )


def downgrade() -> None:
    op.drop_index("uq_manual_value_open", table_name="manual_value", **OPEN)
    op.drop_table("manual_value")
    op.drop_table("target")
