"""A manifest boiled down to what a page shows: counts, sizes, examples, the worst problems."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from server.intake.manifest import Layout, Manifest, Problem, ProblemKind

EXAMPLES = 6
MAX_SIZES = 20
MAX_PROBLEMS = 500


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """One class: its images, its lesions (``LesionImage.group``), and some images to show."""

    label: str
    images: int
    lesions: int
    example_image_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SizeSummary:
    """How many images measure ``width`` × ``height`` pixels."""

    width: int
    height: int
    images: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a page shows of a dataset.

    Attributes:
        lesions: how many different ones; None when the data names none.
        classes: most images first.
        image_sizes: most common first, at most 20.
        problems: worst first, at most 500, of ``problem_count``.
        version: number of the current one; None in notes of older servers.
    """

    layout: Layout
    layout_reason: str
    images: int
    lesions: int | None
    classes: tuple[ClassSummary, ...]
    image_sizes: tuple[SizeSummary, ...]
    problems: tuple[Problem, ...]
    problem_counts: dict[ProblemKind, int]
    problem_count: int
    is_sample: bool
    notes: tuple[str, ...]
    leaking_columns: tuple[str, ...]
    version: int | None


def summarise(manifest: Manifest) -> Summary:
    """The summary of ``manifest``."""
    lesions = manifest.lesions_by_class
    examples = _examples(manifest)
    sizes = Counter((image.width, image.height) for image in manifest.images)
    return Summary(
        layout=manifest.layout,
        layout_reason=manifest.reason,
        images=len(manifest.images),
        lesions=_lesions(manifest),
        classes=tuple(
            ClassSummary(label, count, lesions[label], tuple(examples[label]))
            for label, count in manifest.classes.items()
            if label
        ),
        image_sizes=tuple(
            SizeSummary(width, height, count)
            for (width, height), count in sizes.most_common(MAX_SIZES)
        ),
        problems=manifest.problems[:MAX_PROBLEMS],
        problem_counts=dict(Counter(problem.kind for problem in manifest.problems)),
        problem_count=len(manifest.problems),
        is_sample=manifest.is_sample,
        notes=manifest.notes,
        leaking_columns=manifest.leaking_columns,
        version=manifest.version,
    )


def _examples(manifest: Manifest) -> dict[str, list[str]]:
    """Six images of each class: of six lesions if there are so many, which tell most."""
    first_views: dict[str, list[str]] = {}
    more_views: dict[str, list[str]] = {}
    shown: set[tuple[str, str]] = set()
    for image in manifest.images:
        views = more_views if (image.label, image.group) in shown else first_views
        shown.add((image.label, image.group))
        of_class = views.setdefault(image.label, [])
        if len(of_class) < EXAMPLES:
            of_class.append(image.image_id)
    return {
        label: (found + more_views.get(label, []))[:EXAMPLES]
        for label, found in first_views.items()
    }


def _lesions(manifest: Manifest) -> int | None:
    """Different lesions; an image without a lesion id counts as one of its own."""
    if not any(image.lesion_id for image in manifest.images):
        return None
    return len({image.lesion_id or f"\0{image.image_id}" for image in manifest.images})
