"""Small data sets that tests draw for themselves, in the document's two layouts."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw

CLASSES = {"melanoma": (70, 30, 25), "benign": (190, 120, 90), "keratosis": (225, 190, 120)}


def picture(label: str, lesion: int, view: int, side: int = 48) -> bytes:
    """A JPEG of one drawn lesion: its colour names the class, its shape the lesion."""
    shape = random.Random(f"{label} {lesion}")
    light = random.Random(f"{label} {lesion} {view}").uniform(0.9, 1.1)
    image = Image.new("RGB", (side, side), tuple(int(c * light) for c in (222, 175, 150)))
    reach = side * shape.uniform(0.2, 0.35)
    centre = side / 2 + shape.uniform(-3, 3)
    colour = tuple(min(255, int(c * light) + shape.randint(-8, 8)) for c in CLASSES[label])
    ImageDraw.Draw(image).ellipse(
        (centre - reach, centre - reach * 0.8, centre + reach, centre + reach * 0.8), fill=colour
    )
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def csv_and_images(lesions: int = 8, views: int = 2) -> list[tuple[str, bytes]]:
    """``metadata.csv`` with image_id, image_path, label (and lesion_id), images in ``images/``."""
    rows = ["image_id,image_path,label,lesion_id"]
    files = []
    for label in CLASSES:
        for lesion in range(lesions):
            for view in range(views):
                image_id = f"{label}_{lesion:02d}_{view}"
                rows.append(f"{image_id},images/{image_id}.jpg,{label},{label}-{lesion}")
                files.append((f"images/{image_id}.jpg", picture(label, lesion, view)))
    return [("metadata.csv", "\n".join(rows).encode()), *files]


def class_folders(images: int = 8) -> list[tuple[str, bytes]]:
    """One folder a class."""
    return [
        (f"{label}/img{number}.jpg", picture(label, number, 0))
        for label in CLASSES
        for number in range(images)
    ]
