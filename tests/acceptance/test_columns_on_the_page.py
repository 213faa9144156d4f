"""A table that nothing understands, from the upload to a dataset that can be trained on."""

from __future__ import annotations

import io
import zipfile

import pytest
from playwright.sync_api import Page, expect

from server.intake.understand import understand
from tests.acceptance.drawings import CLASSES, picture
from tests.acceptance.running_server import RunningServer
from tests.acceptance.test_the_page import browser, complaints, page

__all__ = ["browser", "complaints", "page"]  # the fixtures of the researcher's journey
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE_MS = 60_000


def _german_archive() -> bytes:
    """Columns in German, the images under names that only one of them gives."""
    rows = ["Nr;Foto;Befund;Läsion;Alter"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place, label in enumerate(CLASSES):
            for lesion in range(4):
                name = f"Aufnahme {place}-{lesion}.jpg"
                archive.writestr(f"fotos/{name}", picture(label, lesion, 0))
                rows.append(f"{len(rows)};{name};{label};L{place}{lesion};{40 + lesion}")
        archive.writestr("Liste.csv", "\n".join(rows))
    return buffer.getvalue()


def test_columns_are_chosen_on_the_page_and_nothing_is_sent_again(
    page: Page, server: RunningServer
) -> None:
    page.goto("/datasets")
    chosen = {"name": "Studie.zip", "mimeType": "application/zip", "buffer": _german_archive()}
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(chosen)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("cannot be trained on yet")).to_be_visible(timeout=PATIENCE_MS)
    meaning = page.get_by_role("combobox", name="Meaning of Foto")
    expect(meaning).to_have_value("Image", timeout=PATIENCE_MS)
    expect(page.get_by_text("Aufnahme 0-0.jpg · Aufnahme 0-1.jpg")).to_be_visible()

    expect(page.get_by_role("combobox", name="Meaning of Alter")).to_have_value("Age")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    page.get_by_role("button", name="Read the dataset by these columns").click()
    by_hand = page.get_by_text("Table with columns chosen by hand.")
    expect(by_hand).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("link", name="Train on this dataset")).to_be_visible()
    assert not [each for each in sent if "/uploads" in each]
    manifest = understand(server.home / "data" / "Studie")
    assert manifest.classes == dict.fromkeys(sorted(CLASSES), 4)
