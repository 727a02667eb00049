"""One request to a page: who asks, in which language, and what they have chosen."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Protocol
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from kudos.register import OSLO, Organisation, Register, Token
from services.query.dashboard import choice, preferences
from services.query.dashboard.choice import Choice
from services.query.dashboard.formats import LANGUAGES
from services.query.dashboard.preferences import Preferences
from services.query.dashboard.session import COOKIE, Sessions
from services.query.dashboard.source import Cuts, Source
from services.query.dashboard.wording import Texts, texts
from services.query.hub import Hub

PAGES = (
    ("now", "/now"),
    ("overview", "/overview"),
    ("audience", "/audience"),
    ("cross_use", "/cross-use"),
    ("compare", "/compare"),
)
#: Language, theme and figures are remembered for a year.
_REMEMBERED_S = 365 * 24 * 3600


class Registered(Protocol):
    """The register as it is now."""

    @property
    def now(self) -> Register:
        """Return it."""
        ...


class Parts(Struct, frozen=True):
    """What the pages are made of."""

    source: Source
    cuts: Cuts
    hub: Hub
    register: Registered
    sessions: Sessions
    clock: Callable[[], datetime]  # aware


class Visit(Struct, frozen=True):
    """What every page needs to know of its request."""

    request: Request
    token: Token | None
    organisation: Organisation | None
    preferences: Preferences
    texts: Texts
    choice: Choice
    at: datetime

    @property
    def today(self) -> date:
        """Return the local day."""
        return self.at.astimezone(OSLO).date()

    def same(self, **changed: str) -> str:
        """Return the address of this page with parameters *changed*."""
        sent = self.request.query_params.multi_items()
        kept = [(name, value) for name, value in sent if name not in {"lang", "theme", *changed}]
        return address(self.request.url.path, [*kept, *changed.items()])

    def remember(self, response: Response) -> Response:
        """Keep in cookies what the address says of language, theme and figures."""
        query = self.request.query_params
        found = {
            preferences.LANGUAGE_COOKIE: self.preferences.language if "lang" in query else None,
            preferences.THEME_COOKIE: self.preferences.theme if "theme" in query else None,
            preferences.FIGURES_COOKIE: ",".join(self.choice.figures)
            if self.choice.figures_given
            else None,
        }
        for name, value in found.items():
            if value is not None:
                response.set_cookie(
                    name,
                    value,
                    max_age=_REMEMBERED_S,
                    httponly=True,
                    samesite="lax",
                    secure=is_secure(self.request),
                )
        return response


def of(parts: Parts, request: Request) -> Visit:
    """Return what is known of *request*."""
    at, register = parts.clock(), parts.register.now
    token = parts.sessions.open(request.cookies.get(COOKIE), register.tokens, int(at.timestamp()))
    query = request.query_params
    wanted = preferences.read(query, request.cookies, request.headers.get("accept-language"))
    return Visit(
        request=request,
        token=token,
        organisation=register.organisations.get(token.organisation or "") if token else None,
        preferences=wanted,
        texts=texts(wanted.language),
        choice=choice.read(
            query.get("period"),
            query.getlist("figures"),
            request.cookies.get(preferences.FIGURES_COOKIE),
            at.astimezone(OSLO).date(),
            query.get("peers"),
        ),
        at=at,
    )


def frame(visit: Visit, here: str) -> dict[str, object]:
    """Return what stands around every page; *here* is its name."""
    other = next(name for name in LANGUAGES if name != visit.preferences.language)
    return {
        "t": visit.texts,
        "here": here,
        "choice": visit.choice,
        "theme": visit.preferences.theme,
        "organisation": visit.organisation,
        "signed_in": visit.token is not None,
        "pages": [(name, visit.choice.link(path)) for name, path in PAGES],
        "language_link": visit.same(lang=other),
        "other_language": other,
        "theme_links": [(name, visit.same(theme=name)) for name in preferences.THEMES],
    }


def address(path: str, query: Sequence[tuple[str, str]]) -> str:
    """Return *path* with *query*; periods and lists stay readable."""
    written = urlencode(query, safe=",@:/.")
    return f"{path}?{written}" if written else path


def is_secure(request: Request) -> bool:
    """Tell whether the browser speaks to us, or to what stands before us, by https."""
    forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip()
    return "https" in {request.url.scheme, forwarded}
