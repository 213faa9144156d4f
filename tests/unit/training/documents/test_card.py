"""The model card says what is known, leaves open what is not, and claims nothing more."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from server.training.documents.card import model_card
from server.training.documents.card_markdown import card_markdown, plain, table
from server.training.documents.clear_derm import clear_derm
from server.training.documents.facts import data_sentence
from server.training.documents.tripod_ai import tripod_ai
from tests.unit.training.documents.written_report import report


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """A whole report."""
    return report(images=80)


def test_the_report_names_the_version_of_the_dataset(written: dict[str, Any]) -> None:
    versioned = {**written, "data": {**written["data"], "version": 3}}
    assert ", version 3: 4,000 images" in data_sentence(versioned)
    assert "version" not in data_sentence(written)


def test_card_is_json_and_says_research_only(written: dict[str, Any]) -> None:
    """The card is plain JSON and says, as the Markdown does, that this is no medical device."""
    card = json.loads(json.dumps(model_card(written), allow_nan=False))
    assert "not a medical device" in card["research_only"]
    assert "not a medical device" in card_markdown(written)
    assert card["data"]["hash"] == written["data"]["hash"]


def test_checklists_are_complete() -> None:
    """CLEAR Derm has its 25 items; TRIPOD+AI its 27, 52 with their parts."""
    clear = clear_derm(report(images=80)).items
    tripod = tripod_ai(report(images=80)).items
    assert [item.number for item in clear] == [str(number) for number in range(1, 26)]
    assert len(tripod) == 52
    wholes = [int(re.sub(r"\D", "", item.number)) for item in tripod]
    assert sorted(set(wholes)) == list(range(1, 28))
    assert wholes == sorted(wholes)


@pytest.mark.parametrize("make", [clear_derm, tripod_ai])
def test_filled_items_have_answers(make: Any, written: dict[str, Any]) -> None:
    """An item counts as filled only with an answer, and what nobody told stays open."""
    items = make(written).items
    assert all(item.answer for item in items if item.state == "filled")
    assert any(item.state == "for the researcher" for item in items)


def test_ethics_and_funding_stay_open(written: dict[str, Any]) -> None:
    """The program knows nothing of approval, consent, funding and registration."""
    state = {item.number: item.state for item in tripod_ai(written).items}
    assert {state[number] for number in ("17", "18a", "18b", "18d", "19")} == {"for the researcher"}


def test_skin_tone_is_claimed_only_where_it_is_known(written: dict[str, Any]) -> None:
    """Without a column of skin tone the card says that nothing is known of it."""
    assert any("skin tone" in limit for limit in model_card(written)["limits"][:5])
    toned = written | {"subgroups": [{"column": "skin_tone", "value": "V", "images": 3}]}
    state = {item.number: item.state for item in clear_derm(toned).items}
    assert state["8"] == "filled"
    assert not any("performance by skin tone" in each for each in model_card(toned)["limits"])


def test_figures_stand_with_intervals(written: dict[str, Any]) -> None:
    """Every headline figure is in the card with its interval."""
    content = card_markdown(written)
    for figure in written["headline"].values():
        assert f"{figure['value']:.3f} ({figure['low']:.2f} to {figure['high']:.2f})" in content


def test_names_cannot_become_markup() -> None:
    """A class name with pipes, tags and newlines stays one cell of words."""
    row = table(("Class",), [("a|b\n<script>*x*",)]).splitlines()[-1]
    assert row == r"| a\|b \<script\>\*x\* |"
    assert plain("# [x](y)") == r"\# \[x\](y)"


@pytest.mark.parametrize("missing", list(report(images=80)))
def test_a_card_is_made_of_an_older_report(missing: str, written: dict[str, Any]) -> None:
    """A report without one of its sections still gives a card."""
    kept = {key: value for key, value in written.items() if key != missing}
    assert card_markdown(kept).startswith("# Model card")
