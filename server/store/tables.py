"""The tables, as the newest migration leaves them. Each repository owns one of them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

from server.store.database import UtcTime

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(8), primary_key=True),
    Column("request", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("weights_sentence", Text),
    Column("progress", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("seconds_left", Float),
    Column("epoch", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("token", Integer, nullable=False),
    Column("lease_owner", String(64)),
    Column("lease_expires_at", UtcTime),
    Column("cancel_requested", Boolean, nullable=False),
    Column("run_dir", String(255)),
    Column("pid", Integer),
    Column("pid_started_at", Float),
    Column("model_name", String(255)),
    Column("owner", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("completed_at", UtcTime),
    Column("stop_requested", Boolean, nullable=False, server_default=false()),
    Column("stopped_after", Integer),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("device", String(32)),
    Column("begins_at", Integer, nullable=False, server_default="0"),
    Index("ix_jobs_status_created_at", "status", "created_at"),
    Index("ix_jobs_model_name", "model_name"),
)

job_history = Table(
    "job_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", String(8), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("who", String(128), nullable=False),
    Column("before", String(16)),
    Column("after", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("token", Integer, nullable=False),
    Index("ix_job_history_job_id", "job_id"),
)
"""Append-only: the migration that made it put triggers on it."""

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    # the name casefolded: "Ada" and "ada" are one account, on every database alike
    Column("name_key", String(128), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_sessions_expires_at", "expires_at"),
)
