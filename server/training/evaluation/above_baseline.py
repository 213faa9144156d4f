"""One sentence on whether a network is better than a baseline that never sees a picture."""

from __future__ import annotations

from server.training.evaluation.figure import Figure


def above_baseline(baseline: str, difference: Figure) -> str:
    """What the difference of the balanced accuracies shows: better, worse, or nothing.

    Args:
        baseline: what it is, as it stands within a sentence.
        difference: the network's balanced accuracy less the baseline's, with its 95 % interval.
    """
    value, low, high = difference["value"], difference["low"], difference["high"]
    if value is None:
        return f"The balanced accuracy cannot be compared with that of {baseline}."
    if low is None or high is None:
        return (
            f"The balanced accuracy differs from that of {baseline} by {_signed(value)}; "
            "how sure that is cannot be told."
        )
    interval = f"95 % interval {_signed(low)} to {_signed(high)}"
    if low <= 0 <= high:
        return (
            f"No difference from {baseline} is shown: the balanced accuracy differs by "
            f"{_signed(value)} ({interval})."
        )
    place = "above" if low > 0 else "below"
    return f"The balanced accuracy is {abs(value):.3f} {place} that of {baseline} ({interval})."


def _signed(value: float) -> str:
    rounded = round(value, 3)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded):.3f}"
