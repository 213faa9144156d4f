"""Why a layout with tables was recognised, in one sentence."""

from __future__ import annotations

from pathlib import PurePosixPath

from server.intake.columns import Columns
from server.intake.table_rows import Tables


def reason_of(tables: Tables) -> str:
    """The sentence: which table, known by what, and where its label stands."""
    names = [repr(PurePosixPath(path).name) for path in tables.used]
    shown = " and ".join(names[:2]) + (f" and {len(names) - 2} more" * (len(names) > 2))
    # the columns that gave the layout its name
    columns = next(c for c in tables.columns if c.layout is tables.layout)
    several = len(names) > 1
    subject = f"The table{'s' * several} {shown}"
    if columns.by_hand:
        gives = "give" if several else "gives"
        return f"{subject} {gives} {_where(columns)}; the columns were chosen by hand."
    if columns.known is None:
        verbs = "name the images and give" if several else "names the images and gives"
        return f"{subject} {verbs} {_where(columns)}."
    have = "have" if several else "has"
    title = columns.known.title
    return f"{subject} {have} the columns of {title}: {_diagnosis(columns)}."


def _where(columns: Columns) -> str:
    if columns.classes:
        return f"one column a class ({_classes(columns)})"
    return f"labels in {columns.header[columns.label]!r}"


def _diagnosis(columns: Columns) -> str:
    if columns.classes:
        return f"one column a class ({_classes(columns)})"
    label = f"the diagnosis in {columns.header[columns.label]!r}"
    finer = (
        columns.label_options[: columns.label_options.index(columns.label)]
        if (columns.label in columns.label_options)
        else ()
    )
    if not finer:
        return label
    return (
        f"the label in {columns.header[columns.label]!r}, since "
        f"{columns.header[finer[0]]!r} is not known for most images"
    )


def _classes(columns: Columns) -> str:
    names = [name for _, name in columns.classes]
    return ", ".join(names[:9]) + (f" and {len(names) - 9} more" if len(names) > 9 else "")
