"""The API's own page names every operation and needs nothing from elsewhere."""

from __future__ import annotations

from html import escape
from pathlib import Path

from fastapi.testclient import TestClient

from server.app import create_app
from server.settings import Settings


def test_docs_names_every_operation_and_loads_nothing_from_another_server(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path))
    answer = TestClient(app).get("/docs")
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            assert escape(f"{method.upper()} {path}") in answer.text
