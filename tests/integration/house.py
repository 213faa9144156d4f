"""The real application in this process, seen from different computers and browsers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from server.app import create_app
from server.settings import Settings

PASSWORD = "correct horse battery"  # of accounts that tests make


@dataclass(frozen=True)
class House:
    """A running application and its home."""

    app: FastAPI
    home: Path
    here: TestClient
    """A browser on the server's own computer."""

    def from_afar(self, host: str = "10.1.2.3") -> TestClient:
        """A browser on another computer."""
        return TestClient(self.app, base_url="http://lab-server:8000", client=(host, 40_000))

    def another_here(self) -> TestClient:
        """A second browser on the server's own computer, with cookies of its own."""
        return TestClient(self.app, base_url="http://localhost:8000", client=("127.0.0.1", 40_001))

    def claim(self, name: str = "Ada") -> None:
        """Make the first account; ``here`` is signed in then."""
        answer = self.here.post("/api/claim", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text


@contextmanager
def open_house(home: Path, **settings: object) -> Iterator[House]:
    """Start the application over ``home``; its lifespan ends with the block."""
    app = create_app(Settings.model_validate({"home": home, **settings}))
    with TestClient(app, base_url="http://localhost:8000", client=("127.0.0.1", 40_000)) as here:
        yield House(app, home, here)
