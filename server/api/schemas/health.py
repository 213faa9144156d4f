"""Is the server well?"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Health(BaseModel):
    status: Literal["ok"]
    version: str
    jobs_running: int
    jobs_queued: int
    disk_free_bytes: int
