"""From a folder to a manifest: the one function that services and training call."""

from __future__ import annotations

from pathlib import Path

from server.intake.manifest import Manifest


def understand(folder: Path) -> Manifest:
    """Recognise the layout of ``folder``, check every image, and name every problem.

    Raises:
        UnusableDataset: when there is not one image and not one table of labels in it
            ("No images found!", with the document's advice).
    """
    raise NotImplementedError
