"""A manifest in words and bars, for a person at a terminal."""

from __future__ import annotations

from collections import Counter

from server.intake.leaking_columns import said
from server.intake.manifest import Manifest
from server.intake.readiness import why_not_trainable

_BAR = 32
_SHOWN = 20


def printed(manifest: Manifest) -> str:
    """The summary, ending with a line break."""
    lines = [*_heading(manifest), "", *_classes(manifest), "", *_problems(manifest)]
    verdict = why_not_trainable(manifest)
    lines += ["", f"Cannot be trained on: {verdict}" if verdict else "Ready for training."]
    return "\n".join(lines) + "\n"


def _heading(manifest: Manifest) -> list[str]:
    sizes = Counter((image.width, image.height) for image in manifest.images)
    shown = [f"{width} × {height} ({count})" for (width, height), count in sizes.most_common(3)]
    more = f" and {len(sizes) - 3} more" if len(sizes) > 3 else ""
    lines = [
        f"Layout   {manifest.layout.value}: {manifest.reason}",
        f"Images   {len(manifest.images)}",
    ]
    if shown:
        lines.append(f"Sizes    {', '.join(shown)}{more}")
    if manifest.is_sample:
        lines.append("Sample   drawn by the program: no patients, for trying it only")
    lines += [f"Note     {sentence}" for sentence in remarks(manifest)]
    return lines


def remarks(manifest: Manifest) -> list[str]:
    """The notes and the columns that give the diagnosis away, each in a sentence."""
    leaks = said(manifest.leaking_columns)
    return [*manifest.notes, *([leaks] if leaks else [])]


def _classes(manifest: Manifest) -> list[str]:
    counts, lesions = manifest.classes, manifest.lesions_by_class
    if not counts:
        return ["Classes  none"]
    widest = max(len(label) for label in counts)
    most = max(counts.values())
    return ["Classes"] + [
        f"  {label:<{widest}}  {'█' * max(1, round(_BAR * count / most)):<{_BAR}}  "
        f"{count} images of {lesions[label]} lesions"
        for label, count in counts.items()
    ]


def _problems(manifest: Manifest) -> list[str]:
    total = len(manifest.problems)
    if not total:
        return ["Problems none"]
    lines = [f"Problems {total}"]
    lines += [f"  - {problem.message}" for problem in manifest.problems[:_SHOWN]]
    if total > _SHOWN:
        counts = Counter(problem.kind.value for problem in manifest.problems)
        lines.append(f"  … {', '.join(f'{kind}: {count}' for kind, count in counts.items())}")
    return lines
