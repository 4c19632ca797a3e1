"""alerts."""

# Written once and never edited: a change of the tables is a new revision.

import sqlalchemy as sa
from alembic import op

from caspian_env.catalog.tables import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = {"sqlite_where": sa.text("resolved_at IS NULL"), "postgresql_where": sa.text("resolved_at IS NULL")}


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(), nullable=False, comment="Id in seeds/alerts.yaml"),
        sa.Column("subject", sa.String(), nullable=False, comment="Dataset, job, indicator or revised series"),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False, comment="As the condition was last seen"),
        sa.Column("raised_at", UtcTime(), nullable=False),
        sa.Column(
            "first_seen", UtcTime(), nullable=False, comment="When rule and subject met first, in an earlier alert too"
        ),
        sa.Column("last_seen", UtcTime(), nullable=False),
        sa.Column("acknowledged_at", UtcTime(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("delivered", sa.String(), server_default="{}", nullable=False, comment="JSON: time by channel"),
        sa.Column("resolved_at", UtcTime(), nullable=True, comment="When the condition was first seen to be over"),
        sa.CheckConstraint("severity IN ('note', 'warning', 'critical')", name=op.f("ck_alert_severity_known")),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name=op.f("ck_alert_acknowledged_by_somebody")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        comment="What somebody must be told, once for each rule and subject while it goes on",
    )
    op.create_index("uq_alert_open", "alert", ["rule", "subject"], unique=True, **OPEN)


def downgrade() -> None:
    op.drop_index("uq_alert_open", table_name="alert", **OPEN)
    op.drop_table("alert")
