"""Whatever is asked, by whomever: no error of the server, no answer that breaks its word.

Requests are drawn from the API's own description by schemathesis and sent to a real server; half of
them are about things that are there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import text

from server.store.database import Database
from tests.faults.rows import Count, Measured
from tests.integration.house import PASSWORD
from tests.integration.job_home import PATIENCE_SECONDS
from tests.integration.job_server import JobServer

ROLES = ("this computer, unclaimed", "nobody", "clinician", "researcher", "admin")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
LEFT_OUT = {
    ("GET", "/api/job/{job_id}/events"): "has no end",
    ("POST", "/api/sample-dataset"): "takes nothing, and seconds to draw",
    ("DELETE", "/api/session"): "would change who is asking",
    ("POST", "/api/claim"): "would change who is asking",
}
"""Other tests ask these."""


@pytest.fixture
def served(job_server: JobServer) -> Iterator[JobServer]:
    job_server.start()
    yield job_server
    for left in job_server.training():
        os.kill(left.pid, signal.SIGTERM)


def _signed_in(server: JobServer, role: str) -> dict[str, str]:
    """Headers of somebody with that role; the account is made first."""
    if role == ROLES[0]:
        return {}
    claimed = httpx.post(
        f"{server.http.base_url}/api/claim", json={"name": "Ada", "password": PASSWORD}
    )
    assert claimed.status_code == httpx.codes.OK, claimed.text
    if role == "nobody":
        return {}
    database = Database(f"sqlite:///{(server.home.home / 'dermascan.db').as_posix()}")
    with database.write() as connection:
        connection.execute(text("UPDATE accounts SET role = :role"), {"role": role})
    database.close()
    cookies = "; ".join(f"{name}={value}" for name, value in claimed.cookies.items())
    return {"Cookie": cookies}


def _there(server: JobServer) -> dict[str, str]:
    """Names and numbers of things that are there, by the parameter of a path."""
    server.home.dataset("there")
    job = server.start_training("there", epochs=2)
    upload = server.http.post(
        "/api/uploads", json={"dataset_name": "sent", "files": 1, "bytes": 9}
    ).json()
    return {"job_id": job, "name": "there", "number": "1", "basket_id": str(upload.get("id"))}


@pytest.mark.slow
@pytest.mark.fault(15, "requests drawn from the API's description, each role", "no 5xx")
@pytest.mark.parametrize("role", ROLES)
def test_no_request_breaks_the_server_or_its_description(
    served: JobServer, role: str, count: Count, measured: Measured
) -> None:
    there = _there(served)
    headers = _signed_in(served, role)
    schema = schemathesis.openapi.from_dict(served.http.get("/openapi.json").json())
    sent = 0

    def ask(operation: Any) -> None:
        @settings(
            max_examples=count(3, 60),
            phases=[Phase.explicit, Phase.generate],
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), real=st.booleans())
        def holds(case: Any, real: bool) -> None:
            nonlocal sent
            if real:
                case.path_parameters |= {
                    name: there[name] for name in case.path_parameters if name in there
                }
            answer = case.call(
                timeout=PATIENCE_SECONDS,
                base_url=str(served.http.base_url),
                headers={**(case.headers or {}), **headers},
            )
            sent += 1
            case.validate_response(answer, checks=CHECKS)

        holds()

    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        key = (operation.method.upper(), operation.path)
        if key not in LEFT_OUT:
            ask(operation)
    assert served.http.get("/api/health").status_code == httpx.codes.OK
    measured(f"{role}: {sent} requests")
