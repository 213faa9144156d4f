"""Leafing through a dataset's images in a real Chromium: seek, look closer, choose, undo."""

from __future__ import annotations

import io
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.accessible import barriers
from tests.acceptance.drawings import CLASSES, class_folders
from tests.acceptance.running_server import RunningServer
from tests.acceptance.test_the_page import PHONE, browser, complaints, page
from tests.integration.test_dataset_images import described_set

__all__ = ["browser", "complaints", "page"]  # the fixtures of the researcher's journey
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE_MS = 60_000
OF_A_CLASS = 100


@pytest.fixture
def patient(page: Page) -> Page:
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    return page


def _upload(server: RunningServer, name: str, files: list[tuple[str, bytes]]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files:
            archive.writestr(path, content)
    assert server.upload(name, [("set.zip", buffer.getvalue())]).status_code == 200


def test_only_what_is_on_the_screen_exists_and_the_keyboard_leads_everywhere(
    server: RunningServer, patient: Page
) -> None:
    _upload(server, "Many", class_folders(images=OF_A_CLASS))
    total = OF_A_CLASS * len(CLASSES)
    patient.goto("/datasets/Many")
    patient.get_by_role("link", name="Look through the images").click()
    expect(patient.get_by_text(f"{total} images")).to_be_visible()
    tiles = patient.locator("[data-tile]")
    expect(tiles.first).to_be_visible()
    assert tiles.count() < total / 3
    first = tiles.first.get_attribute("aria-label")
    tiles.first.focus()
    patient.keyboard.press("End")
    expect(patient.locator(f"[data-place='{total - 1}'] [data-tile]")).to_be_focused()
    patient.keyboard.press(" ")
    expect(patient.get_by_text("1 image chosen")).to_be_visible()
    patient.keyboard.press("ArrowLeft")
    expect(patient.locator(f"[data-place='{total - 2}'] [data-tile]")).to_be_focused()
    patient.keyboard.press("Home")
    expect(patient.locator("[data-place='0'] [data-tile]")).to_be_focused()
    assert patient.locator("[data-place='0'] [data-tile]").get_attribute("aria-label") == first
    patient.keyboard.press("Enter")
    viewer = patient.get_by_role("dialog", name=f"Image 1 of {total}")
    assert first is not None
    expect(viewer.get_by_role("img", name=first)).to_be_visible()
    patient.keyboard.press("ArrowRight")
    expect(patient.get_by_role("dialog", name=f"Image 2 of {total}")).to_be_visible()


def test_what_is_sought_stands_in_the_address_for_a_colleague(
    server: RunningServer, patient: Page
) -> None:
    _upload(server, "Described", described_set())
    patient.goto("/datasets/Described/images")
    expect(patient.get_by_text("60 images")).to_be_visible()
    patient.get_by_role("combobox", name="Diagnosis").click()
    patient.get_by_role("option", name="mel (30)").click()
    patient.get_by_role("textbox", name="Age from").fill("40")
    patient.get_by_role("textbox", name="Id").press_sequentially("img_00")
    expect(patient.get_by_text("4 images found")).to_be_visible()
    expect(patient.get_by_role("textbox", name="Id")).to_be_focused()
    colleague = patient.context.new_page()
    colleague.goto(patient.url)
    expect(colleague.get_by_text("4 images found")).to_be_visible()
    expect(colleague.get_by_role("textbox", name="Age from")).to_have_value("40")
    colleague.get_by_role("button", name="Show all images").click()
    expect(colleague.get_by_text("60 images")).to_be_visible()
    expect(colleague.get_by_role("textbox", name="Age from")).to_have_value("")


def test_images_are_labelled_otherwise_and_left_out_and_both_are_undone(
    server: RunningServer, patient: Page
) -> None:
    _upload(server, "Described", described_set())
    patient.set_viewport_size(PHONE)  # type: ignore[arg-type]
    patient.goto("/datasets/Described/images?text=img_00")
    expect(patient.get_by_text("10 images found")).to_be_visible()
    patient.get_by_role("checkbox", name="Choose IMG_001").check()
    patient.get_by_role("checkbox", name="Choose IMG_003").click(modifiers=["Shift"])
    expect(patient.get_by_text("3 images chosen")).to_be_visible()
    patient.get_by_role("button", name="Label otherwise").click()
    patient.get_by_role("combobox", name="Diagnosis").last.fill("bcc")
    expect(patient.get_by_text("bcc will be a new class.")).to_be_visible()
    patient.get_by_role("button", name="Label", exact=True).click()
    expect(patient.get_by_text("3 images labelled bcc; this is version 2")).to_be_visible()
    expect(patient.get_by_role("button", name="IMG_002, bcc")).to_be_visible()
    patient.get_by_role("button", name="Undo").click()
    expect(patient.get_by_text("Undone; this is version 1")).to_be_visible()
    expect(patient.get_by_role("button", name="IMG_002, mel")).to_be_visible()
    patient.get_by_role("button", name="Choose all").click()
    patient.get_by_role("button", name="Leave out").click()
    expect(patient.get_by_text("10 images left out; this is version 3")).to_be_visible()
    expect(patient.get_by_text("No image fits")).to_be_visible()
    patient.get_by_role("button", name="Undo").click()
    expect(patient.get_by_text("10 images found")).to_be_visible()
    overflow = patient.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    assert barriers(patient) == []
