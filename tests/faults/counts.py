"""How often the fault tests try: small counts by default, the promised ones on request.

``python dev.py faults`` asks for them by DERMASCAN_TEST_FAULTS=full.
"""

from __future__ import annotations

import os

FULL = os.environ.get("DERMASCAN_TEST_FAULTS", "").casefold() == "full"


def count(quick: int, full: int) -> int:
    """``full`` when the full counts were asked for."""
    return full if FULL else quick
