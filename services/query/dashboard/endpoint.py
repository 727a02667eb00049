"""What every page has in common: who may see it, and what is said where it cannot be shown."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from kudos.register import Organisation
from services.query.dashboard import choice, stream, visit
from services.query.dashboard.entrance import message, to
from services.query.dashboard.rendering import respond
from services.query.dashboard.visit import Parts, Visit
from services.query.pool import Away
from services.query.problems import Refused

Page = Callable[[Visit, Organisation], Response]


def page(parts: Parts, show: Page) -> Callable[[Request], Response]:
    """Return the endpoint of a page for who is signed in; others are asked to sign in first."""

    def endpoint(request: Request) -> Response:
        seen = visit.of(parts, request)
        if seen.token is None:
            return to(visit.address("/sign-in", [("to", seen.same())]))
        try:
            if seen.organisation is None:
                operator = seen.token.role == "operator"
                return to("/operations") if operator else seen.remember(_status(parts, seen))
            asked = choice.asked_for(request.query_params)
            if asked is not None:
                return to(_with_period(seen, asked.id))
            return seen.remember(show(seen, seen.organisation))
        except Refused:
            return to(_with_period(seen, request.query_params.get("day", "?")))
        except Away:
            return message(seen, "unavailable", 503)

    return endpoint


def _with_period(seen: Visit, period: str) -> str:
    """Return this page's address with *period* in place of the form that asked for it."""
    gone = {"kind", "day", "from", "to", "period", "lang", "theme"}
    sent = seen.request.query_params.multi_items()
    kept = [(name, value) for name, value in sent if name not in gone]
    return visit.address(seen.request.url.path, [("period", period), *kept])


def _status(parts: Parts, seen: Visit) -> Response:
    """Say what a role sees that is no organisation's: how whole the data are."""
    values = {
        "role": seen.token.role if seen.token else "",
        "age": stream.age(seen.texts, parts.source.watermark(), seen.at),
    }
    return respond("status.html", visit.frame(seen, "status") | values)
