"""What people may ask of a job since: stop early, go on, begin anew, go first; and its history.

The history is append-only: triggers refuse to change or remove a line of it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels: None = None
depends_on: None = None

_REFUSAL = "the history of jobs is append-only"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(
            sa.Column("stop_requested", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        jobs.add_column(sa.Column("stopped_after", sa.Integer()))
        jobs.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
        jobs.add_column(sa.Column("device", sa.String(32)))
        jobs.add_column(sa.Column("begins_at", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "job_history",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("job_id", sa.String(8), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("before", sa.String(16)),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
    )
    op.create_index("ix_job_history_job_id", "job_history", ["job_id"])
    _tell_of_jobs_before()
    _append_only()


def _tell_of_jobs_before() -> None:
    """Jobs that are older than their history get its two known lines: the first and the last."""
    op.execute(
        "INSERT INTO job_history (job_id, at, who, before, after, why, token) "
        "SELECT id, created_at, owner, NULL, 'queued', 'Asked for.', 0 FROM jobs "
        "ORDER BY created_at, id"
    )
    op.execute(
        "INSERT INTO job_history (job_id, at, who, before, after, why, token) "
        "SELECT id, completed_at, 'not recorded', NULL, status, message, token FROM jobs "
        "WHERE completed_at IS NOT NULL ORDER BY completed_at, id"
    )


def _append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER job_history_no_{what.lower()} BEFORE {what} ON job_history "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION job_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER job_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON job_history FOR EACH STATEMENT EXECUTE FUNCTION job_history_is_append_only()"
    )


def downgrade() -> None:
    op.drop_table("job_history")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION job_history_is_append_only()")
    with op.batch_alter_table("jobs") as jobs:
        for name in ("stop_requested", "stopped_after", "priority", "device", "begins_at"):
            jobs.drop_column(name)
