"""What a browser is told and what is asked of it, so that no other page can act or look in."""

from collections.abc import Mapping
from urllib.parse import urlsplit

#: Nothing from elsewhere, nothing inline, in nobody's frame.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: Pages hold an organisation's figures: no cache keeps them.
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Cookie, Accept-Language"}


def is_own_form(headers: Mapping[str, str]) -> bool:
    """Tell whether a form came from one of our own pages.

    Every browser of today says where a post comes from, and a page cannot change what it says;
    who sends neither header is no browser, and has no cookies of a victim.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
