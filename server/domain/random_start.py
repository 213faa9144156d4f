"""What a start from random weights means, in the words that everybody uses for it.

The form says it before the start, the log at the start; neither may be milder than the other.
"""

from __future__ import annotations

RANDOM_START_MEANS = (
    "this model learns from nothing and will be far weaker than one that starts from ImageNet"
)
"""Part of a sentence."""

RANDOM_START_AS_ASKED = f"RANDOM START, as asked for: {RANDOM_START_MEANS}."
"""For the weights ``none``."""
