"""Why a run did not do everything, and partial runs that may be tried again for the same due time."""

# Written once and never edited: a change of the tables is a new revision.

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ONCE, BEFORE = "status NOT IN ('failed', 'partial')", "status <> 'failed'"
CAUSES = "cause IN ('interrupted', 'handed_back', 'transient', 'permanent')"


def due_once(where: str) -> None:
    op.drop_index("uq_run_due", table_name="run")
    condition = sa.text(where)
    op.create_index(
        "uq_run_due", "run", ["job", "scheduled_for"], unique=True, sqlite_where=condition, postgresql_where=condition
    )


def upgrade() -> None:
    with op.batch_alter_table("run") as table:
        comment = "Why it did not do everything: interrupted, handed_back, transient, permanent"
        table.add_column(sa.Column("cause", sa.String(), comment=comment))
        table.create_check_constraint(op.f("ck_run_cause_known"), CAUSES)
    due_once(ONCE)


def downgrade() -> None:
    # Of the attempts of one due time only the last may keep its status under the older rule.
    later = "SELECT 1 FROM run AS other WHERE other.job = run.job AND other.scheduled_for = run.scheduled_for"
    op.execute(
        f"UPDATE run SET status = 'failed' WHERE status = 'partial' AND EXISTS ({later} AND other.attempt > run.attempt)"
    )
    due_once(BEFORE)
    with op.batch_alter_table("run") as table:
        table.drop_constraint(op.f("ck_run_cause_known"), type_="check")
        table.drop_column("cause")
