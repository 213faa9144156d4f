"""The report's page needs nothing else, hides nothing, and cannot be turned against its reader."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.training.documents.card_markdown import card_markdown
from server.training.documents.markup import tag
from server.training.documents.page import SECTIONS, page
from server.training.documents.page_evidence import picture
from tests.unit.training.documents.written_report import report

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;"


class Reader(HTMLParser):
    """Reads a page as a browser does: its elements, attributes and words."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Words between elements."""
        self.words.append(data)


def with_everything_renamed(value: Any, name: str) -> Any:
    """The same report with every text in it replaced."""
    if isinstance(value, dict):
        return {key: with_everything_renamed(each, name) for key, each in value.items()}
    if isinstance(value, list):
        return [with_everything_renamed(each, name) for each in value]
    return name if isinstance(value, str) else value


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """A whole report."""
    return report(images=80)


def test_hostile_names_stay_words(written: dict[str, Any]) -> None:
    """Whatever the classes, ids and settings are called, no element or handler comes of it."""
    honest = Reader(page(written))
    hostile = Reader(page(with_everything_renamed(written, HOSTILE)))
    assert set(hostile.elements) <= set(honest.elements)
    assert "script" not in hostile.elements
    assert not [key for key, _ in hostile.attributes if key.startswith("on")]
    assert any(HOSTILE in words for words in hostile.words)


@settings(max_examples=60, deadline=None)
@given(some.text())
def test_any_text_reads_back(words: str) -> None:
    """What goes in as text is read as the same text, as content and as an attribute."""
    read = Reader(tag("p", words, title=words))
    assert read.elements == ["p"]
    unified = words.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    kept = "".join(read.words).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    assert kept == unified


def test_nothing_comes_from_outside(written: dict[str, Any]) -> None:
    """No script, no link, no picture that is not in the page itself."""
    read = Reader(page(written))
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(read.elements)
    sources = [value or "" for key, value in read.attributes if key in ("src", "href", "srcset")]
    assert sources
    assert all(source.startswith(("data:image/", "#")) for source in sources)
    assert "@import" not in page(written)
    assert "url(" not in page(written)


@pytest.mark.parametrize(
    "source", ["https://example.org/a.jpg", "data:text/html;base64,PGI+", "javascript:x", None, 7]
)
def test_only_pictures_inside_the_page_are_shown(source: Any) -> None:
    """A thumbnail that is anything else becomes an empty frame."""
    assert "<img" not in picture(source, "a lesion")


def test_every_section_is_there_and_linked(written: dict[str, Any]) -> None:
    """A whole report fills every section, and the contents lead to each."""
    read = Reader(page(written))
    anchors = [value for key, value in read.attributes if key == "id"]
    links = [value for key, value in read.attributes if key == "href"]
    assert anchors == [anchor for anchor, _, _ in SECTIONS]
    assert links == [f"#{anchor}" for anchor in anchors]


@pytest.mark.parametrize("missing", list(report(images=80)))
def test_a_report_without_a_part_still_makes_a_page(missing: str, written: dict[str, Any]) -> None:
    """An older report lacks a section: the page lacks it too, and the rest stands."""
    kept = {key: value for key, value in written.items() if key != missing}
    assert page(kept).endswith("</html>")


def test_headline_has_interval_and_baseline(written: dict[str, Any]) -> None:
    """Each headline figure stands with its interval, and the baseline beside it."""
    words = " ".join(Reader(page(written)).words)
    for figure in written["headline"].values():
        assert f"{figure['value']:.3f}" in words
        assert f"{figure['low']:.2f} to {figure['high']:.2f}" in words
    assert f"Most common class {1 / 7:.3f}" in " ".join(words.split())
    assert "The metadata has no age, sex or site." in words


def test_the_metadata_baseline_stands_with_its_interval_and_what_it_shows(
    written: dict[str, Any],
) -> None:
    """What the metadata tell has an interval, and a sentence says whether pictures add to it."""
    sentence = "No difference from a model that sees only age is shown."
    metadata = {
        "columns": ["age"],
        "headline": {"balanced_accuracy": {"value": 0.512, "low": 0.43, "high": 0.59}},
        "sentence": sentence,
    }
    told = written | {"baselines": written["baselines"] | {"metadata": metadata}}
    words = " ".join(" ".join(Reader(page(told)).words).split())
    assert "Metadata only 0.512 0.43 to 0.59" in words
    assert sentence in words
    assert sentence in card_markdown(told)
    assert "0.512 (0.43 to 0.59)" in card_markdown(told)


def test_small_subgroups_are_marked(written: dict[str, Any]) -> None:
    """Each subgroup says its n; a small one says that it is small."""
    content = page(written)
    assert content.count('class="small"') == sum(row["small"] for row in written["subgroups"])
    assert "n = 12 / 9" in content


def test_confusion_matrix_counts_every_image(written: dict[str, Any]) -> None:
    """The matrix says counts and the share of the true class, 100 % a row."""
    labels = written["confusion_matrix"]["labels"]
    content = page(written)
    matrix = content[content.index('class="matrix"') :].split("</table>")[0]
    cells = matrix.count("<td")
    assert cells == len(labels) ** 2
    assert matrix.count('class="right') == len(labels)


def test_diagrams_can_be_read_without_seeing_them(written: dict[str, Any]) -> None:
    """Every diagram is an image with a name that says its figure."""
    read = Reader(page(written))
    names = [value or "" for key, value in read.attributes if key == "aria-label"]
    assert len(names) >= read.elements.count("svg")
    assert sum("AUC 0." in name for name in names) >= len(written["per_class"])
