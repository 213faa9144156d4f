"""Shapes that every noun shares."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Refusal(BaseModel):
    """Every answer that is not a success."""

    detail: str = Field(description="One clear sentence: what is wrong, where, what to do.")
    code: str = Field(description="Stable name of the rule, such as `not_found`.")
    where: dict[str, str | int] = Field(
        default_factory=dict, description="Place of the fault: field, file, row."
    )


class Done(BaseModel):
    """A change that needs no other answer."""

    message: str
