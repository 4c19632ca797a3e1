"""Indexes of closed and of restored observations by the moment they became known: what moved since a date is found at once.

Views are made anew with every change of the tables; v_revision of this version is found by its dataset.
"""

# Written once and never edited: a change of the tables is a new revision.

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CLOSED, RESTORED = sa.text("known_to IS NOT NULL"), sa.text("kind = 'restored'")


def upgrade() -> None:
    op.create_index("ix_observation_closed", "observation", ["known_to"], sqlite_where=CLOSED, postgresql_where=CLOSED)
    op.create_index(
        "ix_observation_restored", "observation", ["known_from"], sqlite_where=RESTORED, postgresql_where=RESTORED
    )


def downgrade() -> None:
    op.drop_index("ix_observation_restored", table_name="observation")
    op.drop_index("ix_observation_closed", table_name="observation")
