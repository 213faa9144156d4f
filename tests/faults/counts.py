"""How often the fault tests try: small counts by default, the promised ones on request.

DERMASCAN_FAULTS=full python -m pytest tests/faults
"""

from __future__ import annotations

import os

FULL = os.environ.get("DERMASCAN_FAULTS", "").casefold() == "full"


def count(quick: int, full: int) -> int:
    """``full`` when the full counts were asked for."""
    return full if FULL else quick
