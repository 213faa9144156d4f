"""The layouts with a table: pairing rows with images, and naming all that does not pair."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from server.intake.draft import Candidate, Draft, unique_ids
from server.intake.file_kinds import FileKind
from server.intake.image_index import ImageIndex
from server.intake.listing import Listing
from server.intake.manifest import Problem, ProblemKind
from server.intake.masks import is_mask_of, masks_note
from server.intake.table_row import Row
from server.intake.table_rows import MAX_LABEL_LENGTH, Tables
from server.intake.why_recognised import reason_of


def read_with_tables(listing: Listing, tables: Tables, index: ImageIndex) -> Draft:
    """The dataset as its tables of labels describe it."""
    pairing = Pairing(index)
    for row in tables.labelled:
        pairing.add(row)
    images = listing.of_kind(FileKind.IMAGE)
    candidates = pairing.candidates()
    spare, masks = pairing.images_without_row(images)
    return Draft(
        tables.layout,
        reason_of(tables),
        tuple(candidates),
        (*tables.problems, *pairing.problems, *spare),
        masks_note(masks),
    )


class Pairing:
    """Rows on one side, files on the other."""

    def __init__(self, index: ImageIndex) -> None:
        self.problems: list[Problem] = []
        self._index = index
        self._rows_of: dict[str, list[Row]] = {}
        self._path_of_id: dict[str, str] = {}
        self._claimed: set[str] = set()

    def add(self, row: Row) -> None:
        """Find the row's image and keep the two together, or name what is wrong."""
        match = self._index.find(row.image_id, row.image_path, row.table)
        self._claimed.update(match.paths, match.copies)
        if not match.paths:
            self.problems.append(self._without_image(row))
        elif len(match.paths) > 1:
            self.problems.append(_ambiguous(row, match.paths))
        elif not row.label:
            self.problems.append(_without_label(row))
        elif len(row.label) > MAX_LABEL_LENGTH:
            self.problems.append(_label_too_long(row))
        else:
            path = match.paths[0]
            if row.image_id:
                # an id stands for one image, whatever paths its rows give
                path = self._path_of_id.setdefault(row.image_id, path)
            self._rows_of.setdefault(path, []).append(row)

    def candidates(self) -> list[Candidate]:
        """One candidate for each image whose rows agree; the rest becomes problems."""
        agreed: dict[str, Row] = {}
        for path, rows in self._rows_of.items():
            labels = sorted({row.label for row in rows})
            if len(labels) > 1:
                self.problems.append(_contradiction(rows, labels))
                continue
            agreed[path] = rows[0]
            self.problems.extend(_repeated(rows[0], row) for row in rows[1:])
        ids = {path: row.image_id for path, row in agreed.items() if row.image_id}
        ids |= unique_ids((path for path in agreed if path not in ids), ids.values())
        return [_candidate(path, row, ids[path]) for path, row in agreed.items()]

    def images_without_row(self, images: Iterable[str]) -> tuple[list[Problem], list[str]]:
        """Images that no row names, unless they are exact copies of one that a row names.

        Returns a problem for each, and apart from them the masks of images that a row names.
        """
        stems = {PurePosixPath(path).stem.casefold() for path in self._claimed}
        left = [path for path in images if path not in self._claimed]
        masks = [path for path in left if is_mask_of(path, stems)]
        aside = set(masks)
        problems = [
            Problem(
                ProblemKind.IMAGE_WITHOUT_ROW,
                f"No row of the table names the image {path!r}; it is left out.",
                file=path,
            )
            for path in left
            if path not in aside and not self._is_spare_copy(path)
        ]
        return problems, masks

    def _is_spare_copy(self, path: str) -> bool:
        claimed = [other for other in self._index.namesakes(path) if other in self._claimed]
        return self._index.is_copy_of(path, claimed)

    def _without_image(self, row: Row) -> Problem:
        other = self._index.of_another_format(row.image_id)
        hint = f" There is {other!r}, which is of a format that is not read." if other else ""
        looked = (
            f"no {row.image_id}.jpg, .jpeg or .png"
            if row.image_id and not row.image_path
            else f"nothing at {row.image_path!r}"
            + (f" and no {row.image_id}.jpg, .jpeg or .png" if row.image_id else "")
        )
        return Problem(
            ProblemKind.ROW_WITHOUT_IMAGE,
            f"{_place(row)} names {row.name!r}, but there is {looked} in the dataset; "
            f"the row is left out.{hint}",
            file=row.table,
            row=row.number,
        )


def _candidate(path: str, row: Row, image_id: str) -> Candidate:
    return Candidate(
        image_id=image_id,
        path=path,
        label=row.label,
        lesion_id=row.lesion_id or None,
        patient_id=row.patient_id or None,
        attributes=row.attributes,
    )


def _place(row: Row) -> str:
    return f"Row {row.number} of {PurePosixPath(row.table).name!r}"


def _ambiguous(row: Row, paths: tuple[str, ...]) -> Problem:
    return Problem(
        ProblemKind.LAYOUT,
        f"{_place(row)} names {row.name!r}, which may be {paths[0]!r} or {paths[1]!r}, and the "
        "two differ; none is used. Write the path of the right one in image_path.",
        file=row.table,
        row=row.number,
    )


def _without_label(row: Row) -> Problem:
    return Problem(
        ProblemKind.ROW_WITHOUT_LABEL,
        f"{_place(row)} gives no label to {row.name!r}; the image is left out.",
        file=row.table,
        row=row.number,
    )


def _label_too_long(row: Row) -> Problem:
    return Problem(
        ProblemKind.TABLE,
        f"{_place(row)} has a label of {len(row.label)} letters; at most {MAX_LABEL_LENGTH} are "
        "allowed. The row is left out.",
        file=row.table,
        row=row.number,
    )


def _contradiction(rows: list[Row], labels: list[str]) -> Problem:
    last = next(row for row in rows if row.label != rows[0].label)
    numbers = " and ".join(str(row.number) for row in (rows[0], last))
    return Problem(
        ProblemKind.DUPLICATE_ROW,
        f"Rows {numbers} of {PurePosixPath(last.table).name!r} give the image {last.name!r} "
        f"different labels ({', '.join(map(repr, labels[:4]))}); it is left out.",
        file=last.table,
        row=last.number,
    )


def _repeated(first: Row, row: Row) -> Problem:
    elsewhere = "" if first.table == row.table else f" of {PurePosixPath(first.table).name!r}"
    return Problem(
        ProblemKind.DUPLICATE_ROW,
        f"{_place(row)} names {row.name!r} again, with the same label as row "
        f"{first.number}{elsewhere}; the first is kept.",
        file=row.table,
        row=row.number,
    )
