"""ledger with leases."""

# Written once and never edited: a change of the tables is a new revision.

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from caspian_env.catalog.tables import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DUE = {"sqlite_where": sa.text("status <> 'failed'"), "postgresql_where": sa.text("status <> 'failed'")}
RUNNING = {"sqlite_where": sa.text("status = 'running'"), "postgresql_where": sa.text("status = 'running'")}
ADDED = (
    "job",
    "scheduled_for",
    "attempt",
    "origin",
    "holder",
    "lease_until",
    "heartbeat_at",
    "window_start",
    "window_end",
)


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column(
            "token", sa.Integer(), nullable=False, comment="Grows with every new holder; an old one is worth nothing"
        ),
        sa.Column("lease_until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
        comment="Roles that one process has at a time, such as that of the scheduler",
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        for column in _columns():
            batch_op.add_column(column)

    _account_for_old_runs()
    with op.batch_alter_table("run", schema=None) as batch_op:
        for name, kind in (("job", sa.String()), ("scheduled_for", UtcTime()), ("attempt", sa.Integer()),
                           ("origin", sa.String())):  # fmt: skip
            batch_op.alter_column(name, existing_type=kind, nullable=False)
        batch_op.create_unique_constraint(
            batch_op.f("uq_run_job_scheduled_for_attempt"), ["job", "scheduled_for", "attempt"]
        )
        batch_op.create_check_constraint(batch_op.f("ck_run_origin_known"), "origin IN ('scheduled', 'manual')")
        batch_op.create_check_constraint(
            batch_op.f("ck_run_running_has_lease"),
            "status <> 'running' OR (holder IS NOT NULL AND lease_until IS NOT NULL)",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_run_window_whole"), "(window_start IS NULL) = (window_end IS NULL)"
        )
        batch_op.create_index("uq_run_due", ["job", "scheduled_for"], unique=True, **DUE)
        batch_op.create_index("uq_run_running", ["job"], unique=True, **RUNNING)


def downgrade() -> None:
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index("uq_run_running", **RUNNING)
        batch_op.drop_index("uq_run_due", **DUE)
        batch_op.drop_constraint(batch_op.f("ck_run_window_whole"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_run_running_has_lease"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_run_origin_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("uq_run_job_scheduled_for_attempt"), type_="unique")
        for name in reversed(ADDED):
            batch_op.drop_column(name)

    op.drop_table("lease")


def _columns() -> list[sa.Column]:
    return [
        sa.Column(
            "job", sa.String(), nullable=True, comment="What is done by one run at a time, e.g. ingest:noaa_oisst_v2_1"
        ),
        sa.Column(
            "scheduled_for", UtcTime(), nullable=True, comment="When it was due; when it was asked for, if by hand"
        ),
        sa.Column("attempt", sa.Integer(), nullable=True, comment="1, and one more for each that failed before it"),
        sa.Column(
            "origin", sa.String(), nullable=True, comment="scheduled, or manual: asked for by a person or by cron"
        ),
        sa.Column(
            "holder", sa.String(), nullable=True, comment="The process that does or did it: host, process id, start"
        ),
        sa.Column("lease_until", UtcTime(), nullable=True, comment="Others leave the job alone until then"),
        sa.Column("heartbeat_at", UtcTime(), nullable=True, comment="When the holder last said that it is alive"),
        sa.Column("window_start", UtcTime(), nullable=True, comment="Valid time that was asked for"),
        sa.Column("window_end", UtcTime(), nullable=True, comment="Excluded"),
    ]


def _account_for_old_runs() -> None:
    """Every run so far was asked for by hand when it started; one that never ended cannot be going on any more."""
    run = sa.table(
        "run", sa.column("id"), sa.column("workflow"), sa.column("subject"), sa.column("status"), sa.column("error"),
        sa.column("started_at", UtcTime()), sa.column("job"), sa.column("scheduled_for", UtcTime()),
        sa.column("attempt"), sa.column("origin"),
    )  # fmt: skip
    connection = op.get_bind()
    lost = "no end was recorded before runs had leases"
    connection.execute(
        sa.update(run)
        .where(run.c.status == "running")
        .values(status="failed", error=sa.func.coalesce(run.c.error, lost))
    )
    taken = set()
    for row in connection.execute(sa.select(run).order_by(run.c.id)).all():
        job = f"{row.workflow}:{row.subject}" if row.workflow in ("ingest", "qc") else row.workflow
        moment = row.started_at
        while (job, moment) in taken:
            moment += timedelta(microseconds=1)
        taken.add((job, moment))
        values = {"job": job, "scheduled_for": moment, "attempt": 1, "origin": "manual"}
        connection.execute(sa.update(run).where(run.c.id == row.id).values(values))
