"""Who is there."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Role = Literal["researcher", "clinician", "admin"]


class Person(BaseModel):
    name: str
    role: Role


class Session(BaseModel):
    """State of the door: `GET /api/session` never refuses."""

    claimed: bool = Field(description="Whether the first account has been made.")
    local: bool = Field(description="Whether this request comes from the server's own computer.")
    person: Person | None = Field(description="Who this request acts as; null = nobody yet.")
    message: str = Field(description="What to do next, in one sentence.")


class Credentials(BaseModel):
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class Claim(BaseModel):
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=8, max_length=256)
    claim_code: str | None = Field(
        None, description="From the server's log; needed from another computer only."
    )
