"""The most confident mistakes, as pictures in their own proportions."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from PIL import Image

from server.training.audit.thumbnails import picture_of_pixels
from server.training.evaluation.mistakes import surest_mistakes


def test_only_mistakes_are_shown_and_the_surest_first() -> None:
    answers = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.05, 0.95], [0.3, 0.7]])
    truth = np.array([0, 1, 0, 0, 1])
    assert surest_mistakes(answers, truth).tolist() == [3, 2, 1]
    assert surest_mistakes(answers, truth, most=2).tolist() == [3, 2]
    assert surest_mistakes(answers, answers.argmax(axis=1)).tolist() == []


def test_the_stored_square_is_shown_in_the_proportions_of_the_photograph() -> None:
    pixels = np.full((224, 224, 3), (200, 120, 90), dtype=np.uint8)
    kind, held = picture_of_pixels(pixels, 600, 450).split(",")
    shown = Image.open(BytesIO(base64.b64decode(held)))
    assert kind == "data:image/jpeg;base64"
    assert shown.size == (160, 120)
    assert np.abs(np.asarray(shown, dtype=int) - (200, 120, 90)).max() < 8
