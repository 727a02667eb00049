"""Who asks: bearer tokens, known by their hash alone, and what a role may see."""

import hashlib
from collections.abc import Callable, Sequence

from msgspec import Struct
from starlette.requests import Request

from kudos.register import Role, Token, WatchedRegister
from services.query.problems import Refused

#: Longer ones are no token of ours, and are not hashed.
_LONGEST = 512


class Asker(Struct, frozen=True):
    """Who asks; *token* is the beginning of the token's hash, for the audit log."""

    role: Role
    organisation: str | None
    token: str

    def ids(self) -> dict[str, str | None]:
        """Return what the audit log says of who asks."""
        return {"role": self.role, "organisation": self.organisation, "token": self.token}


#: Tells from a request who asks, or None: by bearer token, by the pages' session …
Recognise = Callable[[Request], Asker | None]


def asker_of(register: WatchedRegister, token: str) -> Asker | None:
    """Return whose *token* is, or None where it is nobody's."""
    if not 0 < len(token) <= _LONGEST:
        return None
    return known(register, hashlib.sha256(token.encode("utf-8", "replace")).hexdigest())


def known(register: WatchedRegister, sha256: str) -> Asker | None:
    """Return whose the token of this hash is, while it stands in the register."""
    found = register.now.tokens.get(sha256)
    return None if found is None else holder(found)


def holder(token: Token) -> Asker:
    """Return who holds *token*: what a session that was opened says."""
    return Asker(token.role, token.organisation, token.sha256[:12])


def bearer(register: WatchedRegister) -> Recognise:
    """Return what recognises ``Authorization: Bearer``."""

    def recognise(request: Request) -> Asker | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return asker_of(register, token.strip()) if scheme.lower() == "bearer" else None

    return recognise


def asker(request: Request, ways: Sequence[Recognise]) -> Asker:
    """Return who asks, by the first of *ways* that knows; refuse who is nobody.

    A wrong token is refused even where another way would know: whoever sends one means it.
    """
    sent = "authorization" in request.headers
    for way in ways[:1] if sent else ways:
        found = way(request)
        if found is not None:
            request.state.asker = found  # for the audit log, should the question be refused
            return found
    wrong = ', error="invalid_token"' if sent else ""
    raise Refused(
        401,
        "A token is needed, as Authorization: Bearer." if not sent else "The token is not valid.",
        headers={"WWW-Authenticate": f'Bearer realm="kudos"{wrong}'},
    )


def own(asker: Asker) -> str:
    """Return whose own figures *asker* may see, or refuse."""
    if asker.organisation is not None:
        return asker.organisation
    detail = {
        "network": "This role sees what is published of groups, and no organisation's own figures.",
        "operator": "This role sees no figures, but how whole the data are.",
    }
    raise Refused(403, detail.get(asker.role, "This role sees no figures."))
