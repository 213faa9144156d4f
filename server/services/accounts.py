"""Claiming the server, signing in and out, and who a session token stands for."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from pwdlib import PasswordHash

from server.domain.account import Account, Person, SignedIn
from server.domain.errors import Conflict, InvalidInput, NotAllowed, NotSignedIn, TooManyRequests
from server.services.throttle import Throttle
from server.store.accounts import AccountRepository
from server.store.files import write_privately

log = structlog.get_logger(__name__)

SESSION_LIFE = timedelta(days=14)
_WINDOW_SECONDS = 300
_FAILURES_A_NAME = 5
_FAILURES_A_PEER = 20
_HASHES_AT_ONCE = 2  # argon2 takes 64 MiB for each


class AccountService:
    """The door of the server.

    Args:
        accounts: where accounts and sessions are kept.
        claim_code_file: where the claim code lies while the server is unclaimed.
    """

    def __init__(self, accounts: AccountRepository, *, claim_code_file: Path) -> None:
        self._accounts = accounts
        self._claim_code_file = claim_code_file
        self._claim_code: str | None = None
        self._claimed = False
        self._passwords = PasswordHash.recommended()
        self._hashing = threading.Semaphore(_HASHES_AT_ONCE)
        self._nobody: str | None = None
        self._by_name = Throttle(_FAILURES_A_NAME, _WINDOW_SECONDS)
        self._by_peer = Throttle(_FAILURES_A_PEER, _WINDOW_SECONDS)

    def is_claimed(self) -> bool:
        """Whether the first account has been made. There is no way back."""
        if not self._claimed:
            self._claimed = self._accounts.any_account()
        return self._claimed

    def offer_claim_code(self) -> None:
        """While nobody has claimed the server: make a code, keep it in a file, say it in the log.

        Called once at start.
        """
        if self.is_claimed():
            self._claim_code_file.unlink(missing_ok=True)
            return
        self._claim_code = "-".join(secrets.token_hex(4) for _ in range(4))
        write_privately(self._claim_code_file, f"{self._claim_code}\n")
        log.warning(
            "this server is unclaimed: only this computer is served. From another computer, make "
            "the first account on the page with this claim code",
            claim_code=self._claim_code,
            file=str(self._claim_code_file),
        )

    def claim(
        self, name: str, password: str, *, code: str | None, local: bool, peer: str
    ) -> SignedIn:
        """Make the first account (an admin) and sign in; closes the open door for good.

        Raises:
            Conflict: somebody has claimed the server already.
            NotAllowed: not from this computer and without the right code.
            TooManyRequests: too many wrong codes.
        """
        if self.is_claimed():
            raise _claimed_already()
        if not local:
            self._check_code(code, peer)
        person = Person(_clean(name), "admin")
        account_id = self._accounts.add_first(person, self._hash(password), datetime.now(UTC))
        if account_id is None:
            raise _claimed_already()
        self._claimed = True
        self._claim_code = None
        self._claim_code_file.unlink(missing_ok=True)
        log.info("the server has been claimed", name=person.name)
        return self._open_session(account_id, person)

    def sign_in(self, name: str, password: str, peer: str) -> SignedIn:
        """Open a session.

        Raises:
            NotSignedIn: name or password are wrong (which of them is not said).
            TooManyRequests: too many failures for this name or from this computer.
        """
        name_key = name.strip().casefold()
        self._let_try(self._by_peer, peer, "from this computer")
        self._let_try(self._by_name, name_key, "for this name")
        account = self._accounts.find(name.strip())
        if not self._matches(account, password) or account is None:
            log.info("a sign-in failed", name=name_key, peer=peer)
            raise NotSignedIn("The name or the password is wrong.")
        self._by_name.forgive(name_key)
        self._by_peer.forgive(peer)
        return self._open_session(account.id, account.person)

    def sign_out(self, token: str | None) -> None:
        """End that session, if it is one."""
        if token:
            self._accounts.close_session(_hash_of(token))

    def person_with(self, token: str | None) -> Person | None:
        """Who holds that session token; None for no token, an unknown one or one that is over."""
        if not token:
            return None
        return self._accounts.person_in_session(_hash_of(token), datetime.now(UTC))

    def _check_code(self, code: str | None, peer: str) -> None:
        if not code:
            raise NotAllowed(
                "To claim this server from another computer, give the claim code; it is in the "
                "server's log and in its file claim-code.",
                field="claim_code",
            )
        self._let_try(self._by_peer, peer, "from this computer")
        expected = self._claim_code or ""
        if not expected or not hmac.compare_digest(code.strip().encode(), expected.encode()):
            raise NotAllowed(
                "The claim code is wrong; it is in the server's log and in its file claim-code, "
                "and changes whenever the server starts.",
                field="claim_code",
            )
        self._by_peer.forgive(peer)

    def _let_try(self, throttle: Throttle, key: str, whose: str) -> None:
        wait = throttle.take(key)
        if wait:
            raise TooManyRequests(
                f"There were too many failed tries {whose}; wait {wait} seconds and try again.",
                retry_after=wait,
            )

    def _hash(self, password: str) -> str:
        with self._hashing:
            return self._passwords.hash(password)

    def _matches(self, account: Account | None, password: str) -> bool:
        # an unknown name costs as much time as a known one, so that names cannot be found out
        if self._nobody is None:
            self._nobody = self._hash(secrets.token_hex())
        with self._hashing:
            return self._passwords.verify(
                password, self._nobody if account is None else account.password_hash
            )

    def _open_session(self, account_id: int, person: Person) -> SignedIn:
        token = secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        expires_at = now + SESSION_LIFE
        self._accounts.open_session(account_id, _hash_of(token), now=now, expires_at=expires_at)
        return SignedIn(person, token, expires_at)


def _hash_of(token: str) -> str:
    # the token is 256 random bits, so a fast hash is enough: there is nothing to guess
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def _clean(name: str) -> str:
    cleaned = name.strip()
    if not cleaned or not cleaned.isprintable():
        raise InvalidInput(
            "The name must hold at least one letter and nothing that cannot be printed.",
            field="name",
        )
    return cleaned


def _claimed_already() -> Conflict:
    return Conflict("This server has been claimed already; sign in, or ask its admin.")
