"""Is the server well?"""

from __future__ import annotations

from fastapi import APIRouter

from server import __version__
from server.api.deps import ServicesDep
from server.api.schemas.health import Health

router = APIRouter(tags=["health"])


@router.get("/api/health")
def health(services: ServicesDep) -> Health:
    """Answers only when the database does. Open to everyone."""
    running, queued = services.jobs.counts()
    return Health(
        status="ok",
        version=__version__,
        jobs_running=running,
        jobs_queued=queued,
        disk_free_bytes=services.jobs.disk_free_bytes(),
    )
