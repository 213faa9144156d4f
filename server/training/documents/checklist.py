"""A reporting checklist, filled in as far as the program can know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["filled", "for the researcher", "does not apply"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    Attributes:
        number: in the published checklist.
        asks: in short words of our own.
        state: ``filled`` by the program, or open.
        answer: what the program knows; what is left to tell where it is open.
    """

    number: str
    asks: str
    state: State
    answer: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """A checklist and where it was published.

    Attributes:
        note: how far its items could be compared with the publication.
    """

    name: str
    source: str
    note: str
    items: tuple[Item, ...]

    @property
    def filled(self) -> int:
        """How many items the program could fill in."""
        return sum(item.state == "filled" for item in self.items)

    def as_dict(self) -> dict[str, object]:
        """Plain JSON."""
        return {
            "name": self.name,
            "source": self.source,
            "note": self.note,
            "filled": self.filled,
            "items": [
                {
                    "number": item.number,
                    "asks": item.asks,
                    "state": item.state,
                    "answer": item.answer,
                }
                for item in self.items
            ],
        }


def fill(
    asked: Iterable[tuple[str, str]],
    answers: Mapping[str, str],
    not_applying: Mapping[str, str],
    hints: Mapping[str, str],
) -> tuple[Item, ...]:
    """Each item with its answer; one without an answer is left to the researcher.

    Args:
        asked: number and what it asks.
        answers, not_applying: number to what the program knows; empty text counts as none.
        hints: number to what helps the researcher to fill it in.
    """
    return tuple(
        _item(number, asks, answers.get(number, ""), not_applying.get(number, ""), hints)
        for number, asks in asked
    )


def _item(number: str, asks: str, answer: str, absent: str, hints: Mapping[str, str]) -> Item:
    if answer:
        return Item(number, asks, "filled", answer)
    if absent:
        return Item(number, asks, "does not apply", absent)
    return Item(number, asks, "for the researcher", hints.get(number, ""))
