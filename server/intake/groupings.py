"""What a table without labels says of the images (``image_id, lesion_id``), joined to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from server.intake.draft import Candidate, Draft
from server.intake.image_index import ImageIndex
from server.intake.manifest import Problem, ProblemKind
from server.intake.table_row import Row


def add_groups(draft: Draft, rows: Iterable[Row], index: ImageIndex) -> Draft:
    """Fill in lesion, patient and attributes that the candidates lack. Labels stay as they are.

    An image with several rows takes from each what those before it leave open; where two of them
    name different lesions or patients, that is a problem and the first one counts.
    """
    by_path: dict[str, Row] = {}
    problems: list[Problem] = []
    for row in rows:
        match = index.find(row.image_id, row.image_path, row.table)
        if len(match.paths) != 1:
            continue
        path = match.paths[0]
        first = by_path.get(path)
        if first is None:
            by_path[path] = row
        else:
            problems.extend(_contradictions(first, row))
            by_path[path] = _together(first, row)
    if not by_path:
        return draft
    candidates = tuple(
        _filled(candidate, by_path[candidate.path]) if candidate.path in by_path else candidate
        for candidate in draft.candidates
    )
    return replace(draft, candidates=candidates, problems=(*draft.problems, *problems))


def _contradictions(first: Row, row: Row) -> Iterator[Problem]:
    for what, one, other in (
        ("lesion", first.lesion_id, row.lesion_id),
        ("patient", first.patient_id, row.patient_id),
    ):
        if one and other and one != other:
            name = PurePosixPath(row.table).name
            yield Problem(
                ProblemKind.DUPLICATE_ROW,
                f"Row {row.number} of {name!r} gives the image {row.name!r} the {what} {other!r}, "
                f"but row {first.number} of {PurePosixPath(first.table).name!r} gives it {one!r}; "
                "the first counts.",
                file=row.table,
                row=row.number,
            )


def _together(first: Row, row: Row) -> Row:
    return replace(
        first,
        lesion_id=first.lesion_id or row.lesion_id,
        patient_id=first.patient_id or row.patient_id,
        attributes={**row.attributes, **first.attributes},
    )


def _filled(candidate: Candidate, row: Row) -> Candidate:
    return replace(
        candidate,
        lesion_id=candidate.lesion_id or row.lesion_id or None,
        patient_id=candidate.patient_id or row.patient_id or None,
        attributes={**row.attributes, **candidate.attributes},
    )
