"""What stands out in a dataset, in a real Chromium: from a number to the images behind it."""

from __future__ import annotations

import io
import shutil
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.running_server import RunningServer
from tests.acceptance.test_the_page import PHONE, browser, complaints, page
from tests.integration.test_dataset_facts import spoilt_set

__all__ = ["browser", "complaints", "page"]  # the fixtures of the researcher's journey
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE_MS = 60_000
_SIDE_BY_SIDE = """() => {
  const [one, two] = [...document.querySelectorAll('[role=dialog] img')]
    .map((each) => each.getBoundingClientRect());
  return one.top === two.top && one.right < two.left && one.left >= 0
    && two.right <= window.innerWidth;
}"""


@pytest.fixture
def spoilt(server: RunningServer, page: Page) -> Page:
    """The page of a dataset in which something is wrong on purpose."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in spoilt_set():
            archive.writestr(name, content)
    assert server.upload("Spoilt", [("spoilt.zip", buffer.getvalue())]).status_code == 200
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/datasets/Spoilt")
    return page


def test_a_number_opens_its_images_and_escape_leads_back_to_it(spoilt: Page) -> None:
    number = spoilt.get_by_role("button", name="Dark")
    number.focus()
    spoilt.keyboard.press("Enter")
    drawer = spoilt.get_by_role("dialog", name="Dark")
    shown = drawer.get_by_role("img", name="dark", exact=True)
    expect(shown).to_be_visible(timeout=PATIENCE_MS)
    spoilt.wait_for_function(
        "[...document.querySelectorAll('[role=dialog] img')].every(each => each.naturalWidth > 0)"
    )
    expect(drawer.get_by_text("L101")).to_be_visible()
    spoilt.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(number).to_be_focused()


def test_contradictions_stand_side_by_side_also_on_a_phone(spoilt: Page) -> None:
    spoilt.set_viewport_size(PHONE)  # type: ignore[arg-type]
    disagree = spoilt.get_by_role("region", name="Diagnoses that disagree")
    disagree.get_by_role("button", name="Same file").click()
    drawer = spoilt.get_by_role("dialog")
    first = drawer.get_by_role("img", name="contradiction")
    other = drawer.get_by_role("img", name="good_02")
    expect(first).to_be_visible(timeout=PATIENCE_MS)
    expect(other).to_be_visible()
    spoilt.wait_for_function(_SIDE_BY_SIDE)  # once the drawer has slid in


def test_an_image_is_left_out_where_it_is_seen_and_taken_back_in(spoilt: Page) -> None:
    spoilt.get_by_role("button", name="Dark").click()
    spoilt.get_by_role("checkbox", name="Choose dark").check()
    spoilt.get_by_role("button", name="Leave out").click()
    expect(spoilt.get_by_text("this is version 2")).to_be_visible(timeout=PATIENCE_MS)
    spoilt.keyboard.press("Escape")
    versions = spoilt.get_by_role("region", name="Versions")
    expect(versions.get_by_text("1 image left out.")).to_be_visible(timeout=PATIENCE_MS)
    versions.get_by_role("button", name="See what is left out").click()
    spoilt.get_by_role("checkbox", name="Choose dark").check()
    spoilt.get_by_role("button", name="Take back in").click()
    expect(spoilt.get_by_text("this is version 3")).to_be_visible(timeout=PATIENCE_MS)


def test_a_dataset_that_was_not_looked_at_is_looked_at_from_the_page(
    spoilt: Page, server: RunningServer
) -> None:
    shutil.rmtree(server.home / "data" / "Spoilt" / ".dermascan" / "facts")
    spoilt.reload()
    spoilt.get_by_role("button", name="Look at the images now").click()
    expect(spoilt.get_by_role("button", name="Dark")).to_be_visible(timeout=PATIENCE_MS)
