"""Who may come in: the one place that decides whom a request acts as.

While no account has been made, a request from the server's own computer acts as the local
researcher. "Own computer" means: the peer is a loopback address, no proxy stands between (no
forwarding header), and the browser believes to talk to this computer (the ``Host``), which a page
that plays with DNS ("rebinding") cannot bring about. After that, a session cookie decides.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from server.api.deps import ServicesDep
from server.domain.account import LOCAL_RESEARCHER, Person, SignedIn
from server.domain.errors import NotAllowed, NotSignedIn
from server.services.accounts import SESSION_LIFE

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_COOKIE = "dermascan"
_SECURE_COOKIE = "__Host-dermascan"

SIGN_IN = "Sign in first."
CLAIM_HERE = "Make the first account to claim this server; until then it serves this computer only."
CLAIM_FROM_AFAR = (
    "This server is unclaimed and serves only its own computer: make the first account there, or "
    "here with the claim code that stands in the server's log."
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """What is known of whoever sent a request.

    Attributes:
        local: the request comes from the server's own computer.
        claimed: the first account has been made.
        person: who it acts as; None = nobody.
        peer: address that failures are counted against.
    """

    local: bool
    claimed: bool
    person: Person | None
    peer: str


def is_local(request: Request) -> bool:
    """Whether the request comes from the server's own computer, as far as can be known."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    if host_name(request.headers.get("host", "")) not in _LOCAL_NAMES:
        return False
    return _is_loopback(request.client.host)


def host_name(host: str) -> str:
    """The name in a ``Host`` header without its port; empty when it makes no sense."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _place(origin: str) -> str:
    """Name and port in an ``Origin`` header; empty when it makes no sense."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def same_origin(request: Request, services: ServicesDep) -> None:
    """Refuse a change that another site's page asks for (CSRF). Scripts send neither header.

    Raises:
        NotAllowed: the browser says that the page belongs to another site.
    """
    if request.method in _SAFE_METHODS:
        return
    origin = request.headers.get("origin")
    if origin is not None and origin in services.dev_origins:
        return
    foreign = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if origin is not None:
        host = request.headers.get("host", "")
        foreign = foreign or not host or _place(origin) != host.lower()
    if foreign:
        raise NotAllowed(
            "This request was sent by a page of another site and is refused; open DermaScan's own "
            "page and try again."
        )


def visitor(request: Request, services: ServicesDep) -> Visitor:
    """Who is there. Never refuses."""
    local = is_local(request)
    claimed = services.accounts.is_claimed()
    person = services.accounts.person_with(session_token(request)) if claimed else None
    if not claimed and local:
        person = LOCAL_RESEARCHER
    peer = request.client.host if request.client else "unknown"
    return Visitor(local=local, claimed=claimed, person=person, peer=peer)


VisitorDep = Annotated[Visitor, Depends(visitor)]


def person(visitor: VisitorDep, _: Annotated[None, Depends(same_origin)]) -> Person:
    """Somebody whom the server knows.

    Raises:
        NotSignedIn: nobody is signed in; the sentence says how to come in.
    """
    if visitor.person is None:
        raise NotSignedIn(SIGN_IN if visitor.claimed else CLAIM_FROM_AFAR)
    return visitor.person


def researcher(person: Annotated[Person, Depends(person)]) -> Person:
    """Somebody who may upload, train and delete.

    Raises:
        NotSignedIn, NotAllowed: the sentence says what is needed.
    """
    if not person.may_research:
        raise NotAllowed(
            f"{person.name} may read models and predict; for this a researcher is needed."
        )
    return person


PersonDep = Annotated[Person, Depends(person)]
ResearcherDep = Annotated[Person, Depends(researcher)]


def session_token(request: Request) -> str | None:
    """The token in the session cookie that fits the way this request came."""
    return request.cookies.get(_cookie_name(request))


def give_cookie(request: Request, response: Response, signed_in: SignedIn) -> None:
    """Let the browser keep the session."""
    response.set_cookie(
        _cookie_name(request),
        signed_in.token,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite="strict",
    )


def take_cookie(request: Request, response: Response) -> None:
    """Let the browser forget the session."""
    response.delete_cookie(
        _cookie_name(request),
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite="strict",
    )


def _cookie_name(request: Request) -> str:
    return _SECURE_COOKIE if _is_https(request) else _COOKIE


def _is_https(request: Request) -> bool:
    return request.url.scheme == "https"
