"""An archive that does not fit unpacked: said in a sentence, and nothing half-written stays."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.acceptance.running_server import RunningServer
from tests.faults.rows import Count, Measured
from tests.integration.small_disk import MIB, small_disk

IMAGES = 12


def _archive() -> bytes:
    """Two classes of pictures that take 24 MB unpacked, and next to nothing packed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(IMAGES):
            picture = io.BytesIO()
            Image.new("RGB", (1000, 700), (number * 20, 90, 40)).save(picture, "BMP")
            packed.writestr(f"{'ab'[number % 2]}/{number}.bmp", picture.getvalue())
    return made.getvalue()


@pytest.mark.fault(10, "disk full while an archive is unpacked", "507, nothing left, then whole")
def test_what_does_not_fit_unpacked_leaves_nothing_and_fits_when_there_is_room(
    tmp_path: Path, count: Count, measured: Measured
) -> None:
    archive = _archive()
    with small_disk(tmp_path / "disk", mebibytes=56) as disk:
        server = RunningServer(disk / "home")
        server.home.mkdir()
        server.start()
        hog = disk / "hog"
        try:
            for _ in range(count(1, 10)):
                hog.write_bytes(bytes(40 * MIB))
                refused = server.upload("full", [("pictures.zip", archive)])
                assert refused.status_code == httpx.codes.INSUFFICIENT_STORAGE, refused.text
                assert "pictures.zip" in refused.json()["detail"] or (
                    "full" in refused.json()["detail"]
                )
                assert server.http.get("/api/datasets/full").status_code == httpx.codes.NOT_FOUND
                assert not [each for each in disk.rglob("*.bmp") if each.is_file()]
                with sqlite3.connect(server.home / "dermascan.db") as database:
                    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                hog.unlink()
            taken = server.upload("full", [("pictures.zip", archive)])
            assert taken.status_code == httpx.codes.OK, taken.text
            assert server.http.get("/api/datasets/full").json()["images"] == IMAGES
        finally:
            server.stop()
            server.http.close()
    measured(f"{count(1, 10)} times")
