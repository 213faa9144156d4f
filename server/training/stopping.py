"""The wish to stop early: no further step, then the test and the model of the best epoch so far.

The wish is a file that whoever started the run puts there. A run whose first epoch is not over has
nothing to keep yet, so it goes on until that one is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StopWish:
    """Whether the run shall stop.

    Attributes:
        file: the wish is there when this file is; None = nobody can wish it.
        after_epoch: of the run that is run again, when that one was stopped early.
    """

    file: Path | None = None
    after_epoch: int | None = None

    def holds(self, epochs_finished: int) -> bool:
        """Asked between two steps, and before each epoch."""
        if epochs_finished == 0:
            return False
        if self.after_epoch is not None and epochs_finished >= self.after_epoch:
            return True
        return self.file is not None and self.file.exists()


NEVER = StopWish()


def stopped_sentence(after: int, planned: int, best: int) -> str:
    """What the metadata, the report and the card say of a run that was stopped early."""
    return (
        f"Stopped early, as asked, after epoch {after} of {planned}: the weights of epoch {best}, "
        "the best until then, were kept; what was begun after it does not count."
    )
