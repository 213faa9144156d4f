"""The researcher's journey in a real Chromium: from a zip to a model's answers about images."""

from __future__ import annotations

import csv
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

from tests.acceptance.accessible import barriers
from tests.acceptance.drawings import csv_and_images, picture
from tests.acceptance.running_server import ROOT, RunningServer
from tests.integration.model_drawer import put_model
from tests.integration.report_drawer import LABELS, put_report

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCREENSHOTS = ROOT / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "msedge", "chrome")
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said against the page; empty at the end of every test."""
    return []


@pytest.fixture
def page(browser: Browser, server: RunningServer, complaints: list[str]) -> Iterator[Page]:
    """A page that fails the test when the browser complains about anything."""
    if not (ROOT / "dist" / "index.html").exists():
        pytest.skip("the page is not built (npm run build)")
    context = browser.new_context(viewport=WIDE, base_url=server.url)  # type: ignore[arg-type]
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield opened
    context.close()
    assert complaints == []


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in csv_and_images(lesions=8, views=2):
            archive.writestr(name, content)
        archive.writestr("images/broken.jpg", b"this is no picture")
    return buffer.getvalue()


def _image(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def _look(page: Page, name: str) -> None:
    """Keep pictures at both widths, light and dark; nothing may run off the side of a phone, and
    nothing may stand in the way of anybody."""
    SCREENSHOTS.mkdir(exist_ok=True)
    _picture(page, name)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    _picture(page, f"{name}-phone")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    assert overflow <= 0, f"{name} runs {overflow} pixels off the side of a phone"


def _picture(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}.png", full_page=True)
        assert barriers(page) == [], f"{name}, {scheme}"
    page.emulate_media(color_scheme="light")


def _choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option).first.click()


def test_a_researcher_goes_from_a_zip_to_a_model_and_asks_it_about_images(
    page: Page, tmp_path: Path, complaints: list[str]
) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Upload Dataset")).to_be_visible()
    _look(page, "1-empty")

    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(
        {"name": "Lesions.zip", "mimeType": "application/zip", "buffer": _archive()}
    )
    expect(page.get_by_label("Dataset name")).to_have_value("Lesions")
    page.get_by_role("button", name="Upload", exact=True).click()

    expect(page.get_by_role("heading", name="Lesions")).to_be_visible()
    for label in ("melanoma", "benign", "keratosis"):
        expect(page.get_by_text(label, exact=True).first).to_be_visible()
    expect(page.get_by_text("broken.jpg").first).to_be_attached()
    _look(page, "2-dataset")

    page.goto("/train?dataset=Lesions")
    expect(page.get_by_role("radio", name="Standard")).to_be_checked()
    page.get_by_role("radio", name="Quick").click()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("8")
    expect(page.get_by_text("not measured yet").first).to_be_visible()
    _look(page, "3-train-preset")
    _choose(page, "Architecture", "MobileNetV2")
    page.get_by_label("Epochs", exact=True).fill("3")
    page.get_by_role("button", name="Advanced").click()
    _choose(page, "Weights", "Random")
    page.get_by_label("Image size").fill("32")
    expect(page.get_by_text("random").first).to_be_visible()
    expect(page.get_by_text("Custom", exact=True)).to_be_visible()
    page.get_by_role("button", name="Measure the cost").click()
    expect(page.get_by_text(re.compile(r"^About \d"))).to_be_visible(timeout=120_000)
    page.get_by_role("button", name="What takes how long").click()
    expect(page.get_by_text("Fine-tuning the whole network")).to_be_visible()
    _look(page, "3-train")
    page.get_by_role("button", name="Start Training").click()

    expect(page.get_by_role("progressbar", name="Progress of the training")).to_be_attached()
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=240_000)
    _look(page, "4-job")

    page.get_by_role("link", name="See the model").click()
    expect(page.get_by_text("Balanced accuracy").first).to_be_visible()
    _look(page, "5-model")
    with page.expect_download() as download:
        page.get_by_role("link", name=".h5").first.click()
    saved = tmp_path / "model.h5"
    download.value.save_as(saved)
    assert saved.read_bytes()[:4] == b"\x89HDF"

    page.get_by_role("link", name="Ask about images").click()
    page.get_by_label("Choose images").set_input_files(
        [
            _image("one.jpg", picture("melanoma", 99, 0)),
            _image("two.jpg", picture("benign", 98, 0)),
            _image("three.jpg", b"no picture"),
        ]
    )
    expect(page.get_by_text("esearch software").first).to_be_visible()
    expect(page.get_by_text("2 images answered")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(1)
    complaints.clear()  # of the one that was refused
    _look(page, "6-prediction")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    table = tmp_path / "predictions.csv"
    download.value.save_as(table)
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    assert [row["file"] for row in rows] == ["one.jpg", "two.jpg"]
    for row in rows:
        shares = {label: float(row[label]) for label in ("melanoma", "benign", "keratosis")}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
        assert row["answer"] == max(shares, key=lambda label: shares[label])


def test_a_models_report_is_read_and_two_models_are_compared(
    page: Page, server: RunningServer
) -> None:
    models = server.home / "models"
    for name, skill in (("derma_first", 1.5), ("derma_second", 1.2), ("derma_third", 4.0)):
        put_model(models, name, classes=list(LABELS))
        put_report(models, name, skill=skill, seed=len(name), epochs=int(10 * skill))
        page_of_report = "<!doctype html><title>Report</title><h1>The whole report</h1>"
        (models / f"{name}_report.html").write_text(page_of_report, "utf-8")
    put_model(models, "derma_older")

    page.goto("/models/derma_older")
    expect(page.get_by_text("This model has no report")).to_be_visible()

    page.goto("/models/derma_first")
    expect(page.get_by_text("95 %: 60–80 %").first).to_be_visible()
    expect(page.get_by_role("region", name="Not to miss a malignant lesion")).to_be_visible()
    expect(page.get_by_role("region", name="By group")).to_be_visible()
    page.get_by_role("button", name="Show it here").click()
    frame = page.frame_locator("iframe[title='Report of derma_first']")
    expect(frame.get_by_role("heading", name="The whole report")).to_be_visible()
    _look(page, "7-report")

    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare models")).to_be_visible()
    page.goto('/compare?a=["derma_first"]&b=["derma_second"]')
    expect(page.get_by_text("No difference shown")).to_be_visible(timeout=60_000)
    _look(page, "8-compare")
    page.goto('/compare?a=["derma_first"]&b=["derma_third"]')
    expect(page.get_by_text("derma_third has the higher balanced accuracy")).to_be_visible(
        timeout=60_000
    )
    expect(page.get_by_role("row", name="Epochs 15 40")).to_be_visible()
    _look(page, "9-compare-shown")


def test_the_page_says_so_while_the_server_is_away_and_recovers(
    page: Page, server: RunningServer, complaints: list[str]
) -> None:
    page.goto("/datasets")
    expect(page.get_by_role("heading", name="Upload Dataset")).to_be_visible()
    complaint = page.get_by_text("The server does not answer")
    server.stop()
    expect(complaint).to_be_visible(timeout=30_000)
    server.start()
    expect(complaint).not_to_be_visible(timeout=30_000)
    complaints[:] = [each for each in complaints if "ERR_CONNECTION_REFUSED" not in each]
