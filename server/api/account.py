"""Claim, sign in, sign out, and who is there."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from server.api.deps import ServicesDep
from server.api.door import (
    CLAIM_FROM_AFAR,
    CLAIM_HERE,
    SIGN_IN,
    Visitor,
    VisitorDep,
    give_cookie,
    same_origin,
    session_token,
    take_cookie,
)
from server.api.schemas.account import Claim, Credentials, Session
from server.api.schemas.account import Person as PersonShape
from server.domain.account import Person
from server.domain.errors import Conflict

router = APIRouter(tags=["account"], dependencies=[Depends(same_origin)])


@router.get("/api/session")
def read_session(visitor: VisitorDep, response: Response) -> Session:
    """Who this request acts as; never refuses."""
    response.headers["Cache-Control"] = "no-store"
    return _session(visitor, visitor.person)


@router.post("/api/session")
def sign_in(
    credentials: Credentials,
    request: Request,
    response: Response,
    visitor: VisitorDep,
    services: ServicesDep,
) -> Session:
    """Sign in; the answer sets the session cookie."""
    if not visitor.claimed:
        raise Conflict(CLAIM_HERE if visitor.local else CLAIM_FROM_AFAR)
    signed_in = services.accounts.sign_in(credentials.name, credentials.password, visitor.peer)
    services.accounts.sign_out(session_token(request))
    give_cookie(request, response, signed_in)
    return _session(visitor, signed_in.person)


@router.delete("/api/session")
def sign_out(
    request: Request, response: Response, visitor: VisitorDep, services: ServicesDep
) -> Session:
    """Sign out; the session is over on the server too."""
    services.accounts.sign_out(session_token(request))
    take_cookie(request, response)
    return _session(visitor, None if visitor.claimed else visitor.person)


@router.post("/api/claim")
def claim(
    asked: Claim, request: Request, response: Response, visitor: VisitorDep, services: ServicesDep
) -> Session:
    """Make the first account (an admin) and sign in; closes the open door for good."""
    signed_in = services.accounts.claim(
        asked.name, asked.password, code=asked.claim_code, local=visitor.local, peer=visitor.peer
    )
    give_cookie(request, response, signed_in)
    return _session(
        Visitor(local=visitor.local, claimed=True, person=signed_in.person, peer=visitor.peer),
        signed_in.person,
    )


def _session(visitor: Visitor, person: Person | None) -> Session:
    return Session(
        claimed=visitor.claimed,
        local=visitor.local,
        person=None if person is None else PersonShape(name=person.name, role=person.role),
        message=_what_next(visitor, person),
    )


def _what_next(visitor: Visitor, person: Person | None) -> str:
    if not visitor.claimed:
        return CLAIM_HERE if visitor.local else CLAIM_FROM_AFAR
    return SIGN_IN if person is None else f"You are signed in as {person.name}."
