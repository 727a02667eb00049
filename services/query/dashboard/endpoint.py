"""What every page has in common: who may see it, and what is said where it cannot be shown."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from kudos.register import Organisation
from services.query.dashboard import choice, visit
from services.query.dashboard.entrance import message, to
from services.query.dashboard.visit import Parts, Visit
from services.query.pool import Away
from services.query.problems import Refused
from services.query.tokens import holder

#: Where a role is at home that has no organisation.
_HOMES = {"operator": "/operations", "network": "/groups"}
Page = Callable[[Visit, Organisation], Response]


def page(parts: Parts, show: Page) -> Callable[[Request], Response]:
    """Return the endpoint of a page for who is signed in; others are asked to sign in first."""

    def endpoint(request: Request) -> Response:
        seen = visit.of(parts, request)
        if seen.token is None:
            return to(visit.address("/sign-in", [("to", seen.same())]))
        try:
            if seen.organisation is None:
                return to(_HOMES[seen.token.role])
            asked = choice.asked_for(request.query_params)
            if asked is not None:
                return to(_with_period(seen, asked.id))
            with parts.cuts.view(_named(request), holder(seen.token)):
                return seen.remember(show(seen, seen.organisation))
        except Refused:
            return to(_with_period(seen, request.query_params.get("day", "?")))
        except Away:
            return message(seen, "unavailable", 503)

    return endpoint


def _named(request: Request) -> str:
    """Return the page that is asked for, as the audit log names it."""
    return request.url.path.split("/")[1] or "overview"


def _with_period(seen: Visit, period: str) -> str:
    """Return this page's address with *period* in place of the form that asked for it."""
    gone = {"kind", "day", "from", "to", "period", "lang", "theme"}
    sent = seen.request.query_params.multi_items()
    kept = [(name, value) for name, value in sent if name not in gone]
    return visit.address(seen.request.url.path, [("period", period), *kept])
