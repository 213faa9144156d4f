"""The columns of a table as a researcher has named them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.intake.column_map import Chosen, column_names
from server.intake.columns import Columns, assign, reduced, with_attributes
from server.intake.person_columns import CALLED


def assigned_by_hand(header: Sequence[str], chosen: Chosen | None) -> Columns | None:
    """The columns as chosen; None when there is no choice or the table lacks one of its columns.

    What is chosen as age, sex, site or skin tone is kept under the name that everything else knows
    it by; another column of that very name is marked, so that it is not taken for it. A published
    set keeps its codes, its split, and its one column a class where no other label is chosen.
    """
    names = column_names(header)
    if not chosen or "image" not in chosen or not set(chosen.values()) <= set(names):
        return None
    places = {role: names.index(name) for role, name in chosen.items()}
    by_name = assign(header)
    columns = with_attributes(
        Columns(
            header=by_name.header,
            image_id=places["image"],
            label=places.get("label", -1),
            lesion_id=places.get("lesion", -1),
            patient_id=places.get("patient", -1),
            known=by_name.known,
            classes=() if "label" in places else by_name.classes,
            split=-1 if by_name.split in places.values() else by_name.split,
            by_hand=True,
        )
    )
    called = {places[role]: name for role, name in CALLED.items() if role in places}
    taken = {reduced(name) for name in called.values()}
    others = tuple(
        (place, f"{name} (not chosen)" if reduced(name) in taken else name)
        for place, name in columns.attributes
        if place not in called
    )
    return replace(columns, attributes=(*others, *called.items()))
