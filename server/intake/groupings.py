"""Lesions and patients told by a table of their own, without labels (``image_id, lesion_id``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from server.intake.draft import Candidate, Draft
from server.intake.image_index import ImageIndex
from server.intake.table_row import Row


def add_groups(draft: Draft, rows: Iterable[Row], index: ImageIndex) -> Draft:
    """Fill in lesion, patient and attributes that the candidates lack. Labels stay as they are."""
    by_path: dict[str, Row] = {}
    for row in rows:
        match = index.find(row.image_id, row.image_path, row.table)
        if len(match.paths) == 1:
            by_path.setdefault(match.paths[0], row)
    if not by_path:
        return draft
    candidates = tuple(
        _filled(candidate, by_path[candidate.path]) if candidate.path in by_path else candidate
        for candidate in draft.candidates
    )
    return replace(draft, candidates=candidates)


def _filled(candidate: Candidate, row: Row) -> Candidate:
    return replace(
        candidate,
        lesion_id=candidate.lesion_id or row.lesion_id or None,
        patient_id=candidate.patient_id or row.patient_id or None,
        attributes={**row.attributes, **candidate.attributes},
    )
