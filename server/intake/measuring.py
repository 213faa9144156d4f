"""How sharp and how bright a picture is, at the size at which networks see it.

Every picture is squeezed to 224 × 224 grey pixels first, so that those of different sizes compare:
blur that is gone at that size does no harm to a model, and a picture that is smaller than that is
as unsharp to it as it is here.

Sharpness is the variance of the Laplacian (Pech-Pacheco and others, "Diatom autofocusing in
brightfield microscopy: a comparative study", ICPR 2000), with the kernel of four neighbours. Hair,
rulers and noise raise it; a smooth lesion lowers it. It says which pictures to look at, no more.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from server.domain.errors import InvalidInput
from server.domain.pixels import DAMAGED, upright_rgb
from server.intake.fingerprints import coefficients, small_grey
from server.intake.look import Look

SIDE = 224
MOST_PIXELS = 16_000_000
"""More are not held in memory for this; a JPEG is read at an eighth of its size before."""
_NEARLY = 2


def measure(image: Image.Image) -> Look | None:
    """The numbers of an opened picture; None where its pixels are too many or have no colour."""
    if image.width * image.height > MOST_PIXELS:
        return None
    try:
        grey = _as_seen(image)
    except (InvalidInput, MemoryError, *DAMAGED):
        return None
    counts = grey.histogram()
    total = SIDE * SIDE
    return Look(
        sharpness=_variance_of_laplacian(np.asarray(grey, dtype=np.int16)),
        brightness=sum(level * count for level, count in enumerate(counts)) / (255 * total),
        clipped=(sum(counts[: _NEARLY + 1]) + sum(counts[-_NEARLY - 1 :])) / total,
        coefficients=coefficients(small_grey(grey)[None]).astype(np.float16).tobytes(),
    )


def _as_seen(image: Image.Image) -> Image.Image:
    plain = image if image.mode in ("L", "RGB") else upright_rgb(image)
    return plain.resize((SIDE, SIDE), Image.Resampling.BILINEAR).convert("L")


def _variance_of_laplacian(grey: npt.NDArray[np.int16]) -> float:
    bends = grey[:-2, 1:-1] + grey[2:, 1:-1]
    bends += grey[1:-1, :-2]
    bends += grey[1:-1, 2:]
    bends -= 4 * grey[1:-1, 1:-1]
    values = bends.ravel().astype(np.float32)
    # the mean of the squares less the square of the mean, several times as quick as var()
    return max(0.0, float(values @ values) / values.size - float(values.mean()) ** 2)
