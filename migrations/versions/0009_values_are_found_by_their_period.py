"""An index of indicator values by what they are about: each new value is held against all vintages of its period."""

# Written once and never edited: a change of the tables is a new revision.

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NAME, COLUMNS = "ix_indicator_value_period", ["indicator_id", "location_id", "period_start", "period_end"]


def upgrade() -> None:
    op.create_index(NAME, "indicator_value", COLUMNS)


def downgrade() -> None:
    op.drop_index(NAME, table_name="indicator_value")
